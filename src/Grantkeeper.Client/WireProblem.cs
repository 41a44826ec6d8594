namespace Grantkeeper.Client;

/// <summary>A problem as it stands in an answer.</summary>
internal sealed class WireProblem
{
    public string? Code { get; init; }

    public string? Title { get; init; }

    public string? Detail { get; init; }

    public bool Retryable { get; init; }

    public string? TraceId { get; init; }

    public string? Reason { get; init; }

    public string? ReconnectUrl { get; init; }

    public string? UnlockUrl { get; init; }

    public int? RetryAfter { get; init; }

    public IReadOnlyList<string>? Errors { get; init; }

    public Problem ToProblem(int status) => new(Code!, Title ?? Code!, Detail ?? "")
    {
        Status = status,
        Retryable = Retryable,
        TraceId = TraceId,
        Reason = Reason,
        ReconnectUrl = ReconnectUrl,
        UnlockUrl = UnlockUrl,
        RetryAfter = RetryAfter is > 0 and { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        Errors = Errors ?? [],
    };
}
