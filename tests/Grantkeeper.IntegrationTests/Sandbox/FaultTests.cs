using System.Net;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;

namespace Grantkeeper.IntegrationTests.Sandbox;

[Trait("category", "sandbox")]
public sealed class FaultTests : IAsyncLifetime
{
    private SandboxHost host = null!;
    private string refreshToken = "";

    public async ValueTask InitializeAsync()
    {
        host = await SandboxHost.Start();
        refreshToken = (string)(await host.Connect())["refresh_token"]!;
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("status", "", 503, "temporarily_unavailable")]
    [InlineData("status", ",\"status\":429", 429, "temporarily_unavailable")]
    [InlineData("ok_with_error", "", 200, "invalid_grant")]
    [InlineData("retry_after", ",\"retry_after\":\"Fri, 31 Dec 2027 23:59:59 GMT\"", 429, "slow_down")]
    public async Task A_refused_call_is_not_processed(string mode, string more, int status, string error)
    {
        await host.Break("refresh", mode, more);
        var reply = await host.Refresh(refreshToken);
        ((int)reply.Status).ShouldBe(status);
        reply.Error.ShouldBe(error);
        (reply.Headers.RetryAfter is not null).ShouldBe(mode == "retry_after");
        (await host.Refresh(refreshToken)).Status.ShouldBe(HttpStatusCode.OK);
        host.State.Counters[Counter.RefreshRequests].ShouldBe(2);
        host.State.Counters[Counter.Refreshes].ShouldBe(1);
    }

    [Fact]
    public async Task Something_other_than_json_comes_back()
    {
        await host.Break("refresh", "html");
        var page = await host.Refresh(refreshToken);
        page.ContentHeaders.ContentType!.MediaType.ShouldBe("text/html");
        page.Body.ShouldContain("<h1>");
        await host.Break("refresh", "empty");
        (await host.Refresh(refreshToken)).Body.ShouldBeEmpty();
        await host.Break("refresh", "huge");
        (await host.Refresh(refreshToken)).Body.Length.ShouldBeGreaterThan(50_000_000);
    }

