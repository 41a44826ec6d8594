namespace Grantkeeper.Settings;

/// <summary>How patient this deployment is with a provider (section <c>Grantkeeper:Resilience</c>; R38 to R47).</summary>
public sealed record ResilienceOptions
{
    /// <summary>Failed operations in a row after which a provider's circuit opens. Default 5; 1 to 1000.</summary>
    public int FailureThreshold { get; init; } = 5;

    /// <summary>How long an open circuit refuses before one operation may try. Default 60 seconds; 1 second to 1 hour.</summary>
    public TimeSpan RecoveryTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Successes in a row that close a half-open circuit. Default 3; 1 to 100.</summary>
    public int SuccessThreshold { get; init; } = 3;

    /// <summary>Repeats inside one operation after the first request. Default 3; 0 to 10.</summary>
    public int MaxRetries { get; init; } = 3;

    /// <summary>The wait before the first repeat. Default 1 second; 1 millisecond to 1 minute.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>What each further wait is multiplied by. Default 2; 1 to 10.</summary>
    public double BackoffFactor { get; init; } = 2;

    /// <summary>Operations at one provider at once, on this node. Default 512; 1 to 10000.</summary>
    public int MaxConcurrency { get; init; } = 512;
}
