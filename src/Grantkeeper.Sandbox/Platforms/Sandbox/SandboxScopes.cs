using Grantkeeper.Sandbox.OAuth;

namespace Grantkeeper.Sandbox.Platforms.Sandbox;

/// <summary>What can be granted at this platform.</summary>
internal static class SandboxScopes
{
    /// <summary>Every scope, in the order in which the consent page lists them.</summary>
    public static IReadOnlyList<ScopeDescription> All { get; } =
    [
        new("openid", "Know who you are", "A stable identifier of this account."),
        new("profile", "See your name and picture", "What other people see as well."),
        new("email", "See your e-mail address", "The address of this account."),
        new("offline_access", "Stay connected while you are away", "Access is renewed without asking again, until you withdraw it."),
        new("calendar.readonly", "See your calendar", "Titles and times of your events."),
        new("calendar.write", "Change your calendar", "See, add, move and delete events."),
        new("files.readonly", "See your files", "Names and sizes of your files."),
    ];

    /// <summary>Their names.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [.. All.Select(scope => scope.Name)];

    /// <summary>The descriptions of some, in the listed order.</summary>
    public static IReadOnlyList<ScopeDescription> Describe(IEnumerable<string> names) => [.. All.IntersectBy(names, scope => scope.Name)];
}