    [Fact]
    public async Task A_late_answer_is_the_right_one()
    {
        await host.Break("refresh", "delay", ",\"delay_ms\":60");
        var start = TimeProvider.System.GetTimestamp();
        (await host.Refresh(refreshToken)).Status.ShouldBe(HttpStatusCode.OK);
        TimeProvider.System.GetElapsedTime(start).ShouldBeGreaterThan(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task A_cut_connection_leaves_the_token_good()
    {
        await host.Break("refresh", "cut");
        await Should.ThrowAsync<HttpRequestException>(() => host.Refresh(refreshToken));
        (await host.Refresh(refreshToken)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_lost_answer_has_rotated_the_token()
    {
        await host.Break("refresh", "lose_answer");
        await Should.ThrowAsync<HttpRequestException>(() => host.Refresh(refreshToken));
        host.State.Counters[Counter.Refreshes].ShouldBe(1);
        (await host.Refresh(refreshToken)).Error.ShouldBe("invalid_grant");
        host.State.Counters[Counter.ReuseDetected].ShouldBe(1);
    }

    [Fact]
    public async Task A_held_answer_has_rotated_the_token_and_arrives_when_it_is_released()
    {
        await host.Break("refresh", "hold_answer", ",\"count\":0");
        var (first, second) = (host.Refresh(refreshToken), host.Refresh("unknown"));
        ((int)(await host.Get("/__sandbox/held?at_least=2")).Json["held"]!).ShouldBe(2);
        host.State.Counters[Counter.Refreshes].ShouldBe(1);
        first.IsCompleted.ShouldBeFalse();
        ((int)(await host.PostJson("/__sandbox/held/release", "{\"deliver\":true}")).Json["released"]!).ShouldBe(2);
        var next = (string)(await first).Json["refresh_token"]!;
        (await second).Error.ShouldBe("invalid_grant");
        ((int)(await host.Get("/__sandbox/held")).Json["held"]!).ShouldBe(0);

        var cut = host.Refresh(next);
        await host.Get("/__sandbox/held?at_least=1");
        ((int)(await host.PostJson("/__sandbox/held/release", "{\"deliver\":false}")).Json["released"]!).ShouldBe(1);
        await Should.ThrowAsync<HttpRequestException>(() => cut);
        (await host.Get("/__sandbox/held?at_least=-1")).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await host.PostJson("/__sandbox/held/release", "{}")).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_client_that_leaves_takes_its_held_answer_with_it()
    {
        var held = new HeldAnswers();
        using var client = new CancellationTokenSource();
        var waits = held.Pass(() => Task.CompletedTask, () => { }, client.Token);
        await held.WaitFor(1, TestContext.Current.CancellationToken);
        await client.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => waits);
        held.Count.ShouldBe(0);
        (await held.Release(deliver: true)).ShouldBe(0);
    }

    [Fact]
    public async Task A_lost_code_exchange_has_used_the_code()
    {
        var code = await host.Code();
        await host.Break("token", "lose_answer");
        await Should.ThrowAsync<HttpRequestException>(() => host.Exchange(code));
        (await host.Exchange(code)).Error.ShouldBe("invalid_grant");
    }

    [Fact]
    public async Task The_lifetime_is_told_oddly()
    {
        await host.Break("token", "no_expires_in");
        (await host.Connect())["expires_in"].ShouldBeNull();
        await host.Break("token", "string_expires_in");
        ((string?)(await host.Connect())["expires_in"]).ShouldBe("3600");
        await host.Break("token", "absurd_expires_in");
        ((long)(await host.Connect())["expires_in"]!).ShouldBe(999_999_999_999_999);
    }

    [Fact]
    public async Task A_refresh_token_is_missing_or_stays_the_same()
    {
        await host.Break("token", "no_refresh_token");
        (await host.Connect())["refresh_token"].ShouldBeNull();
        await host.Break("refresh", "no_refresh_token");
        (await host.Refresh(refreshToken)).Json["refresh_token"].ShouldBeNull();
        await host.Break("refresh", "no_rotation", ",\"count\":0");
        ((string?)(await host.Refresh(refreshToken)).Json["refresh_token"]).ShouldBe(refreshToken);
        ((string?)(await host.Refresh(refreshToken)).Json["refresh_token"]).ShouldBe(refreshToken);
        host.State.Counters[Counter.ReuseDetected].ShouldBe(0);
    }

    [Fact]
    public async Task The_identity_is_wrong()
    {
        await host.Break("token", "other_subject");
        ((string?)Claims(await host.Connect())["sub"]).ShouldBe("bob");
        await host.Break("token", "wrong_nonce");
        ((string?)Claims(await host.Connect())["nonce"]).ShouldNotBe("n-1");

        await host.Break("userinfo", "other_subject");
        var access = (string?)(await host.Connect("bob+auto"))["access_token"];
        ((string?)(await host.Get("/userinfo", access)).Json["sub"]).ShouldBe("alice");
        ((string?)(await host.Get("/userinfo", access)).Json["sub"]).ShouldBe("bob");
    }

    [Fact]
    public async Task The_signature_or_the_key_is_wrong()
    {
        await host.Break("token", "bad_signature");
        var bad = Parts(await host.Connect());
        var good = Parts(await host.Connect());
        var key = (await host.Get("/jwks")).Json["keys"]![0]!;
        TokenEndpointTests.Verifies(good, key).ShouldBeTrue();
        TokenEndpointTests.Verifies(bad, key).ShouldBeFalse();

        await host.Break("jwks", "bad_signature");
        var other = (await host.Get("/jwks")).Json["keys"]![0]!;
        ((string?)other["kid"]).ShouldBe((string?)key["kid"]);
        TokenEndpointTests.Verifies(good, other).ShouldBeFalse();
    }

    [Theory]
    [InlineData("discovery", "/.well-known/openid-configuration")]
    [InlineData("jwks", "/jwks")]
    [InlineData("userinfo", "/userinfo")]
    [InlineData("api", "/api/me")]
    public async Task Every_endpoint_can_fail(string endpoint, string path)
    {
        await host.Break(endpoint, "status", ",\"status\":500");
        (await host.Get(path)).Status.ShouldBe(HttpStatusCode.InternalServerError);
        (await host.Get(path)).Status.ShouldNotBe(HttpStatusCode.InternalServerError);
    }

    [Fact]
    public async Task A_revocation_can_fail_and_the_whole_provider_can()
    {
        await host.Break("revoke", "status");
        (await host.Revoke(refreshToken)).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        await host.Break("all", "status", ",\"count\":2");
        (await host.Revoke(refreshToken)).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await host.Get("/jwks")).Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        (await host.Get("/jwks")).Status.ShouldBe(HttpStatusCode.OK);
        host.State.Counters[Counter.FaultsServed].ShouldBe(3);
    }

    [Fact]
    public async Task Switches_can_be_listed_and_cleared()
    {
        await host.Break("refresh", "status", ",\"count\":0");
        var listed = (await host.Get("/__sandbox/faults")).Json["faults"]!.AsArray().Single()!;
        ((string?)listed["endpoint"]).ShouldBe("refresh");
        (await host.Send(new HttpRequestMessage(HttpMethod.Delete, host.Origin + "/__sandbox/faults"))).Status.ShouldBe(HttpStatusCode.OK);
        host.State.Faults.Pending.ShouldBeEmpty();
        (await host.Refresh(refreshToken)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("""{"endpoint":"nowhere","mode":"status"}""")]
    [InlineData("""{"endpoint":"token","mode":9}""")]
    [InlineData("""{"endpoint":"token"}""")]
    [InlineData("""{"endpoint":"token","mode":"status","typo":1}""")]
    [InlineData("""{"endpoint":"token","mode":"delay"}""")]
    [InlineData("""{"endpoint":"token","mode":"delay","delay_ms":-1}""")]
    [InlineData("""{"endpoint":"token","mode":"status","status":99}""")]
    [InlineData("""{"endpoint":"token","mode":"status","count":-1}""")]
    [InlineData("""{"endpoint":"token","mode":"no_rotation"}""")]
    [InlineData("""{"endpoint":"discovery","mode":"wrong_nonce"}""")]
    [InlineData("""{"endpoint":"revoke","mode":"bad_signature"}""")]
    [InlineData("""{"endpoint":"jwks","mode":"other_subject"}""")]
    [InlineData("""{"endpoint":"token","mode":"retry_after","retry_after":"1\r\nx: y"}""")]
    [InlineData("null")]
    [InlineData("")]
    public async Task A_switch_that_makes_no_sense_is_refused(string json)
    {
        (await host.PostJson("/__sandbox/faults", json)).Status.ShouldBe(HttpStatusCode.BadRequest);
        host.State.Faults.Pending.ShouldBeEmpty();
    }

    [Fact]
    public void A_switch_thrown_in_process_is_checked_too()
    {
        Should.Throw<ArgumentException>(() => host.State.Faults.Add(new Fault((FaultEndpoint)99, FaultMode.Status)));
    }

    private static string[] Parts(System.Text.Json.Nodes.JsonNode tokens) => ((string)tokens["id_token"]!).Split('.');

    private static System.Text.Json.Nodes.JsonNode Claims(System.Text.Json.Nodes.JsonNode tokens) => TokenEndpointTests.Decode(Parts(tokens)[1]);
}
