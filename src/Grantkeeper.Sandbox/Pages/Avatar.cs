using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Pages;

/// <summary>A person's picture: the initials on a disc.</summary>
internal static class Avatar
{
    /// <summary>The picture, for a page. Screen readers skip it: the name stands beside it.</summary>
    public static Html Of(Person person) => Html.Of($"""
        <svg class="avatar" viewBox="0 0 48 48" width="48" height="48" aria-hidden="true" focusable="false" xmlns="http://www.w3.org/2000/svg"><circle cx="24" cy="24" r="24" fill="{person.Color}"/><text x="24" y="30" text-anchor="middle" font-family="system-ui, sans-serif" font-size="17" font-weight="600" fill="#ffffff">{person.Initials}</text></svg>
        """);
}
