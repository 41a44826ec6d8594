using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Microsoft.AspNetCore.WebUtilities;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>The eight platforms against their simulations, which are as strict about form and authentication as the real servers.</summary>
[Trait("category", "providers")]
public sealed class PlatformTests : IAsyncLifetime
{
    private FlowWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await FlowWorld.Start(HostKind.Server, platforms: true);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    public static TheoryData<string> Keys() => ["google", "youtube", "gsc", "microsoft", "notion", "bing", "wordpress", "wordpress_oauth21", "wix", "wix_oauth_legacy"];

    [Theory]
    [InlineData("google", "/google/o/oauth2/v2/auth", "access_type=offline client_id code_challenge code_challenge_method=S256 include_granted_scopes=true nonce prompt=consent redirect_uri response_type=code scope=openid+email+profile state")]
    [InlineData("youtube", "/google/o/oauth2/v2/auth", "access_type=offline client_id code_challenge code_challenge_method=S256 include_granted_scopes=true nonce prompt=consent redirect_uri response_type=code scope=openid+email+https://www.googleapis.com/auth/youtube.readonly state")]
    [InlineData("gsc", "/google/o/oauth2/v2/auth", "access_type=offline client_id code_challenge code_challenge_method=S256 include_granted_scopes=true nonce prompt=consent redirect_uri response_type=code scope=openid+email+https://www.googleapis.com/auth/webmasters.readonly state")]
    [InlineData("microsoft", "/microsoft/common/oauth2/v2.0/authorize", "client_id code_challenge code_challenge_method=S256 nonce prompt=select_account redirect_uri response_type=code scope=openid+profile+email+offline_access+User.Read state")]
    [InlineData("notion", "/notion/v1/oauth/authorize", "client_id owner=user redirect_uri response_type=code state")]
    [InlineData("bing", "/bing/webmasters/oauth/authorize", "client_id redirect_uri response_type=code scope=webmaster.read state")]
    [InlineData("wordpress", "/wordpress/oauth2/authorize", "client_id redirect_uri response_type=code scope=auth+sites+stats state")]
    [InlineData("wordpress_oauth21", "/wordpress_oauth21/oauth2-1/authorize", "client_id code_challenge code_challenge_method=S256 nonce redirect_uri response_type=code scope=openid+profile+email+sites+stats state")]
    [InlineData("wix", "/wix/app-installer", "appId postInstallationUrl")]
    [InlineData("wix_oauth_legacy", "/wix_oauth_legacy/installer/install", "appId redirectUrl state")]
    public async Task Authorization_url_has_exactly_these_parameters(string key, string path, string parameters)
    {
        var reply = await _world.Host.Get($"/oauth/{key}/auth?user_id=user_1");
        reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
        var url = new Uri((string)reply.Json["details"]!["provider_authorization_url"]!);
        url.AbsolutePath.ShouldBe(path);
        // Values that are chosen at random or belong to the deployment are named only.
        string[] free = ["client_id", "redirect_uri", "state", "nonce", "code_challenge", "appId", "postInstallationUrl", "redirectUrl"];
        var query = QueryHelpers.ParseQuery(url.Query);
        string.Join(' ', query.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => free.Contains(pair.Key) ? pair.Key : $"{pair.Key}={pair.Value.ToString().Replace(' ', '+')}"))
            .ShouldBe(string.Join(' ', parameters.Split(' ').Order(StringComparer.Ordinal)));
        if (key != "wix")
        {
            query[key == "wix_oauth_legacy" ? "redirectUrl" : "redirect_uri"].ToString().ShouldBe($"{_world.Host.Origin}/oauth/{key}/callback");
            query[key == "wix_oauth_legacy" ? "appId" : "client_id"].ToString().ShouldBe("grantkeeper");
        }
    }

    [Theory, MemberData(nameof(Keys))]
    public async Task An_account_is_connected_read_renewed_revoked_and_connected_again(string key)
    {
        // connect
        var id = await _world.Connect("user_1", provider: key);
        var integration = (await _world.Host.Get($"/api/v1/oauth/integrations/{id}")).Json;
        ((string)integration["status"]!).ShouldBe("active");
        ((string?)integration["account"]!["account_id"]).ShouldNotBeNullOrEmpty();

        // read
        var token = await _world.Host.Get($"/oauth/{key}/token?user_id=user_1");
        token.Status.ShouldBe(HttpStatusCode.OK, token.Body);
        var first = (string)token.Json["access_token"]!;

        // renew, twice, so that what was rotated is used
        var renews = key != "wordpress";
        for (var round = 0; round < 2; round++)
        {
            var refreshed = await _world.Host.Post($"/oauth/{key}/refresh", new { user_id = "user_1" });
            if (renews)
                ((bool)refreshed.Json["success"]!).ShouldBeTrue(refreshed.Body);
            else
                ((string)refreshed.Json["code"]!).ShouldBe("tokens.refresh_unsupported");
        }

        var second = (string)(await _world.Host.Get($"/oauth/{key}/token?user_id=user_1")).Json["access_token"]!;
        (second != first).ShouldBe(renews);
        _world.Platform(key).Counters[Counter.ReuseDetected].ShouldBe(0);

        // revoke
        var ended = await _world.Host.Post($"/oauth/{key}/disconnect", new { user_id = "user_1" });
        ((string)ended.Json["provider_revocation"]!).ShouldBe(key is "microsoft" or "bing" or "wordpress" or "wix" or "wix_oauth_legacy" ? "unsupported" : "confirmed", ended.Body);
        (await _world.Host.Get($"/oauth/{key}/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.NotFound);

        // connect again: the same integration, but where nobody says whose account it is
        var again = await _world.Connect("user_1", provider: key);
        (again == id).ShouldBe(key != "bing");
    }

    [Theory]
    [InlineData("google", "alice", "Alice Archer", "alice@example.com")]
    [InlineData("youtube", "UCalice0000000000000000", "Alice Archer's videos", "alice@example.com")]
    [InlineData("microsoft", "72f988bf-86f1-41af-91ab-2d7cd011db47:87d349ed-44d7-43e1-9a83-616c69636520", "Alice Archer", "alice@example.com")]
    [InlineData("notion", "b3414d65-9122-4512-a6ff-616c69636520", "Alice's Notion", "alice@example.com")]
    [InlineData("wordpress", "55516:55555555", "Alice Archer", "alice@example.com")]
    [InlineData("wix", "0f8a7c1e-0000-4000-8000-616c69636520", "Alice's shop", "alice@example.com")]
    [InlineData("wix_oauth_legacy", "0f8a7c1e-0000-4000-8000-616c69636520", "Alice's shop", "alice@example.com")]
    public async Task An_account_has_the_platforms_own_identity(string key, string id, string name, string email)
    {
        await _world.Connect("user_1", provider: key);
        var account = (await _world.Host.Get($"/oauth/{key}/accounts?user_id=user_1")).Json["accounts"]![0]!;
        ((string)account["account_id"]!, (string)account["display_name"]!, (string?)account["email"]).ShouldBe((id, name, email));
    }

    [Fact]
    public async Task Scopes_that_come_back_by_other_names_count_as_what_was_asked()
    {
        await _world.Connect("user_1", provider: "google");
        await _world.Connect("user_1", provider: "microsoft");
        foreach (var key in new[] { "google", "microsoft" })
        {
            await _world.Host.Post($"/oauth/{key}/refresh", new { user_id = "user_1" });
            var asked = key == "google" ? "openid email profile" : "openid profile email offline_access User.Read";
            var reply = await _world.Host.Get($"/oauth/{key}/token?user_id=user_1&scopes={Uri.EscapeDataString(asked)}");
            reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
            reply.Json["scopes"]!.AsArray().Select(scope => (string)scope!).ShouldBe(asked.Split(' '), ignoreOrder: true);
        }
    }

    [Fact]
    public async Task A_grant_is_not_revoked_while_the_same_person_has_another_one_in_the_project()
    {
        await _world.Connect("user_1", provider: "google");
        await _world.Connect("user_2", provider: "youtube");
        async Task<string> Disconnect(string key, string user) => (string)(await _world.Host.Post($"/oauth/{key}/disconnect", new { user_id = user })).Json["provider_revocation"]!;
        (await Disconnect("google", "user_1")).ShouldBe("withheld", "it would end the channel of another owner");
        (await _world.Host.Post("/oauth/youtube/refresh", new { user_id = "user_2" })).Json["success"]!.GetValue<bool>().ShouldBeTrue();
        (await Disconnect("youtube", "user_2")).ShouldBe("confirmed");
    }

    [Fact]
    public async Task A_removed_app_needs_its_owner()
    {
        var id = await _world.Connect("user_1", provider: "wix");
        _world.Platform("wix").Grants.RevokeUser("alice");
        ((string)(await _world.Host.Post("/oauth/wix/refresh", new { user_id = "user_1" })).Json["error"]!["code"]!).ShouldBe("tokens.reauthorization_required");
        ((string)(await _world.Host.Get($"/api/v1/oauth/integrations/{id}")).Json["reason"]!).ShouldBe("reauthorization_required");
    }

    [Fact]
    public async Task An_instance_that_is_not_signed_with_our_secret_connects_nothing()
    {
        var (browser, callback, flowId) = await _world.ReachCallback("user_1", confirm: false, provider: "wix");
        using (browser)
        {
            var (signature, payload) = (callback.Get("signedInstance").Split('.')[0], callback.Get("signedInstance").Split('.')[1]);
            var other = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes("""{"instanceId":"someone-elses"}""")).TrimEnd('=').Replace('+', '-').Replace('/', '_');
            await browser.Open(callback.With("signedInstance", $"{signature}.{other}"));
            signature.ShouldNotBe(payload);
        }

        var flow = await _world.Flow(flowId, "user_1");
        ((string)flow.Json["status"]!, (string)flow.Json["error"]!["code"]!).ShouldBe(("failed", "connect.code_rejected"));
        _world.Platform("wix").Counters[Counter.RefreshRequests].ShouldBe(0, "nothing is minted for an id that nobody signed");
    }

    [Fact]
    public async Task An_instance_that_was_signed_long_ago_connects_nothing()
    {
        var (browser, callback, flowId) = await _world.ReachCallback("user_1", confirm: false, provider: "wix");
        using (browser)
        {
            var payload = Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"instanceId":"{{callback.Get("instanceId")}}","signDate":"2026-01-31T12:00:00.000Z"}"""));
            var signature = Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(FlowWorld.ClientSecret), Encoding.UTF8.GetBytes(payload)));
            (await browser.Open(callback.With("signedInstance", $"{signature}.{payload}"))).Body.ShouldContain("Installation took too long");
        }

        var flow = await _world.Flow(flowId, "user_1");
        ((string)flow.Json["status"]!, (string)flow.Json["error"]!["code"]!).ShouldBe(("failed", "connect.instance_stale"));
        _world.Platform("wix").Counters[Counter.RefreshRequests].ShouldBe(0, "nothing is minted for an old answer");
    }

    [Fact]
    public async Task Bing_is_renewed_where_it_answers()
    {
        await _world.Connect("user_1", provider: "bing");
        for (var round = 0; round < 3; round++)
            (await _world.Host.Post("/oauth/bing/refresh", new { user_id = "user_1" })).Json["success"]!.GetValue<bool>().ShouldBeTrue();
        _world.Platform("bing").Counters[Counter.Refreshes].ShouldBe(3);
        _world.Platform("bing").Counters[Counter.ReuseDetected].ShouldBe(0);
    }

    /// <summary>All that are renewed: at WordPress.com's classic server there is nothing to renew with.</summary>
    public static TheoryData<string> Renewed() => [.. Keys().Select(row => row.Data).Where(key => key != "wordpress")];

    [Theory, MemberData(nameof(Renewed))]
    public async Task Trouble_at_a_platform_keeps_the_old_token(string key)
    {
        await _world.Connect("user_1", provider: key);
        var before = (string)(await _world.Host.Get($"/oauth/{key}/token?user_id=user_1")).Json["access_token"]!;
        _world.Platform(key).Faults.Add(new Fault(FaultEndpoint.Refresh, FaultMode.Html, 502));
        var refreshed = await _world.Host.Post($"/oauth/{key}/refresh", new { user_id = "user_1" });
        refreshed.Status.ShouldBe(HttpStatusCode.ServiceUnavailable, refreshed.Body);
        ((string)(await _world.Host.Get($"/oauth/{key}/token?user_id=user_1")).Json["access_token"]!).ShouldBe(before);
    }
}
