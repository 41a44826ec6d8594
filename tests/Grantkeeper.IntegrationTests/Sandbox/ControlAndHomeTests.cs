using System.Net;
using System.Text.RegularExpressions;

namespace Grantkeeper.IntegrationTests.Sandbox;

[Trait("category", "sandbox")]
public sealed class ControlAndHomeTests : IAsyncLifetime
{
    private SandboxHost host = null!;

    public async ValueTask InitializeAsync() => host = await SandboxHost.Start();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Statistics_count_without_showing_a_code()
    {
        var code = await host.Code();
        await host.Exchange(code);
        await host.Post("/token", ("grant_type", "authorization_code"));
        var stats = await host.Get("/__sandbox/stats");
        ((int)stats.Json["authorize"]!).ShouldBe(1);
        ((int)stats.Json["code_exchanges"]!).ShouldBe(2);
        ((int)stats.Json["codes_redeemed"]!).ShouldBe(1);
        ((int)stats.Json["grants_live"]!).ShouldBe(1);
        stats.Json["code_exchanges_by_code"]!.AsObject().Single().Value!.GetValue<int>().ShouldBe(1);
        stats.Body.ShouldNotContain("sbx_");
    }

    [Fact]
    public async Task Access_tokens_can_be_expired_at_once()
    {
        var tokens = await host.Connect();
        ((int)(await host.PostJson("/__sandbox/expire-all", "{}")).Json["expired"]!).ShouldBe(1);
        (await host.Get("/api/me", (string?)tokens["access_token"])).Status.ShouldBe(HttpStatusCode.Unauthorized);
        var next = (await host.Refresh((string)tokens["refresh_token"]!)).Json;
        (await host.Get("/api/me", (string?)next["access_token"])).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_person_can_withdraw_everything()
    {
        var (alice, bob) = (await host.Connect(), await host.Connect("bob+auto"));
        var open = await host.Code();
        ((int)(await host.PostJson("/__sandbox/revoke-user/alice", "{}")).Json["revoked"]!).ShouldBe(1);
        (await host.Refresh((string)alice["refresh_token"]!)).Error.ShouldBe("invalid_grant");
        (await host.Exchange(open)).Error.ShouldBe("invalid_grant");
        (await host.Refresh((string)bob["refresh_token"]!)).Status.ShouldBe(HttpStatusCode.OK);
        (await host.PostJson("/__sandbox/revoke-user/mallory", "{}")).Status.ShouldBe(HttpStatusCode.NotFound);
        var grants = await host.Get("/__sandbox/grants");
        grants.Json["grants"]!.AsArray().Count.ShouldBe(2);
        grants.Body.ShouldNotContain("sbx_");
    }

    [Fact]
    public async Task One_grant_tells_how_it_fares()
    {
        var old = (string)(await host.Connect())["refresh_token"]!;
        var id = (string)(await host.Get("/__sandbox/grants")).Json["grants"]![0]!["id"]!;
        await host.Refresh(old);
        var alive = await host.Get($"/__sandbox/grants/{id}");
        ((bool)alive.Json["is_live"]!).ShouldBeTrue();
        ((int)alive.Json["refreshes"]!).ShouldBe(1);
        ((int)alive.Json["reuses"]!).ShouldBe(0);
        alive.Body.ShouldNotContain("sbx_");

        await host.Refresh(old);
        await host.Refresh(old);
        var ended = (await host.Get($"/__sandbox/grants/{id}")).Json;
        ((bool)ended["is_live"]!).ShouldBeFalse();
        ((string?)ended["ended_by"]).ShouldBe("an old refresh token was used again");
        ((int)ended["reuses"]!).ShouldBe(2);
        (await host.Get("/__sandbox/grants/none")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Clock_and_lifetime_can_be_set()
    {
        var tokens = await host.Connect();
        (await host.PostJson("/__sandbox/clock", """{"advance_seconds":3601}""")).Status.ShouldBe(HttpStatusCode.OK);
        (await host.Get("/api/me", (string?)tokens["access_token"])).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await host.PostJson("/__sandbox/clock", """{"advance_seconds":-1}""")).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await host.PostJson("/__sandbox/clock", "{}")).Status.ShouldBe(HttpStatusCode.BadRequest);

        (await host.PostJson("/__sandbox/settings", """{"access_token_seconds":5}""")).Status.ShouldBe(HttpStatusCode.OK);
        ((int)(await host.Connect())["expires_in"]!).ShouldBe(5);
        (await host.PostJson("/__sandbox/settings", """{"access_token_seconds":0}""")).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await host.PostJson("/__sandbox/settings", "[]")).Status.ShouldBe(HttpStatusCode.BadRequest);

        (await host.PostJson("/__sandbox/reset", "{}")).Status.ShouldBe(HttpStatusCode.OK);
        host.State.Grants.All.ShouldBeEmpty();
        host.State.Clock.Added.ShouldBe(TimeSpan.Zero);
        host.State.AccessTokenLifetime.ShouldBe(TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Other_origins_and_other_bodies_are_turned_away()
    {
        var request = new HttpRequestMessage(HttpMethod.Post, host.Origin + "/__sandbox/reset");
        request.Headers.Add("Origin", "https://evil.example");
        (await host.Send(request)).Status.ShouldBe(HttpStatusCode.Forbidden);
        (await host.Post("/__sandbox/faults", ("endpoint", "token"))).Status.ShouldBe(HttpStatusCode.BadRequest);
        var rebound = new HttpRequestMessage(HttpMethod.Get, host.Origin + "/__sandbox/stats");
        rebound.Headers.Host = "sandbox.evil.example";
        (await host.Send(rebound)).Status.ShouldBe(HttpStatusCode.MisdirectedRequest);
    }

    [Fact]
    public async Task The_home_page_shows_grants_and_never_a_token()
    {
        (await host.Get("/")).Body.ShouldContain("Nobody has granted anything yet");
        await host.Connect();
        var tokens = await host.Connect("bob+auto");
        await host.Revoke((string)tokens["refresh_token"]!);
        await host.Break("token", "status", ",\"count\":0");
        await host.Break("refresh", "delay", ",\"delay_ms\":1,\"count\":2");
        var page = await host.Get("/");
        page.Body.ShouldContain("in force");
        page.Body.ShouldContain("revoked by the client");
        page.Body.ShouldContain("until switched off");
        page.Body.ShouldContain("2 times");
        page.Body.ShouldContain("Carol Chandra");
        page.Body.ShouldNotContain("sbx_");
        page.Body.ShouldNotContain("s3cret");
        page.Body.ShouldNotContain("<script");
    }

    [Theory]
    [InlineData("expire-all", "", "Every access token has expired")]
    [InlineData("revoke-user", "alice", "this person had granted is revoked")]
    [InlineData("revoke-user", "mallory", "nothing has changed")]
    [InlineData("down", "3", "down for the next calls")]
    [InlineData("down", "many", "nothing has changed")]
    [InlineData("lose-refresh", "", "its answer lost")]
    [InlineData("lifetime", "60", "New access tokens live")]
    [InlineData("lifetime", "0", "nothing has changed")]
    [InlineData("advance", "60", "clock has moved forward")]
    [InlineData("clear", "", "All switches are off")]
    [InlineData("reset", "", "as it was at the start")]
    [InlineData("explode", "", "nothing has changed")]
    public async Task The_buttons_work(string action, string value, string note)
    {
        await host.Connect();
        var browser = new Browser(host);
        var token = Regex.Match((await browser.Open("/")).Body, "name=\"antiforgery\" value=\"([^\"]+)\"").Groups[1].Value;
        (await browser.Post("/switches", ("antiforgery", token), ("action", action), ("value", value))).Body.ShouldContain(note);
        browser.Path.ShouldStartWith("/?done=");
    }

    [Fact]
    public async Task A_button_on_another_page_does_nothing()
    {
        await host.Connect();
        var reply = await host.Post("/switches", ("action", "reset"), ("antiforgery", "guess"));
        reply.Status.ShouldBe(HttpStatusCode.BadRequest);
        host.State.Grants.All.Count.ShouldBe(1);
    }
}
