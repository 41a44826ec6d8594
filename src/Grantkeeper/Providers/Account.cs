using System.Text.Json;

namespace Grantkeeper.Providers;

/// <summary>Whose account a grant opens. <paramref name="Id"/> is null where the provider names none.</summary>
internal sealed record Account(string? Id, string? Email, string? Name, string? AvatarUrl)
{
    /// <summary>The person behind the account, where the account is something else: a channel, a site. Null when the account is the person's.</summary>
    public string? Subject { get; init; }

    private const int LongestText = 255;

    /// <summary>Reads the members that the manifest names; null when the id is missing.</summary>
    public static Account? Read(JsonElement json, AccountMembers members)
    {
        var parts = members.Id.Select((name, place) => JsonPath.Text(json, name, mayBeFlag: place > 0)).ToList();
        var id = string.Join(':', parts);
        if (parts.Any(part => part is null) || id.Length > LongestText)
            return null;
        return new Account(
            id, members.Email.Select(name => JsonPath.Text(json, name)).FirstOrDefault(text => text is not null),
            JsonPath.Text(json, members.Name), Avatar(JsonPath.Text(json, members.Picture)));
    }

    private static string? Avatar(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)) ? url.AbsoluteUri : null;
}
