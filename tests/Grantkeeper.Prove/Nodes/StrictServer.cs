using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Prove.Nodes;

/// <summary>What goes wrong with a request to the token endpoint.</summary>
internal enum ServerFault
{
    None,

    /// <summary>The connection is cut before anything was done.</summary>
    CutBefore,

    /// <summary>The connection is cut after everything was done: the window that nobody can close.</summary>
    CutAfter,

    /// <summary>500 before anything was done.</summary>
    Fails,

    /// <summary>429 with Retry-After 1.</summary>
    Limits,

    /// <summary>Done at once, answered after six seconds: longer than a lease lasts in these campaigns.</summary>
    Slow,
}

/// <summary>A new refresh token, committed at the provider.</summary>
internal sealed record Replacement(string Old, string New, string Node)
{
    /// <summary>True when the answer was cut on purpose.</summary>
    public bool IsCut { get; set; }
}

/// <summary>One grant as its provider knows it.</summary>
internal sealed class ServerGrant
{
    public required int Number { get; init; }

    public string Current { get; set; } = "";

    public bool IsRevoked { get; set; }

    public int Reuses { get; set; }

    public List<Replacement> Replacements { get; } = [];

    public ConcurrentQueue<string> Log { get; } = new();
}

/// <summary>
/// A strict provider, in another process than the nodes: a refresh token works once, and showing a used one ends its grant.
/// It keeps books of every use and knows which token is live.
/// </summary>
internal sealed class StrictServer : IAsyncDisposable
{
    public const string Key = "prove";

    private static readonly TimeSpan SlowAnswer = TimeSpan.FromSeconds(6);

    private readonly WebApplication _app;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ServerGrant> _byToken = [];
    private readonly Dictionary<string, int> _codes = [];
    private int _number;

    private StrictServer(WebApplication app) => _app = app;

    public string Origin => _app.Urls.First();

    public List<ServerGrant> Grants { get; } = [];

    /// <summary>How long its access tokens live, in seconds.</summary>
    public int Lifetime { get; set; } = 3600;

    /// <summary>From the commit of a refresh to its answer.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Decides what goes wrong with a refresh.</summary>
    public Func<ServerFault> Fault { get; set; } = () => ServerFault.None;

    public int Refreshes { get; private set; }

    public int Revocations { get; private set; }

    /// <summary>How often a code was shown, at most.</summary>
    public int MostUsesOfACode => _codes.Count == 0 ? 0 : _codes.Values.Max();

    public static async Task<StrictServer> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new StrictServer(app);
        app.MapPost("/token", server.Token);
        app.MapPost("/revoke", server.Revoke);
        await app.StartAsync();
        return server;
    }

    /// <summary>A consent whose tokens are known at once.</summary>
    public ServerGrant Consent()
    {
        lock (_gate)
        {
            var grant = new ServerGrant { Number = Grants.Count };
            Grants.Add(grant);
            grant.Current = Issue(grant);
            return grant;
        }
    }

    /// <summary>A code for the code flow.</summary>
    public string Code()
    {
        lock (_gate)
        {
            var code = $"code-{++_number}";
            _codes[code] = 0;
            return code;
        }
    }

    /// <summary>The grant of a refresh token, used or not.</summary>
    public ServerGrant? GrantOf(string refreshToken)
    {
        lock (_gate)
            return _byToken.GetValueOrDefault(refreshToken);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task Token(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync();
        if (form["grant_type"] == "authorization_code")
            await Exchange(http, form["code"].ToString());
        else
            await Refresh(http, form["refresh_token"].ToString(), http.Request.Query["node"].ToString());
    }

    private async Task Exchange(HttpContext http, string code)
    {
        string? body = null;
        lock (_gate)
        {
            // A code works once.
            if (_codes.TryGetValue(code, out var uses) && (_codes[code] = uses + 1) == 1)
                body = Body(Consent().Current);
        }

        await Answer(http, body is null ? 400 : 200, body ?? """{"error":"invalid_grant"}""");
    }

    private async Task Refresh(HttpContext http, string refreshToken, string node)
    {
        var fault = Fault();
        if (fault == ServerFault.CutBefore)
        {
            http.Abort();
            return;
        }

        if (fault is ServerFault.Fails or ServerFault.Limits)
        {
            if (fault == ServerFault.Limits)
                http.Response.Headers.RetryAfter = "1";
            await Answer(http, fault == ServerFault.Fails ? 500 : 429, "{}");
            return;
        }

        var (body, replacement) = Replace(refreshToken, node);
        if (body is null)
        {
            await Answer(http, 400, """{"error":"invalid_grant"}""");
            return;
        }

        if (fault == ServerFault.CutAfter)
        {
            replacement!.IsCut = true;
            http.Abort();
            return;
        }

        if (Latency > TimeSpan.Zero)
            await Task.Delay(Latency, TimeProvider.System);
        if (fault == ServerFault.Slow)
            await Task.Delay(SlowAnswer, TimeProvider.System);
        await Answer(http, 200, body);
    }

    private (string? Body, Replacement? Replacement) Replace(string refreshToken, string node)
    {
        lock (_gate)
        {
            if (!_byToken.TryGetValue(refreshToken, out var grant))
                return default;
            if (grant.IsRevoked)
            {
                grant.Log.Enqueue($"{node} shows {refreshToken}: the grant is over");
                return default;
            }

            if (refreshToken != grant.Current)
            {
                grant.Reuses++;
                grant.IsRevoked = true;
                grant.Log.Enqueue($"{node} shows {refreshToken}, which was used: the grant ends");
                return default;
            }

            Refreshes++;
            var replacement = new Replacement(refreshToken, grant.Current = Issue(grant), node);
            grant.Replacements.Add(replacement);
            grant.Log.Enqueue($"{node} shows {refreshToken}: {replacement.New} takes its place");
            return (Body(replacement.New), replacement);
        }
    }

    private async Task Revoke(HttpContext http)
    {
        var token = (await http.Request.ReadFormAsync())["token"].ToString();
        lock (_gate)
        {
            Revocations++;
            if (_byToken.TryGetValue(token, out var grant) && token == grant.Current)
            {
                grant.IsRevoked = true;
                grant.Log.Enqueue("revoked");
            }
        }

        await Answer(http, 200, "{}");
    }

    private string Issue(ServerGrant grant)
    {
        var token = $"rt-{grant.Number}-{++_number}";
        _byToken[token] = grant;
        return token;
    }

    private string Body(string refreshToken) => $$"""{"access_token":"at-{{refreshToken}}","refresh_token":"{{refreshToken}}","token_type":"Bearer","expires_in":{{Lifetime}}}""";

    private static async Task Answer(HttpContext http, int status, string body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body));
    }
}
