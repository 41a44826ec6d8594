using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Grantkeeper.Encryption;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Testing.Postgres;
using Grantkeeper.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>
/// Every secret of a busy deployment is looked for in every place where it does not belong: log lines at every level,
/// answers, and a dump of the database; raw, encoded, and cut to its first characters.
/// </summary>
[Trait("category", "security")]
public sealed class SecretCanaryTests
{
    private enum Kind
    {
        State,
        StartHandle,
        Cookie,
        Ticket,
        Code,
        Verifier,
        AccessToken,
        RefreshToken,
        IdToken,
        ClientSecret,
        ApiKey,
        EncryptionKey,
        SignInHandle,
    }

    private sealed record Canary(Kind Kind, string Value)
    {
        /// <summary>The forms in which it could turn up.</summary>
        public IEnumerable<string> Forms
        {
            get
            {
                var bytes = Encoding.UTF8.GetBytes(Value);
                return new[] { Value, Convert.ToBase64String(bytes), Base64Url.EncodeToString(bytes), Uri.EscapeDataString(Value), Convert.ToHexStringLower(bytes), WebUtility.UrlEncode(Value), WebUtility.HtmlEncode(Value), Value[..Math.Min(12, Value.Length)] }
                    .Distinct().Where(form => form.Length >= 8);
            }
        }
    }

    private readonly ConcurrentDictionary<Canary, bool> _canaries = new();
    private readonly ConcurrentQueue<(HttpRequestMessage Request, FlowReply Reply)> _replies = new();

    [Theory]
    [InlineData(HostKind.Server)]
    [InlineData(HostKind.Embedded)]
    public async Task No_secret_turns_up_where_it_does_not_belong(HostKind kind)
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        var database = await (await TestCluster.Shared()).NewDatabase();
        await using var world = await FlowWorld.Start(kind, new Dictionary<string, string?>(FlowWorld.MoreProviders) { ["OAUTH_ENCRYPTION_KEY"] = key }, database);
        var port = new Uri(world.Host.Origin).Port;
        void Watch(HttpRequestMessage request, FlowReply reply)
        {
            if (reply.Address.Port == port)
                _replies.Enqueue((request, reply));
        }

        FlowBrowser.Received += Watch;
        try
        {
            Add(Kind.EncryptionKey, key);
            Add(Kind.ApiKey, FlowHost.ApiKey);
            Add(Kind.ClientSecret, FlowWorld.ClientSecret);
            await Live(world);
            await world.Host.Services.GetRequiredService<ReleaseLedger>().Flush(withUsage: true, TestContext.Current.CancellationToken);
        }
        finally
        {
            FlowBrowser.Received -= Watch;
        }

        Collect(world);
        foreach (var expected in Enum.GetValues<Kind>())
            _canaries.Keys.ShouldContain(canary => canary.Kind == expected, $"the run must have produced a {expected}");

        var leaks = new List<string>();
        Search("the log", world.Host.Logs.Text, _ => true, leaks);
        Search("the database", await database.Cluster.Dump(database), _ => true, leaks);
        foreach (var (request, reply) in _replies)
        {
            var allowed = Allowed(request, reply);
            Search($"{request.Method} {Route(request)} {(int)reply.Status} body", reply.Body, canary => !allowed.Contains(canary.Kind), leaks);
            Search($"{request.Method} {Route(request)} {(int)reply.Status} header", reply.HeaderText, canary => !allowed.Contains(canary.Kind), leaks);
        }

