using System.Net;
using System.Net.Http.Headers;

namespace Grantkeeper.Egress;

/// <summary>A complete answer: status, headers, and a body within the limits. The body is as the other side sent it, never decompressed.</summary>
internal sealed class EgressResponse
{
    private readonly HttpResponseHeaders _headers;
    private readonly HttpContentHeaders? _contentHeaders;

    /// <summary>Takes an answer apart.</summary>
    /// <param name="message">The answer; only its status and headers are kept.</param>
    /// <param name="body">The body.</param>
    /// <param name="now">The instant that an HTTP-date in Retry-After is counted from.</param>
    public EgressResponse(HttpResponseMessage message, ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        Status = message.StatusCode;
        Body = body;
        _headers = message.Headers;
        _contentHeaders = message.Content?.Headers;
        Date = HttpDates.Parse(Header("Date"));
        RetryAfter = HttpDates.RetryAfter(Header("Retry-After"), now);
        MediaType = Header("Content-Type")?.Split(';')[0].Trim().ToLowerInvariant();
    }

    /// <summary>The status code, redirects included: none is ever followed.</summary>
    public HttpStatusCode Status { get; }

    /// <summary>True for 200 to 299.</summary>
    public bool IsSuccess => (int)Status is >= 200 and <= 299;

    /// <summary>The body; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The media type in lower case without its parameters, for example <c>application/json</c>; null when there is none.</summary>
    public string? MediaType { get; }

    /// <summary>The other side's clock (RFC 9110, section 6.6.1); null when it sent none or an unreadable one.</summary>
    public DateTimeOffset? Date { get; }

    /// <summary>
    /// How long the other side wants to be left alone (RFC 9110, section 10.2.3), from either form of the header:
    /// zero to one day, null when there is none or it is unreadable.
    /// </summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>The challenges of a 401, as sent (RFC 9110, section 11.6.1); null when there are none.</summary>
    public IEnumerable<AuthenticationHeaderValue> Challenges => _headers.WwwAuthenticate;

    /// <summary>A header of the answer, as sent; repeated ones are joined with commas. Null when there is none.</summary>
    /// <param name="name">The header's name; case does not matter.</param>
    public string? Header(string name)
    {
        if (_headers.NonValidated.TryGetValues(name, out var values)) return values.ToString();
        return _contentHeaders is not null && _contentHeaders.NonValidated.TryGetValues(name, out values) ? values.ToString() : null;
    }
}
