namespace Grantkeeper.Client;

/// <summary>
/// A refusal as the server tells it (RFC 9457), or trouble on the way to it (<see cref="ClientErrors"/>). It never carries a
/// token, code or key.
/// </summary>
/// <param name="Code">The stable code, for example <c>tokens.reauthorization_required</c>; the list is in docs/errors.</param>
/// <param name="Title">A short heading for people.</param>
/// <param name="Detail">Cause and remedy, in sentences for people.</param>
public sealed record Problem(string Code, string Title, string Detail)
{
    /// <summary>The HTTP status of the answer; 0 when there was none.</summary>
    public int Status { get; init; }

    /// <summary>True when the same request may succeed later without anybody's help.</summary>
    public bool Retryable { get; init; }

    /// <summary>Names the request in the server's log and audit; null when no answer came.</summary>
    public string? TraceId { get; init; }

    /// <summary>Why the user is needed, a closed word, for example <c>invalid_grant</c>; null when the user is not needed.</summary>
    public string? Reason { get; init; }

    /// <summary>Where the user can connect the account again; holds no secret. Null when that would not help.</summary>
    public string? ReconnectUrl { get; init; }

    /// <summary>The operation that asks the user for what a feature is missing; null when the refusal is about something else.</summary>
    public string? UnlockUrl { get; init; }

    /// <summary>How long to wait before a repetition; null when the server does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Every fault of a rejected input, or every missing scope.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];
}
