using System.Net;

namespace Grantkeeper.IntegrationTests.Sandbox;

/// <summary>The rules by which the simulated platforms end codes and refresh tokens; all follow the sandbox's clock.</summary>
[Trait("category", "sandbox")]
public sealed class PlatformRulesTests : IAsyncLifetime
{
    private const string Search = "openid " + PlatformHost.GoogleScope + "webmasters.readonly";

    private PlatformHost _platforms = null!;

    public async ValueTask InitializeAsync() => _platforms = await PlatformHost.Start();

    public ValueTask DisposeAsync() => _platforms.DisposeAsync();

    private async Task<string> RefreshToken(string platform, string scope, string hint = "alice+auto") => (string)(await _platforms.Connect(platform, scope, hint))["refresh_token"]!;

    private async Task<string?> Refused(string platform, string refreshToken)
    {
        var reply = await _platforms.Refresh(platform, refreshToken);
        return reply.Status == HttpStatusCode.OK ? null : reply.Error;
    }

    [Theory]
    [InlineData("google", "openid", 10), InlineData("microsoft", "openid offline_access", 10), InlineData("notion", "", 10), InlineData("bing", "webmaster.read", 5), InlineData("wix_oauth_legacy", "", 10)]
    public async Task A_code_lives_as_long_as_at_the_platform(string platform, string scope, int minutes)
    {
        (await _platforms.Exchange(platform, scope, after: TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(5))).Status.ShouldBe(HttpStatusCode.OK);
        var late = await _platforms.Exchange(platform, scope, after: TimeSpan.FromMinutes(minutes));
        (late.Status, late.Error).ShouldBe((HttpStatusCode.BadRequest, "invalid_grant"));
    }

    [Theory]
    [InlineData("google", Search, 180), InlineData("microsoft", "openid offline_access", 90)]
    public async Task A_refresh_token_ends_when_it_is_not_used(string platform, string scope, int days)
    {
        var token = await RefreshToken(platform, scope);
        for (var round = 0; round < 3; round++)
        {
            await _platforms.Advance(TimeSpan.FromDays(days - 1));
            var reply = await _platforms.Refresh(platform, token);
            reply.Status.ShouldBe(HttpStatusCode.OK, "use keeps it alive");
            token = (string?)reply.Json["refresh_token"] ?? token;
        }

        await _platforms.Advance(TimeSpan.FromDays(days));
        (await Refused(platform, token)).ShouldBe("invalid_grant");
    }

    [Fact]
    public async Task A_refresh_token_of_bing_waits_for_years()
    {
        var token = await RefreshToken("bing", "webmaster.read");
        await _platforms.Advance(TimeSpan.FromDays(1000));
        (await Refused("bing", token)).ShouldBeNull();
    }

    [Fact]
    public async Task An_application_in_its_testing_phase_has_a_week_unless_it_asks_for_identity_only()
    {
        var (search, identity) = (await RefreshToken("google", Search), await RefreshToken("google", "openid email", "bob+auto"));
        (await _platforms.Host.PostJson("/google/__sandbox/settings", """{"testing":true}""")).Json["testing"]!.GetValue<bool>().ShouldBeTrue();
        await _platforms.Advance(TimeSpan.FromDays(6));
        (await Refused("google", search)).ShouldBeNull();
        await _platforms.Advance(TimeSpan.FromDays(1));
        (await Refused("google", search)).ShouldBe("invalid_grant", "use does not help");
        (await Refused("google", identity)).ShouldBeNull();
        (await _platforms.Host.PostJson("/google/__sandbox/settings", """{"testing":false}""")).Status.ShouldBe(HttpStatusCode.OK);
        (await Refused("google", search)).ShouldBeNull("the phase is over");
        (await _platforms.Host.PostJson("/google/__sandbox/settings", "{}")).Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task The_hundred_and_first_refresh_token_of_a_person_ends_the_first()
    {
        var others = await RefreshToken("google", Search, "bob+auto");
        var tokens = new List<string>();
        for (var count = 0; count < 100; count++)
            tokens.Add(await RefreshToken("google", Search));
        (await Refused("google", tokens[0])).ShouldBeNull();
        var last = await RefreshToken("google", Search);
        (await Refused("google", tokens[0])).ShouldBe("invalid_grant");
        foreach (var good in new[] { tokens[1], last, others })
            (await Refused("google", good)).ShouldBeNull();
    }

    [Fact]
    public async Task Consent_may_be_partial_and_may_be_denied()
    {
        var whole = await _platforms.Connect("google", Search);
        ((string)whole["scope"]!).ShouldBe(Search);
        var part = await _platforms.Connect("google", Search, "alice+partial");
        ((string)part["scope"]!).ShouldBe("openid");
        var denied = await _platforms.Authorize("google", Search, "deny+auto");
        (denied.Callback["error"], denied.Callback["state"]).ShouldBe(("access_denied", "s"));
        denied.Callback.ShouldNotContainKey("code");
        var reply = await _platforms.Host.Get("/google/webmasters/v3/sites", (string)part["access_token"]!);
        (reply.Status, (string)reply.Json["error"]!["errors"]![0]!["reason"]!).ShouldBe((HttpStatusCode.Forbidden, "insufficientPermissions"));
    }

    [Fact]
    public async Task A_legacy_wix_app_is_strict_about_its_names_and_gets_two_tokens_alone()
    {
        var callback = (await _platforms.Authorize("wix_oauth_legacy", "")).Callback;
        callback["instanceId"].ShouldBe("0f8a7c1e-0000-4000-8000-616c69636520");
        (await _platforms.Connect("wix_oauth_legacy", "")).AsObject().Select(member => member.Key).ShouldBe(["access_token", "refresh_token"], ignoreOrder: true);
        var usual = await _platforms.Host.Get($"/wix_oauth_legacy/installer/install?response_type=code&client_id=shop&redirect_uri={Uri.EscapeDataString(SandboxHost.RedirectUri)}&login_hint=alice%2Bauto");
        usual.Headers.Location.ShouldBeNull("the names of RFC 6749 are not understood there");
        (await _platforms.Host.Post("/wix_oauth_legacy/oauth/access", ("grant_type", "refresh_token"))).Error.ShouldBe("invalid_request");
    }
}
