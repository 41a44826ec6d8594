using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Peers;

[Trait("category", "kit")]
public sealed class OidcProviderPeerTests : IAsyncLifetime
{
    private OidcProviderPeer _peer = null!;

    public async ValueTask InitializeAsync() => _peer = await OidcProviderPeer.Start();

    public async ValueTask DisposeAsync() => await _peer.DisposeAsync();

    [Fact]
    public async Task A_code_with_PKCE_becomes_tokens_and_the_response_names_its_issuer()
    {
        using var client = new PeerClient(_peer);

        var response = await client.Authorize("bob");
        var tokens = await client.Redeem(response["code"]);

        response["iss"].ShouldBe(_peer.Issuer);
        response["state"].ShouldBe("the-state");
        tokens.Status.ShouldBe(200);
        (await client.UserInfo(tokens.AccessToken)).GetProperty("email").GetString().ShouldBe("bob@example.test");
    }

    [Fact]
    public async Task PKCE_is_required()
    {
        using var client = new PeerClient(_peer);
        using var user = new PeerUser();
        var url = new Uri(client.AuthorizationUrl().AbsoluteUri.Replace($"&code_challenge={PeerClient.Challenge}&code_challenge_method=S256", ""));

        var callback = await user.FollowUntil(url, OidcProviderPeer.UnservedRedirectUri);

        callback.Query.ShouldContain("error=invalid_request");
    }

    [Theory]
    [InlineData("post", null)]
    [InlineData("public", null)]
    [InlineData("odd:id", OidcProviderPeer.OddSecret)]
    public async Task Clients_authenticate_in_their_own_way(string clientId, string? basicSecret)
    {
        using var client = new PeerClient(_peer, clientId, basicSecret);
        var form = new Dictionary<string, string> { ["grant_type"] = "refresh_token", ["refresh_token"] = "unknown" };
        if (clientId == "post")
            form["client_secret"] = "post-secret";

        using var answer = await client.Post(_peer.Endpoint(OidcProviderPeer.TokenPath), form);

        (await answer.Content.ReadAsStringAsync()).ShouldContain("invalid_grant");
    }

    [Fact]
    public async Task A_refresh_rotates_and_the_reuse_of_an_old_token_kills_the_grant()
    {
        using var client = new PeerClient(_peer);
        var first = await client.Connect();

        var second = await client.Refresh(first.RefreshToken);
        var reuse = await client.Refresh(first.RefreshToken);
        var newest = await client.Refresh(second.RefreshToken);

        second.Status.ShouldBe(200);
        second.RefreshToken.ShouldNotBe(first.RefreshToken);
        reuse.Error.ShouldBe("invalid_grant");
        newest.Error.ShouldBe("invalid_grant");
        var stats = await _peer.Stats();
        stats.Refreshes.ShouldBe(1);
        stats.RefusedRefreshes.ShouldBe(2);
        stats.RevokedGrants.ShouldBe(1);
        stats.TokenRequests.ShouldBe(4);
    }

    [Fact]
    public async Task The_client_without_rotation_keeps_its_refresh_token()
    {
        using var client = new PeerClient(_peer, "norotate", "norotate-secret");
        var tokens = await client.Connect();

        var first = await client.Refresh(tokens.RefreshToken);
        var second = await client.Refresh(tokens.RefreshToken);

        (first.Status, second.Status).ShouldBe((200, 200));
    }

    [Fact]
    public async Task A_lost_answer_leaves_the_client_with_a_token_that_the_provider_has_replaced()
    {
        using var client = new PeerClient(_peer);
        var tokens = await client.Connect();
        await _peer.Reset();
        await _peer.Fault(OidcProviderPeer.TokenPath, PeerFault.LostAnswer());

        await Should.ThrowAsync<HttpRequestException>(() => client.Refresh(tokens.RefreshToken));

        (await _peer.Stats()).Refreshes.ShouldBe(1);
        (await client.Refresh(tokens.RefreshToken)).Error.ShouldBe("invalid_grant");
    }

    [Fact]
    public async Task A_cut_connection_leaves_the_token_unused()
    {
        using var client = new PeerClient(_peer);
        var tokens = await client.Connect();
        await _peer.Reset();
        await _peer.Fault(OidcProviderPeer.TokenPath, PeerFault.CutConnection());

        await Should.ThrowAsync<HttpRequestException>(() => client.Refresh(tokens.RefreshToken));

        var stats = await _peer.Stats();
        (stats.Refreshes, stats.TokenRequests).ShouldBe((0, 1));
        (await client.Refresh(tokens.RefreshToken)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task An_ordered_answer_is_given_as_often_as_asked_and_no_more()
    {
        using var client = new PeerClient(_peer);
        var tokens = await client.Connect();
        await _peer.Fault(OidcProviderPeer.TokenPath, PeerFault.Answer(503, """{"error":"temporarily_unavailable"}""", count: 2));

        (await client.Refresh(tokens.RefreshToken)).Status.ShouldBe(503);
        (await client.Refresh(tokens.RefreshToken)).Error.ShouldBe("temporarily_unavailable");
        (await client.Refresh(tokens.RefreshToken)).Status.ShouldBe(200);
    }

    [Fact]
    public async Task A_held_request_waits_for_its_release()
    {
        using var client = new PeerClient(_peer);
        var tokens = await client.Connect();
        await _peer.Fault(OidcProviderPeer.TokenPath, PeerFault.HeldRequest());

        var refresh = client.Refresh(tokens.RefreshToken);
        await _peer.WaitForHeld();
        refresh.IsCompleted.ShouldBeFalse();
        await _peer.Release();

        (await refresh).Status.ShouldBe(200);
    }

    [Fact]
    public async Task The_user_may_refuse_all_or_a_part()
    {
        using var client = new PeerClient(_peer);

        (await client.Authorize("deny"))["error"].ShouldBe("access_denied");
        (await client.Connect("partial")).Scope.ShouldBe("openid email offline_access api:read");
    }

    [Fact]
    public async Task A_revoked_refresh_token_is_dead_and_introspection_says_so()
    {
        using var client = new PeerClient(_peer);
        var tokens = await client.Connect();
        var token = new Dictionary<string, string> { ["token"] = tokens.RefreshToken };

        using var before = await client.Post(_peer.Endpoint(OidcProviderPeer.IntrospectionPath), token);
        using var revocation = await client.Post(_peer.Endpoint(OidcProviderPeer.RevocationPath), token);
        using var after = await client.Post(_peer.Endpoint(OidcProviderPeer.IntrospectionPath), token);

        (await before.Content.ReadAsStringAsync()).ShouldContain("\"active\":true");
        ((int)revocation.StatusCode).ShouldBe(200);
        (await after.Content.ReadAsStringAsync()).ShouldContain("\"active\":false");
    }
}
