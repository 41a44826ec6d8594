using Grantkeeper.Sandbox.Clock;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>The memory of each simulated platform, by its key; all share clock, clients and signed-in browsers.</summary>
public sealed class PlatformStates : IDisposable
{
    private readonly Dictionary<string, SandboxState> byKey;

    internal PlatformStates(SandboxOptions options, SandboxClock clock, SandboxState root) =>
        byKey = Profiles.All.Select(profile => profile.Key).Append("wix").ToDictionary(key => key, _ => new SandboxState(options, clock, root.Browsers), StringComparer.Ordinal);

    /// <summary>The platform's keys: google (also for youtube and gsc), microsoft, notion, bing, wordpress, wordpress_oauth21, wix_oauth_legacy, wix.</summary>
    public IEnumerable<string> Keys => byKey.Keys;

    /// <summary>What a platform remembers.</summary>
    /// <exception cref="KeyNotFoundException">There is no such platform.</exception>
    public SandboxState this[string key] => byKey[key];

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var state in byKey.Values) state.Dispose();
    }
}
