namespace Grantkeeper.Client;

/// <summary>What a caller wants of a token.</summary>
public sealed record TokenRequirements
{
    /// <summary>How long the token must be good for: 0 to 1 hour in whole seconds, rounded up. Null: the server's default, 60 seconds.</summary>
    public TimeSpan? MinTtl { get; init; }

    /// <summary>Scopes that the user must have granted; an assertion, nothing is narrowed. Default: none.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Which of the user's accounts; null (default) is the primary one.</summary>
    public string? AccountId { get; init; }
}
