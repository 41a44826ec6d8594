using System.Net;
using Grantkeeper.Client;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Client;

/// <summary>Requests through connected accounts over real sockets, against the sandbox's API and one that misbehaves.</summary>
[Trait("category", "services")]
public abstract class ConnectedAccountTests(HostKind kind)
{
    [Fact]
    public async Task Request_carries_the_users_token_and_the_second_asks_nobody()
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await world.Connect("user_2", "bob+auto");
        await using var client = AccountClient.Of(world, kind, configure: options => options.Scopes.Add("calendar.readonly"));
        for (var i = 0; i < 3; i++)
        {
            using var reply = await client.Get("/api/calendar/events");
            reply.StatusCode.ShouldBe(HttpStatusCode.OK);
            reply.RequestMessage!.Headers.Authorization.ShouldBeNull();
        }

        (await (await client.Get("/api/me", "user_1")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("Alice");
        (await (await client.Get("/api/me", "user_2")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("Bob");
        client.Source.Gets.ShouldBe(2);
    }

    [Fact]
    public async Task Without_a_grant_nothing_is_sent()
    {
        await using var world = await FlowWorld.Start(kind);
        await using var client = AccountClient.Of(world, kind, configure: options => options.ConnectUrl = "/settings/accounts");
        var refusal = await client.Refusal();
        refusal.Code.ShouldBe("integrations.not_connected");
        refusal.Link.ShouldBe("/settings/accounts");
        (refusal.Provider, refusal.UserId).ShouldBe(("sandbox", "user_1"));
        refusal.Message.ShouldNotContain("user_1");
        world.Counters[Counter.ApiCalls].ShouldBe(0);
    }

    [Fact]
    public async Task Without_a_wanted_scope_nothing_is_sent_and_the_missing_one_is_named()
    {
        await using var world = await FlowWorld.Start(kind);
        var id = await world.Connect("user_1", "alice+partial");
        await using var client = AccountClient.Of(world, kind, configure: options => options.Scopes.Add("calendar.readonly"));
        var refusal = await client.Refusal("/api/calendar/events");
        refusal.Code.ShouldBe("consents.insufficient_scope");
        refusal.MissingScopes.ShouldBe(["calendar.readonly"]);
        refusal.Link.ShouldBe($"{world.Host.Origin}/connect/integrations/{id}");
        world.Counters[Counter.ApiCalls].ShouldBe(0);
    }

    [Fact]
    public async Task Hundred_requests_with_a_refused_token_cause_one_refresh_and_all_succeed()
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await using var client = AccountClient.Of(world, kind);
        (await client.Get("/api/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
        world.Sandbox.Grants.ExpireAccessTokens();

        var replies = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => client.Get("/api/me")));

        replies.ShouldAllBe(reply => reply.StatusCode == HttpStatusCode.OK);
        world.Counters[Counter.Refreshes].ShouldBe(1);
        client.Source.Rejections.ShouldBe([1L]);
        client.Source.Gets.ShouldBe(2);
    }

    [Fact]
    public async Task Ended_grant_is_a_refusal_with_a_link()
    {
        await using var world = await FlowWorld.Start(kind);
        var id = await world.Connect("user_1");
        await using var client = AccountClient.Of(world, kind);
        await client.Get("/api/me");
        world.Sandbox.Grants.RevokeUser(world.Sandbox.Grants.All.Single().Subject);
        var refusal = await client.Refusal();
        refusal.Code.ShouldBe("tokens.reauthorization_required");
        refusal.Problem.Reason.ShouldBe("invalid_grant");
        refusal.Link.ShouldBe($"{world.Host.Origin}/connect/integrations/{id}");
        (await client.Refusal()).Code.ShouldBe("tokens.reauthorization_required");
    }

    [Fact]
    public async Task Api_that_wants_another_permission_is_a_refusal_with_a_link()
    {
        await using var world = await FlowWorld.Start(kind);
        var id = await world.Connect("user_1");
        await using var client = AccountClient.Of(world, kind);
        var refusal = await client.Refusal("/api/files");
        refusal.Code.ShouldBe("consents.insufficient_scope");
        refusal.MissingScopes.ShouldBe(["files.readonly"]);
        refusal.Link.ShouldBe($"{world.Host.Origin}/connect/integrations/{id}");
    }

    [Fact]
    public async Task Disconnected_account_is_served_no_longer_than_tokens_are_kept()
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await using var keeps = AccountClient.Of(world, kind);
        await using var asks = AccountClient.Of(world, kind, more: services => services.Configure<TokenCacheOptions>(options => options.MaxAge = TimeSpan.Zero));
        (await keeps.Get("/api/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await asks.Get("/api/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await world.Host.Post("/oauth/sandbox/disconnect", new { user_id = "user_1" });
        (await asks.Refusal()).Code.ShouldBe("integrations.not_connected");
        // The provider has revoked the token, so what is kept helps nobody; the report finds that the grant is gone.
        (await keeps.Refusal()).Code.ShouldBe("integrations.not_connected");
    }

    [Fact]
    public async Task Second_account_is_reached_by_its_id()
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await world.Connect("user_1", "bob+auto");
        var accounts = (await world.Host.Get("/oauth/sandbox/accounts?user_id=user_1")).Json["accounts"]!.AsArray();
        var bob = (string)accounts.Single(account => !(bool)account!["is_primary"]!)!["account_id"]!;
        await using var client = AccountClient.Of(world, kind);
        (await (await client.Get("/api/me", account: bob)).Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("Bob");
        (await (await client.Get("/api/me")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain("Alice");
    }

    [Fact]
    public async Task Body_that_can_be_read_again_is_sent_again_and_one_that_cannot_is_not()
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await using var api = await ApiStand.Start();
        await using var client = AccountClient.Of(world, kind, api.Origin);
        string? refused = null;
        api.Answer = (call, http) => call.Token == (refused ??= call.Token) ? ApiStand.Challenge(http, 401, "Bearer error=\"invalid_token\"") : Task.CompletedTask;

        using var post = new HttpRequestMessage(HttpMethod.Post, "/things") { Content = new StringContent("thing") };
        (await client.Http.SendAsync(post.ForUser("user_1"), TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.OK);
        api.Calls.Select(call => call.Body).ShouldBe(["thing", "thing"]);
        world.Counters[Counter.Refreshes].ShouldBe(1);

        // Another application with a memory of its own, so that the token counts as an old one again.
        await using var second = AccountClient.Of(world, kind, api.Origin);
        refused = null;
        api.Calls.Clear();
        using var pipe = new HttpRequestMessage(HttpMethod.Post, "/things") { Content = new StreamContent(new OneWay()) };
        (await second.Http.SendAsync(pipe.ForUser("user_1"), TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        api.Calls.Select(call => call.Body).ShouldBe(["stream"]);
        world.Counters[Counter.Refreshes].ShouldBe(2);
    }

    [Theory]
    [InlineData("Bearer error=\"invalid_token\"")]
    [InlineData(null)]
    public async Task Api_that_refuses_every_token_gets_one_more_try_and_no_more_refreshes(string? challenge)
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await using var api = await ApiStand.Start();
        await using var client = AccountClient.Of(world, kind, api.Origin);
        api.Answer = (_, http) => ApiStand.Challenge(http, 401, challenge);
        for (var i = 0; i < 5; i++)
            (await client.Get("/things")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        world.Counters[Counter.Refreshes].ShouldBe(1);
        api.Calls.Count.ShouldBe(6);

        // A second application finds the token that the first one had renewed, and has it renewed once more itself.
        await using var second = AccountClient.Of(world, kind, api.Origin);
        for (var i = 0; i < 5; i++)
        {
            (await second.Get("/things")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            (await client.Get("/things")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }

        world.Counters[Counter.Refreshes].ShouldBe(2);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer realm=\"api\"")]
    [InlineData("OAuth realm=\"api\"")]
    public async Task Refusal_without_a_reason_is_a_refused_token(string? challenge)
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await using var api = await ApiStand.Start();
        await using var client = AccountClient.Of(world, kind, api.Origin);
        string? refused = null;
        api.Answer = (call, http) => call.Token == (refused ??= call.Token) ? ApiStand.Challenge(http, 401, challenge) : Task.CompletedTask;
        (await client.Get("/things")).StatusCode.ShouldBe(HttpStatusCode.OK);
        client.Source.Rejections.ShouldBe([1L]);
        world.Counters[Counter.Refreshes].ShouldBe(1);
        api.Calls.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData("Bearer error=\"invalid_token\"")]
    [InlineData(null)]
    public async Task After_a_reconnect_the_next_request_succeeds_in_every_application_and_a_second_withdrawal_shows_too(string? challenge)
    {
        await using var world = await FlowWorld.Start(kind);
        var id = await world.Connect("user_1");
        await using var api = await ApiStand.Start();
        api.Answer = (call, http) => world.Sandbox.Grants.FindAccess(call.Token) is null ? ApiStand.Challenge(http, 401, challenge) : Task.CompletedTask;
        await using var one = AccountClient.Of(world, kind, api.Origin);
        await using var other = AccountClient.Of(world, kind, api.Origin);
        (await one.Get("/things")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await other.Get("/things")).StatusCode.ShouldBe(HttpStatusCode.OK);

        for (var withdrawals = 0; withdrawals < 3; withdrawals++)
        {
            world.Sandbox.Grants.RevokeUser("alice");
            (await one.Refusal("/things")).Link.ShouldBe($"{world.Host.Origin}/connect/integrations/{id}");
            (await world.Connect("user_1", more: new { integration_id = id })).ShouldBe(id);
            // One knows that its token is void, the other still has it.
            (await other.Get("/things")).StatusCode.ShouldBe(HttpStatusCode.OK);
            (await one.Get("/things")).StatusCode.ShouldBe(HttpStatusCode.OK);
        }

        // The token in memory is older than the one that is void as well.
        world.Sandbox.Grants.RevokeUser("alice");
        await world.Connect("user_1", more: new { integration_id = id });
        world.Sandbox.Grants.RevokeUser("alice");
        (await other.Refusal("/things")).Code.ShouldBe("tokens.reauthorization_required");
    }

    [Theory]
    [InlineData("Bearer error=\"invalid_request\"")]
    [InlineData("Bearer error=\"insufficient_user_authentication\", acr_values=\"phr\"")]
    public async Task Other_refusals_are_the_callers(string challenge)
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await using var api = await ApiStand.Start();
        await using var client = AccountClient.Of(world, kind, api.Origin);
        api.Answer = (_, http) => ApiStand.Challenge(http, 401, challenge);
        (await client.Get("/things")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        client.Source.Rejections.ShouldBeEmpty();
        api.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Redirect_keeps_the_token_on_its_origin_and_loses_it_for_good_on_another()
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await using var api = await ApiStand.Start();
        await using var elsewhere = await ApiStand.Start();
        await using var client = AccountClient.Of(world, kind, api.Origin);
        api.Answer = (call, http) => To(http, call.Path switch { "/moved" => "/here", "/away" => $"{elsewhere.Origin}/there", "/insecure" => "http://192.0.2.1/", "/round" => "/round", _ => null });
        elsewhere.Answer = (call, http) => To(http, call.Path == "/there" ? $"{api.Origin}/back" : null);

        (await client.Get("/moved")).StatusCode.ShouldBe(HttpStatusCode.OK);
        api.Calls.Select(call => call.Path).ShouldBe(["/moved", "/here"]);
        api.Calls.ShouldAllBe(call => call.Token == client.Source.Tokens.Single());

        api.Calls.Clear();
        (await client.Get("/away")).StatusCode.ShouldBe(HttpStatusCode.OK);
        elsewhere.Calls.Single().Token.ShouldBeNull();
        api.Calls.Select(call => (call.Path, call.Token is null)).ShouldBe([("/away", false), ("/back", true)]);

        (await client.Get("/insecure")).StatusCode.ShouldBe(HttpStatusCode.Found);
        (await client.Get("/round")).StatusCode.ShouldBe(HttpStatusCode.Found);
        using var post = new HttpRequestMessage(HttpMethod.Post, "/moved");
        (await client.Http.SendAsync(post.ForUser("user_1"), TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.Found);
    }

    [Fact]
    public async Task Request_that_is_sent_again_begins_at_its_own_address()
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await using var api = await ApiStand.Start();
        await using var elsewhere = await ApiStand.Start();
        await using var client = AccountClient.Of(world, kind, api.Origin);
        api.Answer = (_, http) => To(http, $"{elsewhere.Origin}/there");
        var sent = new List<(string Cookie, string Other)>();
        elsewhere.Answer = (_, http) =>
        {
            sent.Add((http.Request.Headers.Cookie.ToString(), http.Request.Headers["X-Other"].ToString()));
            http.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        using var request = new HttpRequestMessage(HttpMethod.Get, api.Origin + "/away").ForUser("user_1");
        request.Headers.Add("Cookie", "mine=1");
        request.Headers.Add("X-Other", "kept");
        using var invoker = new HttpMessageInvoker(client.Handlers, disposeHandler: false);
        for (var tries = 0; tries < 2; tries++)
        {
            using var response = await invoker.SendAsync(request, TestContext.Current.CancellationToken);
            response.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            response.RequestMessage!.RequestUri.ShouldBe(new Uri($"{elsewhere.Origin}/there"));
            response.RequestMessage.Headers.Authorization.ShouldBeNull();
            (request.RequestUri, request.Headers.Authorization).ShouldBe((new Uri(api.Origin + "/away"), null));
        }

        api.Calls.Select(call => (call.Path, call.Token is null)).ShouldBe([("/away", false), ("/away", false)]);
        elsewhere.Calls.ShouldAllBe(call => call.Token == null);
        sent.ShouldBe([("", "kept"), ("", "kept")]);
    }

    [Fact]
    public async Task Cookie_that_an_api_sets_for_one_user_is_not_sent_for_another()
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await world.Connect("user_2", "bob+auto");
        await using var api = await ApiStand.Start();
        await using var client = AccountClient.Of(world, kind, api.Origin);
        var cookies = new List<string>();
        api.Answer = (_, http) =>
        {
            cookies.Add(http.Request.Headers.Cookie.ToString());
            http.Response.Cookies.Append("session", "of-user-1");
            return Task.CompletedTask;
        };
        (await client.Get("/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await client.Get("/me", "user_2")).StatusCode.ShouldBe(HttpStatusCode.OK);
        cookies.ShouldBe(["", ""]);
    }

    [Fact]
    public async Task Redirect_to_another_origin_is_not_a_refused_token()
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await using var api = await ApiStand.Start();
        await using var elsewhere = await ApiStand.Start();
        await using var client = AccountClient.Of(world, kind, api.Origin);
        api.Answer = (_, http) => To(http, $"{elsewhere.Origin}/there");
        elsewhere.Answer = (_, http) => ApiStand.Challenge(http, 401, "Bearer error=\"invalid_token\"");
        (await client.Get("/away")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        client.Source.Rejections.ShouldBeEmpty();
    }

    [Fact]
    public async Task Token_is_not_sent_in_the_clear_and_not_without_a_user()
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await using var client = AccountClient.Of(world, kind);
        (await client.Refusal("http://192.0.2.1/")).Code.ShouldBe("client.target_not_allowed");
        (await Should.ThrowAsync<ConnectedAccountException>(() => client.Http.GetAsync("/api/me", TestContext.Current.CancellationToken))).Code.ShouldBe("client.user_missing");
        using var blocking = new HttpRequestMessage(HttpMethod.Get, "/api/me").ForUser("user_1");
        Should.Throw<NotSupportedException>(() => client.Http.Send(blocking, TestContext.Current.CancellationToken));
        client.Source.Gets.ShouldBe(0);
        world.Counters[Counter.ApiCalls].ShouldBe(0);
    }

    [Fact]
    public async Task Application_names_the_user_where_the_request_does_not()
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await using var client = AccountClient.Of(world, kind, more: services => services.AddSingleton<IConnectedAccountUser>(new Somebody("user_1")));
        (await client.Http.GetAsync("/api/me", TestContext.Current.CancellationToken)).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await client.Refusal(user: "user_2")).Code.ShouldBe("integrations.not_connected");
    }

    [Fact]
    [Trait("category", "security")]
    public async Task Token_stands_in_no_log_line_and_no_exception()
    {
        await using var world = await FlowWorld.Start(kind);
        await world.Connect("user_1");
        await using var client = AccountClient.Of(world, kind);
        await client.Get("/api/me");
        world.Sandbox.Grants.ExpireAccessTokens();
        await client.Get("/api/me");
        var stepUp = await client.Refusal("/api/files");
        world.Sandbox.Grants.RevokeUser(world.Sandbox.Grants.All.Single().Subject);
        // Another application: in the first one the token has just been renewed and counts as good.
        await using var other = AccountClient.Of(world, kind);
        var ended = await other.Refusal();
        client.Source.Tokens.Count.ShouldBe(2);
        client.Logs.Text.ShouldContain("Authorization: *");
        foreach (var token in client.Source.Tokens.Concat(other.Source.Tokens))
            $"{client.Logs.Text}{other.Logs.Text}{stepUp}{ended}".ShouldNotContain(token);
        client.Logs.Text.ShouldNotContain(FlowHost.ApiKey);
    }

    private static Task To(HttpContext http, string? address)
    {
        if (address is not null)
            http.Response.Redirect(address);
        return Task.CompletedTask;
    }

    private sealed class Somebody(string userId) : IConnectedAccountUser
    {
        public string? UserId => userId;
    }

    private sealed class OneWay() : MemoryStream("stream"u8.ToArray())
    {
        public override bool CanSeek => false;
    }
}

public sealed class ConnectedAccountOverHttpTests() : ConnectedAccountTests(HostKind.Server)
{
    [Fact]
    public async Task Grantkeeper_that_is_away_is_a_refusal_to_be_repeated()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        await using var client = AccountClient.Of(world, HostKind.Server, more: services =>
            services.Configure<GrantkeeperClientOptions>(options => options.Url = new Uri($"http://127.0.0.1:{FreePort.Next()}")));
        var refusal = await client.Refusal();
        refusal.Code.ShouldBe("client.unreachable");
        refusal.Problem.Retryable.ShouldBeTrue();
        refusal.Link.ShouldBeNull();
    }
}

public sealed class ConnectedAccountInProcessTests() : ConnectedAccountTests(HostKind.Embedded)
{
    [Fact]
    public async Task Database_that_is_away_is_a_refusal_to_be_repeated()
    {
        await using var cluster = await TestCluster.Start();
        await using var world = await FlowWorld.Start(HostKind.Embedded, null, await cluster.NewMigratedDatabase());
        await world.Connect("user_1");
        await using var warm = AccountClient.Of(world, HostKind.Embedded);
        await using var cold = AccountClient.Of(world, HostKind.Embedded);
        (await warm.Get("/api/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
        await cluster.Kill();

        var refusal = await cold.Refusal();
        (refusal.Code, refusal.Problem.Retryable, refusal.Link).ShouldBe(("storage.unavailable", true, null));
        // What is in memory goes on working, until the API refuses it.
        (await warm.Get("/api/me")).StatusCode.ShouldBe(HttpStatusCode.OK);
        world.Sandbox.Grants.ExpireAccessTokens();
        (await warm.Refusal()).Code.ShouldBe("storage.unavailable");
    }
}
