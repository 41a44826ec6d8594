using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Settings;

/// <summary>Reads <c>Grantkeeper:Scopes:Policy</c>, a list of rules (R182).</summary>
internal static class ScopePolicyReader
{
    private static readonly string[] Members = ["Provider", "Scopes", "Roles"];

    /// <summary>What holds when nothing is written: sensitive scopes are for the roles that the documents call premium and administrator.</summary>
    public static IReadOnlyList<ScopePolicyRule> Usual { get; } = [new(null, [], ["premium", "administrator"])];

    public static IReadOnlyList<ScopePolicyRule> Read(IConfigurationSection section, List<string> faults)
    {
        var rules = section.GetChildren().Select(rule => Rule(rule, faults)).ToList();
        return rules.Count == 0 ? Usual : rules;
    }

    private static ScopePolicyRule Rule(IConfigurationSection section, List<string> faults)
    {
        foreach (var member in section.GetChildren().Where(member => !Members.Contains(member.Key, StringComparer.OrdinalIgnoreCase)))
            faults.Add($"{member.Path} is no member of a rule; write {string.Join(", ", Members)}.");
        var roles = Texts(section.GetSection("Roles"));
        if (roles.Count == 0)
            faults.Add($"{section.Path}:Roles is missing; write at least one role, for example {section.Path}:Roles:0=premium.");
        var provider = section["Provider"]?.Trim();
        return new ScopePolicyRule(string.IsNullOrEmpty(provider) ? null : provider.ToLowerInvariant().Replace('-', '_'), Texts(section.GetSection("Scopes")), roles);
    }

    private static List<string> Texts(IConfigurationSection section) =>
        [.. section.GetChildren().Select(entry => entry.Value?.Trim() ?? "").Where(text => text.Length > 0)];
}
