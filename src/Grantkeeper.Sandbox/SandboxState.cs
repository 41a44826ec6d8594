using Grantkeeper.Sandbox.Clock;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.Grants;
using Grantkeeper.Sandbox.Interactions;
using Grantkeeper.Sandbox.OAuth;

namespace Grantkeeper.Sandbox;

/// <summary>Everything that one simulated platform remembers. A test that hosts the sandbox finds it among the services.</summary>
public sealed class SandboxState : IDisposable
{
    private readonly TimeSpan firstLifetime;
    private long lifetimeTicks;

    internal SandboxState(SandboxOptions options, SandboxClock clock, BrowserSessions? browsers = null)
    {
        Clock = clock;
        Clients = new ClientRegistrations(options.Clients);
        AutoConsent = options.AutoConsent;
        firstLifetime = options.AccessTokenLifetime;
        AccessTokenLifetime = firstLifetime;
        Grants = new GrantStore(clock, Counters);
        Browsers = browsers ?? new BrowserSessions(clock);
    }

    /// <summary>The platform's time.</summary>
    public SandboxClock Clock { get; }

    /// <summary>The applications that may ask.</summary>
    public ClientRegistrations Clients { get; }

    /// <summary>What people granted.</summary>
    public GrantStore Grants { get; }

    /// <summary>The switches that break things.</summary>
    public FaultBoard Faults { get; } = new();

    /// <summary>Which grants an API challenges.</summary>
    internal ClaimsChallenges Challenges { get; } = new();

    /// <summary>The answers that wait to be released.</summary>
    public HeldAnswers Held { get; } = new();

    /// <summary>What happened how often.</summary>
    public Counters Counters { get; } = new();

    /// <summary>Whether everything is granted without a page.</summary>
    public bool AutoConsent { get; }

    /// <summary>How long the next access tokens live.</summary>
    public TimeSpan AccessTokenLifetime
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref lifetimeTicks));
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromSeconds(1));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromDays(365));
            Interlocked.Exchange(ref lifetimeTicks, value.Ticks);
        }
    }

    /// <summary>Whether applications are in their testing phase, in which Google ends refresh tokens after a week.</summary>
    public bool IsTesting { get; set; }

    internal BrowserSessions Browsers { get; }

    internal SigningKey Key { get; } = new();

    internal SigningKey OtherKey { get; } = new();

    /// <summary>Back to the start: no grants, no switches, no held answers, figures at zero, the real time.</summary>
    public void Reset()
    {
        Grants.Clear();
        Faults.Clear();
        _ = Held.Release(deliver: false);
        Counters.Clear();
        Browsers.Clear();
        Clock.Reset();
        AccessTokenLifetime = firstLifetime;
        IsTesting = false;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Key.Dispose();
        OtherKey.Dispose();
    }
}
