using System.Net;

namespace Grantkeeper.Providers;

/// <summary>How a provider without refreshes is asked whether a token is still good: by a call of its account endpoint.</summary>
/// <param name="Error">The place of the error word in a refusal.</param>
/// <param name="Void">The words that say that the token is good for nothing any more.</param>
/// <param name="Every">How often each grant is looked at, a tenth more or less.</param>
internal sealed record LiveCheck(string Error, IReadOnlyList<string> Void, TimeSpan Every)
{
    /// <summary>
    /// True when an answer says in so many words that the token is void: a 400 or a 401 with one of the words. A missing right,
    /// a limit or trouble says nothing about the token.
    /// </summary>
    public bool IsVoid(HttpStatusCode status, string? mediaType, ReadOnlyMemory<byte> body)
    {
        if (status is not (HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized))
            return false;
        using var document = OAuth.TokenEndpoint.Parse(mediaType, body);
        return document is not null && JsonPath.Text(document.RootElement, Error) is { } word && Void.Contains(word);
    }
}
