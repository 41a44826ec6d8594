namespace Grantkeeper.Egress;

/// <summary>What one outbound request may cost.</summary>
internal sealed record EgressLimits
{
    /// <summary>10 seconds and 1 MiB.</summary>
    public static EgressLimits Default { get; } = new();

    /// <summary>From the call to the last byte of the body, connecting included. Above zero; 10 seconds by default.</summary>
    public TimeSpan Total { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The largest response body in bytes; 1,048,576 by default. Counted while it streams in.</summary>
    public int MaxBodyBytes { get; init; } = 1024 * 1024;
}
