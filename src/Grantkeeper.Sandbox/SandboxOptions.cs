using Grantkeeper.Sandbox.OAuth;

namespace Grantkeeper.Sandbox;

/// <summary>How a sandbox starts.</summary>
public sealed class SandboxOptions
{
    /// <summary>Where to listen: plain http on a loopback address, several separated by ';'. Default http://127.0.0.1:8100; port 0 takes a free one.</summary>
    public string Urls { get; set; } = "http://127.0.0.1:8100";

    /// <summary>Which applications may ask people for access. Default none.</summary>
    public IReadOnlyList<ClientRegistration> Clients { get; set; } = [];

    /// <summary>Grants everything at once without showing a page, as the hinted person or else the first one. Default false.</summary>
    public bool AutoConsent { get; set; }

    /// <summary>How long an access token lives. Default one hour; can be changed while running.</summary>
    public TimeSpan AccessTokenLifetime { get; set; } = TimeSpan.FromHours(1);
}
