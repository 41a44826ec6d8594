using System.Text.Json;
using Grantkeeper.OAuth;

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
        var parts = members.Id.Select((name, place) => Text(json, name, mayBeFlag: place > 0)).ToList();
        var id = string.Join(':', parts);
        if (parts.Any(part => part is null) || id.Length > LongestText)
            return null;
        return new Account(
            id, members.Email.Select(name => Text(json, name)).FirstOrDefault(text => text is not null),
            Text(json, members.Name), Avatar(Text(json, members.Picture)));
    }

    /// <summary>A flag may stand beside an id, as in "this person, for no site in particular", but is none by itself.</summary>
    private static string? Text(JsonElement json, string path, bool mayBeFlag = false)
    {
        foreach (var name in path.Split('.'))
        {
            if (Step(json, name) is not { } member)
                return null;
            json = member;
        }

        var text = json.ValueKind switch
        {
            JsonValueKind.String => JsonText.Of(json),
            JsonValueKind.Number => json.GetRawText(),
            JsonValueKind.False or JsonValueKind.True when mayBeFlag => json.GetRawText(),
            _ => null,
        };
        // Shown to people and used as a key: no control characters, no endless text.
        return string.IsNullOrWhiteSpace(text) || text.Length > LongestText || text.Any(char.IsControl) ? null : text;
    }

    /// <summary>Into a member of an object, or to a place of a list.</summary>
    private static JsonElement? Step(JsonElement json, string name) => json.ValueKind switch
    {
        JsonValueKind.Object => JsonText.Member(json, name),
        JsonValueKind.Array when int.TryParse(name, out var place) && place >= 0 && place < json.GetArrayLength() => json[place],
        _ => null,
    };

    private static string? Avatar(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)) ? url.AbsoluteUri : null;
}