        leaks.ShouldBeEmpty();
        _replies.Count.ShouldBeGreaterThan(30);
        world.Host.Logs.Lines.Count.ShouldBeGreaterThan(500, "every level is listened to");
    }

    /// <summary>A deployment's day: what goes well, what goes wrong, and what is tried on it.</summary>
    private async Task Live(FlowWorld world)
    {
        // Connections in every way, finished, parked, refused and failed.
        var id = await Connected(world, "user_1");
        await Confirmed(world, "user_2");
        await Posted(world, "user_3");
        await HandedIn(world, "user_4");
        await Returned(world, "user_5");
        await Finish(world, "user_6", "deny+auto", null);
        foreach (var mode in new[] { FaultMode.OkWithError, FaultMode.Html, FaultMode.LoseAnswer, FaultMode.BadSignature, FaultMode.WrongNonce, FaultMode.Huge })
            await Finish(world, "user_6", "alice+auto", mode);
        await Attacked(world, "user_7");

        // Reads, refreshes and reports.
        await world.Host.Get($"/api/v1/oauth/integrations/{id}/token");
        await world.Host.Get("/oauth/sandbox/token?user_id=user_1");
        foreach (var mode in new[] { FaultMode.Html, FaultMode.Status, FaultMode.Cut })
        {
            world.Break(new Fault(FaultEndpoint.Refresh, mode));
            await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh");
            await world.Sql("UPDATE oauth_tokens SET intent_id = NULL, next_refresh_at = now()");
        }

        await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh");
        await world.Host.Post($"/api/v1/oauth/integrations/{id}/token/rejected", new { generation = 2 });
        await world.Host.Get($"/api/v1/oauth/integrations/{id}/token");
        foreach (var path in new[] { "/oauth/providers?user_id=user_1", "/oauth/sandbox/status?user_id=user_1", "/oauth/sandbox/accounts?user_id=user_1", "/api/v1/oauth/integrations", $"/api/v1/oauth/integrations/{id}", "/oauth/health", "/health/ready", "/openapi/v1.json" })
            await world.Host.Get(path);

        // Keys, good ones, bad ones, and in the wrong place.
        var made = await world.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "canary", permissions = new[] { "oauth:read" } });
        var apiKey = Add(Kind.ApiKey, (string)made.Json["key"]!);
        await world.Host.Get("/oauth/providers", apiKey);
        await world.Host.Get("/oauth/sandbox/token?user_id=user_1", apiKey);
        await world.Host.Get("/api/v1/oauth/admin/api-keys");
        await world.Host.Get("/oauth/providers", Add(Kind.ApiKey, "gk_dev_" + RandomHandle.New().Reveal()));
        var link = await world.Host.Post("/api/v1/oauth/admin/sign-in-links");
        var address = (string)link.Json["url"]!;
        Add(Kind.SignInHandle, address.Split('/')[^1]);
        using var person = new FlowBrowser();
        await person.Open(address);
        foreach (var value in person.CookieValues)
            Add(Kind.Cookie, value);

        // Ends: at once, late, and refused.
        world.Break(new Fault(FaultEndpoint.Revoke, FaultMode.Status));
        await world.Host.Post("/oauth/sandbox/disconnect", new { user_id = "user_2" });
        world.Break(new Fault(FaultEndpoint.Revoke, FaultMode.Html, 400));
        await world.Host.Post("/oauth/posting/disconnect", new { user_id = "user_3" });
        await world.Host.Delete($"/api/v1/oauth/integrations/{id}");
    }

    private async Task<(FlowBrowser Browser, Uri Callback, Guid FlowId)> Reach(FlowWorld world, string user, string hint = "alice+auto", bool confirm = false, object? more = null)
    {
        var (browser, callback, flowId) = await world.ReachCallback(user, hint, confirm, more: more);
        foreach (var value in browser.CookieValues)
            Add(Kind.Cookie, value);
        return (browser, callback, flowId);
    }

    private async Task<Guid> Connected(FlowWorld world, string user)
    {
        var (browser, callback, flowId) = await Reach(world, user);
        using var _ = browser;
        await browser.Open(callback);
        await browser.Open(callback);
        return Guid.Parse((string)(await world.Flow(flowId, user)).Json["integration_id"]!);
    }

    private async Task Confirmed(FlowWorld world, string user)
    {
        var (browser, callback, flowId) = await Reach(world, user, confirm: true);
        using var _ = browser;
        var ticket = Add(Kind.Ticket, (string)PopupPage.MessageOf(await browser.Open(callback))["ticket"]!);
        await world.Flow(flowId, user);
        await world.Host.Post($"/api/v1/oauth/flows/{flowId}/confirm", new { ticket = ticket[..^1], user_id = user });
        (await world.Host.Post($"/api/v1/oauth/flows/{flowId}/confirm", new { ticket, user_id = user })).Status.ShouldBe(HttpStatusCode.OK);
        await world.Host.Post($"/api/v1/oauth/flows/{flowId}/confirm", new { ticket, user_id = user });
    }

    private async Task Posted(FlowWorld world, string user)
    {
        var (browser, fields, _) = await world.ReachForm(user, confirm: false);
        using var _b = browser;
        using var crossSite = new FlowBrowser();
        var page = await crossSite.Post($"{world.Host.Origin}/oauth/posting/callback", fields);
        (await browser.Post($"{world.Host.Origin}/oauth/posting/callback", PopupPage.FieldsOf(page))).Status.ShouldBe(HttpStatusCode.OK);
    }

    private async Task HandedIn(FlowWorld world, string user)
    {
        var (browser, callback, _) = await Reach(world, user);
        browser.Dispose();
        var body = new { code = callback.Get("code"), state = callback.Get("state"), iss = callback.Get("iss"), user_id = user };
        (await world.Host.Post("/oauth/sandbox/callback", body)).Status.ShouldBe(HttpStatusCode.OK);
        await world.Host.Post("/oauth/sandbox/callback", body);
        await world.Host.Post("/oauth/sandbox/callback", body, key: null);
    }

    private async Task Returned(FlowWorld world, string user)
    {
        var (browser, callback, flowId) = await Reach(world, user, confirm: true, more: new { return_to = "/done" });
        using var _ = browser;
        var ticket = Add(Kind.Ticket, (await browser.Open(callback)).Location!.Fragment.Split("gk_ticket=")[1]);
        await world.Host.Post($"/api/v1/oauth/flows/{flowId}/confirm", new { ticket, user_id = "user_1" });
    }

    private async Task Finish(FlowWorld world, string user, string hint, FaultMode? trouble)
    {
        var (browser, callback, flowId) = await Reach(world, user, hint);
        using var _ = browser;
        if (trouble is { } mode)
            world.Break(new Fault(FaultEndpoint.Token, mode));
        (await browser.Open(callback)).Status.ShouldNotBe(HttpStatusCode.OK);
        await world.Flow(flowId, user);
    }

    /// <summary>Callbacks and links that were bent: their secrets are no less secret.</summary>
    private async Task Attacked(FlowWorld world, string user)
    {
        var (browser, callback, _) = await Reach(world, user);
        using var _b = browser;
        Add(Kind.Code, callback.Get("code"));
        using var stranger = new FlowBrowser();
        var path = callback.AbsolutePath;
        foreach (var bent in new[] { path, path + "/", path + "//", "/OAUTH/Sandbox/CALLBACK", "/oauth/second/callback", "/oauth/unheard_of/callback", "/api/v1/oauth/callback", "/api/v1/oauth/callback/" })
            await stranger.Open(callback.At(bent));
        await stranger.Open(callback.Also("code", "x"));
        await stranger.Send(new HttpRequestMessage(HttpMethod.Put, callback));
        await stranger.Send(new HttpRequestMessage(HttpMethod.Head, callback));
        await stranger.Send(new HttpRequestMessage(HttpMethod.Options, callback));
        await stranger.Post(callback.AbsoluteUri, ("code", callback.Get("code")), ("state", callback.Get("state")));

        var link = (string)(await world.Host.Post("/api/v1/oauth/initiate", new { provider = "sandbox", user_id = user })).Json["authorization_url"]!;
        foreach (var bent in new[] { link, link + "/", link + "//", link.Replace("/start/", "/START/", StringComparison.Ordinal), link + "?x=1" })
            await stranger.Open(bent);
        foreach (var value in stranger.CookieValues)
            Add(Kind.Cookie, value);
    }

    private string Add(Kind kind, string value)
    {
        _canaries.TryAdd(new Canary(kind, value), true);
        return value;
    }

    /// <summary>What the provider saw and gave, and what the starts answered with.</summary>
    private void Collect(FlowWorld world)
    {
        void Keep(Kind kind, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                Add(kind, value);
        }

        foreach (var call in world.Tap.Calls.Where(call => call.Path == ProviderTap.Token))
        {
            Keep(Kind.Code, call.Value("code"));
            Keep(Kind.Verifier, call.Value("code_verifier"));
            Keep(Kind.RefreshToken, call.Value("refresh_token"));
            Keep(Kind.AccessToken, call.Answered("access_token"));
            Keep(Kind.RefreshToken, call.Answered("refresh_token"));
            Keep(Kind.IdToken, call.Answered("id_token"));
        }

        foreach (var (request, reply) in _replies)
        {
            if (request.RequestUri!.AbsolutePath != "/api/v1/oauth/initiate" || reply.Status != HttpStatusCode.OK)
                continue;
            Keep(Kind.State, (string?)reply.Json["state_token"]);
            Keep(Kind.StartHandle, ((string)reply.Json["authorization_url"]!).Split('/')[^1]);
        }
    }

    /// <summary>The members that are made to carry a secret, by route.</summary>
    private static Kind[] Allowed(HttpRequestMessage request, FlowReply reply)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (path == "/api/v1/oauth/initiate")
            return [Kind.State, Kind.StartHandle];
        if (path.StartsWith("/oauth/start/", StringComparison.OrdinalIgnoreCase) && reply.Status == HttpStatusCode.SeeOther)
            return [Kind.State, Kind.Cookie];
        if (path.EndsWith("/token", StringComparison.Ordinal))
            return [Kind.AccessToken];
        if (path.StartsWith("/sign-in/", StringComparison.Ordinal))
            return [Kind.Cookie];
        if (path == "/api/v1/oauth/admin/api-keys" && request.Method == HttpMethod.Post)
            return [Kind.ApiKey];
        if (path == "/api/v1/oauth/admin/sign-in-links")
            return [Kind.SignInHandle];
        if (path.EndsWith("/callback", StringComparison.Ordinal))
        {
            // The page that posts a form again gives back what the same request brought.
            var isForm = request.Method == HttpMethod.Post && reply.Body.Contains("<form", StringComparison.Ordinal);
            return isForm ? [Kind.Code, Kind.State] : [Kind.Ticket];
        }

        return [];
    }

    private static string Route(HttpRequestMessage request) => request.RequestUri!.AbsolutePath;

    private void Search(string place, string text, Func<Canary, bool> counts, List<string> leaks)
    {
        foreach (var canary in _canaries.Keys.Where(counts))
        {
            foreach (var form in canary.Forms)
            {
                for (var at = text.IndexOf(form, StringComparison.OrdinalIgnoreCase); at >= 0 && leaks.Count < 50; at = text.IndexOf(form, at + 1, StringComparison.OrdinalIgnoreCase))
                    leaks.Add($"{canary.Kind} in {place}: …{text[Math.Max(0, at - 120)..Math.Min(text.Length, at + 60)].ReplaceLineEndings(" ")}…");
            }
        }
    }
}
