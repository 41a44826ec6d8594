namespace Grantkeeper.Settings;

/// <summary><c>Grantkeeper:Limits</c>: how often in a minute; 0 is no limit. Starts, refreshes and disconnects are counted apart, all nodes together.</summary>
internal sealed record LimitOptions
{
    /// <summary>Of one user, whoever asks for it. Default 60 (R271).</summary>
    public int PerUser { get; init; } = 60;

    /// <summary>Of one network address, by browsers. Default 600 (R274).</summary>
    public int PerAddress { get; init; } = 600;

    /// <summary>Of one API key. Default 60,000.</summary>
    public int PerKey { get; init; } = 60_000;

    /// <summary>What one user's browser reads, on one node. Default 1,200.</summary>
    public int ReadsPerUser { get; init; } = 1_200;

    /// <summary>What one API key reads, on one node. Default 0.</summary>
    public int ReadsPerKey { get; init; }
}
