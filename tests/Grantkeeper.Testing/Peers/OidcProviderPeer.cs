using System.Globalization;

namespace Grantkeeper.Testing.Peers;

/// <summary>
/// A certified, strict OpenID provider in a process of its own: PKCE is required, refresh tokens rotate, a reused one
/// ends its grant with all its tokens, <c>iss</c> comes with every authorization response. Its clients are <c>basic</c>,
/// <c>post</c>, <c>public</c>, <c>norotate</c>, <c>pkjwt</c>, <c>odd id</c> and <c>odd:id</c>; the login hint is a user's name, <c>deny</c>, or
/// <c>partial</c>, who refuses <c>api:write</c>.
/// </summary>
public sealed class OidcProviderPeer : IAsyncDisposable
{
    /// <summary>A redirect URI that every peer accepts by default and that nobody serves.</summary>
    public const string UnservedRedirectUri = "http://127.0.0.1:20999/callback";

    /// <summary>The path of the authorization endpoint.</summary>
    public const string AuthorizationPath = "/auth";

    /// <summary>The path of the token endpoint.</summary>
    public const string TokenPath = "/token";

    /// <summary>The path of the userinfo endpoint.</summary>
    public const string UserInfoPath = "/me";

    /// <summary>The path of the revocation endpoint.</summary>
    public const string RevocationPath = "/token/revocation";

    /// <summary>The path of the introspection endpoint.</summary>
    public const string IntrospectionPath = "/token/introspection";

    /// <summary>The secret of the clients <c>odd:id</c> and <c>odd id</c>, full of characters that HTTP Basic must carry form-encoded.</summary>
    public const string OddSecret = "p%2B+s/e=c r&t:~";

    private readonly PeerProcess _process;
    private readonly PeerControl _control;

    private OidcProviderPeer(string issuer, PeerProcess process)
    {
        Issuer = issuer;
        _process = process;
        _control = new PeerControl(new Uri(issuer));
    }

    /// <summary>The issuer, which is the address as well: <c>http://127.0.0.1:{port}</c> without a slash at its end.</summary>
    public string Issuer { get; }

    /// <summary>The last lines that the peer printed.</summary>
    public string Output => _process.Output;

    /// <summary>Starts a peer on a port of its own. The first start in a clone installs its npm packages.</summary>
    public static async Task<OidcProviderPeer> Start(OidcProviderOptions? options = null, CancellationToken cancellationToken = default)
    {
        var settings = options ?? new OidcProviderOptions();
        var port = FreePort.Next();
        var process = await PeerProcess.StartScript("oidc-provider", "server.mjs", Environment(settings, port), cancellationToken);
        return new OidcProviderPeer($"http://127.0.0.1:{port}", process);
    }

    /// <summary>The absolute URI of one of the peer's paths.</summary>
    public Uri Endpoint(string path) => new(Issuer + path);

    /// <summary>What has reached the peer so far.</summary>
    public Task<OidcProviderStats> Stats(CancellationToken cancellationToken = default) =>
        _control.Get<OidcProviderStats>("/__stats", cancellationToken);

    /// <summary>Sets the counters to zero, drops the faults and releases what is held. Users, sessions and tokens stay.</summary>
    public Task Reset(CancellationToken cancellationToken = default) => _control.Send("/__reset", new { }, cancellationToken);

    /// <summary>Lets something go wrong with the next requests to a path. Faults on one path are met in the order in which they were set.</summary>
    public Task Fault(string path, PeerFault fault, CancellationToken cancellationToken = default) =>
        _control.Send("/__ctl", new
        {
            Path = path,
            fault.Count,
            DelayMs = (int)fault.Delay.TotalMilliseconds,
            fault.Hold,
            fault.Cut,
            After = fault.LoseAnswer,
            fault.Status,
            fault.Headers,
            fault.Body,
        }, cancellationToken);

    /// <summary>Returns once that many requests are held.</summary>
    public Task WaitForHeld(int atLeast = 1, CancellationToken cancellationToken = default) =>
        _control.Send("/__held", new { AtLeast = atLeast }, cancellationToken);

    /// <summary>Lets all held requests go on.</summary>
    public Task Release(CancellationToken cancellationToken = default) => _control.Send("/__release", new { }, cancellationToken);

    /// <summary>Ends the peer.</summary>
    public async ValueTask DisposeAsync()
    {
        _control.Dispose();
        await _process.DisposeAsync();
    }

    private static Dictionary<string, string> Environment(OidcProviderOptions options, int port) => new()
    {
        ["PORT"] = port.ToString(CultureInfo.InvariantCulture),
        ["REDIRECT_URIS"] = string.Join(',', options.RedirectUris),
        ["AT_TTL"] = Seconds(options.AccessTokenLifetime),
        ["RT_TTL"] = Seconds(options.RefreshTokenLifetime),
        ["CODE_TTL"] = Seconds(options.CodeLifetime),
        ["ROTATE"] = options.Rotate ? "1" : "0",
        ["RT_ALWAYS"] = options.AlwaysIssueRefreshTokens ? "1" : "0",
        ["CLIENT_KEYS"] = options.ClientKeys ?? "[]",
        ["BASIC_RAW"] = options.ReadsBasicRaw ? "1" : "0",
        ["DEVINTERACTIONS"] = options.Interactive ? "1" : "0",
    };

    private static string Seconds(TimeSpan span) => ((long)span.TotalSeconds).ToString(CultureInfo.InvariantCulture);
}
