namespace Grantkeeper.Errors;

/// <summary>
/// An expected refusal. It never carries a secret, a provider's raw body, or a URL with a query:
/// <see cref="Detail"/> is written by this product for the person who meets it.
/// </summary>
/// <param name="Code">The entry of the catalogue: status, title, cause and remedy.</param>
/// <param name="Detail">What is special about this case; null when the catalogue's cause says it all.</param>
public sealed record Failure(ErrorCode Code, string? Detail = null)
{
    /// <summary>When a repetition makes sense; sent as <c>Retry-After</c> in whole seconds, rounded up.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The stable address where the user can connect the account again.</summary>
    public string? ReconnectUrl { get; init; }

    /// <summary>The operation that asks the user for what a feature is missing.</summary>
    public string? UnlockUrl { get; init; }

    /// <summary>The closed word that says why the user is needed, for example <c>invalid_grant</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>Every fault of a rejected input, or every missing scope.</summary>
    public IReadOnlyList<string> Items { get; init; } = [];

    /// <summary>What to show on one line: the detail if there is one, else the catalogue's cause.</summary>
    public string Message => Detail ?? Code.Cause;
}
