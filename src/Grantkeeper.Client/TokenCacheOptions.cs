namespace Grantkeeper.Client;

/// <summary>How <c>AddConnectedAccount</c> keeps tokens in memory. Every fault is reported at once when the host starts.</summary>
public sealed class TokenCacheOptions
{
    /// <summary>How many tokens are kept at most; the oldest go first. 0 to 1,000,000, default 10,000. 0 keeps none: every request asks for its token.</summary>
    public int Capacity { get; set; } = 10_000;

    /// <summary>
    /// Keeps a token for less than the server allows (<c>cache_seconds</c>, 60 seconds). Within this time a disconnected account
    /// still works in this process. Null (default): as long as the server allows. Zero keeps none.
    /// </summary>
    public TimeSpan? MaxAge { get; set; }

    /// <summary>Every fault of these settings; empty when they can be used.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        if (Capacity is < 0 or > 1_000_000)
            faults.Add("Capacity must be between 0 and 1,000,000");
        if (MaxAge < TimeSpan.Zero)
            faults.Add("MaxAge must not be negative");
        return faults;
    }
}
