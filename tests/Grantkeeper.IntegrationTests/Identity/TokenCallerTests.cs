using System.Net;
using System.Security.Cryptography;
using System.Text;
using Grantkeeper.IntegrationTests.Flows;

namespace Grantkeeper.IntegrationTests.Identity;

/// <summary>Users with a token of the product's identity provider: what they may, what they may not, and whose keys are believed.</summary>
[Trait("category", "security")]
public sealed class TokenCallerTests(TokenWorld fixture) : IClassFixture<TokenWorld>
{
    private FlowWorld World => fixture.World;

    private HostIssuer Issuer => fixture.Issuer;

    private static string NewUser() => $"user_{Guid.NewGuid():N}";

    [Fact]
    public async Task A_user_connects_sees_refreshes_and_disconnects_with_a_token_alone()
    {
        var user = NewUser();
        var token = Issuer.Token(user, ("act", new { sub = "agent-7" }));
        var started = await World.Host.Post("/api/v1/oauth/initiate", new { provider = "sandbox", login_hint = "alice+auto" }, token);
        started.Status.ShouldBe(HttpStatusCode.OK, started.Body);
        using var browser = new FlowBrowser();
        var back = await browser.Open(await browser.FollowUntil((string)started.Json["authorization_url"]!, $"{World.Host.Origin}/oauth/sandbox/callback"));
        var ticket = (string)PopupPage.MessageOf(back)["ticket"]!;
        var flow = (string)started.Json["flow_id"]!;
        ((string)(await World.Host.Get($"/api/v1/oauth/flows/{flow}", token)).Json["status"]!).ShouldBe("awaiting_confirmation");
        var done = await World.Host.Post($"/api/v1/oauth/flows/{flow}/confirm", new { ticket, user_id = user }, token);
        ((bool)done.Json["connected"]!).ShouldBeTrue(done.Body);

        var id = (string)done.Json["integration_id"]!;
        ((bool)(await World.Host.Get("/oauth/sandbox/status", token)).Json["connected"]!).ShouldBeTrue();
        ((string)(await World.Host.Get($"/api/v1/oauth/integrations?user_id={user}", token)).Json["integrations"]![0]!["id"]!).ShouldBe(id);
        ((bool)(await World.Host.Get("/oauth/providers", token)).Json["providers"]!.AsArray().Single(provider => (string)provider!["key"]! == "sandbox")!["connected"]!).ShouldBeTrue();
        ((bool)(await World.Host.Post("/oauth/sandbox/refresh", null, token)).Json["success"]!).ShouldBeTrue();
        ((bool)(await World.Host.Post($"/api/v1/oauth/integrations/{id}/refresh", null, token)).Json["success"]!).ShouldBeTrue();
        ((bool)(await World.Host.Delete($"/api/v1/oauth/integrations/{id}", token)).Json["success"]!).ShouldBeTrue();

        // Whose it was, who acted, and by what kind of credential.
        foreach (var action in new[] { "connect_started", "disconnect" })
            (await World.Sql($"SELECT concat_ws(' ', user_id, actor, caller) FROM oauth_audit_log WHERE user_id = '{user}' AND action = '{action}'")).ShouldBe($"{user} agent-7 user:{user}", action);
    }

    [Theory]
    [InlineData(3600), InlineData(-3600)]
    public async Task A_node_whose_clock_is_an_hour_off_takes_a_token_as_long_as_every_other_node(int seconds)
    {
        var node = await World.AddNode(new Dictionary<string, string?> { ["GRANTKEEPER_FAILPOINTS"] = $"clock={seconds}" });
        var (user, now) = (NewUser(), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        (await Ask()).ShouldBe(HttpStatusCode.OK);
        (await Ask(("iat", now - 3600), ("exp", now - 1800))).ShouldBe(HttpStatusCode.Unauthorized);
        (await Ask(("nbf", now + 1800))).ShouldBe(HttpStatusCode.Unauthorized);

        async Task<HttpStatusCode> Ask(params (string Name, object? Value)[] claims) =>
            (await node.Get("/api/v1/oauth/integrations", Issuer.Token(user, [("exp", now + 3000), .. claims]))).Status;
    }

    [Theory]
    [InlineData("user", null, false), InlineData("premium", null, true), InlineData("administrator", null, true)]
    // A request may name fewer roles than the token, and never one more.
    [InlineData("user", "premium", false), InlineData("premium", "user", false), InlineData("premium", "premium", true)]
    public async Task Roles_of_a_token_decide_over_sensitive_scopes(string tokens, string? named, bool isAllowed)
    {
        var token = Issuer.Token(NewUser(), ("roles", new[] { tokens }));
        var reply = await World.Host.Post("/api/v1/oauth/initiate", new { provider = "sandbox", scopes = new[] { "openid", "calendar.write" }, role = named }, token);
        (reply.Status, isAllowed ? null : reply.Code).ShouldBe(isAllowed ? (HttpStatusCode.OK, null) : (HttpStatusCode.Forbidden, "consents.scope_not_allowed"), reply.Body);
        (await World.Host.Post("/api/v1/oauth/initiate", new { provider = "sandbox", scopes = new[] { "openid", "calendar.readonly" } }, token)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Another_users_name_is_refused_and_written_down()
    {
        var (user, other) = (NewUser(), NewUser());
        var id = await World.Connect(other);
        var token = Issuer.Token(user);
        foreach (var path in new[] { "/oauth/sandbox/status", "/oauth/sandbox/auth", "/oauth/providers", "/api/v1/oauth/integrations", $"/api/v1/oauth/integrations/{id}" })
        {
            var refused = await World.Host.Get($"{path}?user_id={other}", token);
            (refused.Status, refused.Code).ShouldBe((HttpStatusCode.Forbidden, "identity.user_foreign"), path);
        }

        (await World.Host.Post("/oauth/sandbox/disconnect", new { user_id = other }, token)).Code.ShouldBe("identity.user_foreign");
        (await World.Host.Delete($"/api/v1/oauth/integrations/{id}", token)).Code.ShouldBe("integrations.not_found");
        (await World.Sql($"SELECT count(*) FROM oauth_audit_log WHERE user_id = '{user}' AND action = 'user_foreign' AND caller = 'user:{user}' AND code = 'identity.user_foreign' AND NOT success")).ShouldBe(6L);
        ((bool)(await World.Host.Get($"/oauth/sandbox/status?user_id={other}")).Json["connected"]!).ShouldBeTrue();
    }

    [Fact]
    public async Task An_administrator_names_others_and_a_user_administers_nothing()
    {
        var (admin, other) = (NewUser(), NewUser());
        var id = await World.Connect(other);
        var token = Issuer.Token(admin, ("roles", new[] { "administrator" }));
        ((bool)(await World.Host.Get($"/oauth/sandbox/status?user_id={other}", token)).Json["connected"]!).ShouldBeTrue();
        ((bool)(await World.Host.Get("/oauth/sandbox/status", token)).Json["connected"]!).ShouldBeFalse("without a name it is the administrator's own");
        (await World.Host.Get("/api/v1/oauth/integrations", token)).Body.ShouldContain(id.ToString());
        (await World.Host.Get("/api/v1/oauth/admin/api-keys", token)).Status.ShouldBe(HttpStatusCode.OK);
        (await World.Host.Get("/oauth/sandbox/status?user_id=~system", token)).Code.ShouldBe("identity.user_invalid");
        (await World.Host.Delete($"/api/v1/oauth/integrations/{id}", token)).Status.ShouldBe(HttpStatusCode.OK);
        (await World.Sql($"SELECT caller FROM oauth_audit_log WHERE user_id = '{other}' AND action = 'disconnect'")).ShouldBe($"user:{admin}");

        foreach (var role in new[] { "user", "premium" })
            (await World.Host.Get("/api/v1/oauth/admin/api-keys", Issuer.Token(NewUser(), ("roles", new[] { role })))).Code.ShouldBe("identity.permission_missing", role);
        (await World.Host.Get("/api/v1/oauth/integrations", Issuer.Token(NewUser()))).Json["integrations"]!.AsArray().ShouldBeEmpty("without a name it is the user's own");
    }

    [Fact]
    public async Task What_trusts_the_caller_with_grants_is_for_keys_alone()
    {
        var user = NewUser();
        var id = await World.Connect(user);
        foreach (var roles in new[] { "user", "administrator" })
        {
            var token = Issuer.Token(user, ("roles", new[] { roles }), ("permissions", new[] { "oauth:read", "oauth:connect", "oauth:admin", "oauth:token:read" }));
            foreach (var refused in new[]
            {
                await World.Host.Get("/oauth/sandbox/token", token), await World.Host.Get($"/oauth/sandbox/token?user_id={user}", token), await World.Host.Get($"/api/v1/oauth/integrations/{id}/token", token),
                await World.Host.Post($"/api/v1/oauth/integrations/{id}/token/rejected", new { generation = 1 }, token),
                await World.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = user }, token),
                // Without the confirmation whoever opens this user's link would connect an account to this user.
                await World.Host.Post("/api/v1/oauth/initiate", new { provider = "sandbox", confirm = false }, token),
                await World.Host.Get("/oauth/sandbox/auth?confirm=false", token),
                await World.Host.Post("/api/v1/oauth/initiate", new { provider = "sandbox", actor = "somebody else" }, token),
            })
                (refused.Status, refused.Code).ShouldBe((HttpStatusCode.Forbidden, "identity.key_required"), refused.Address.AbsolutePath);
        }

        (await World.Sql($"SELECT count(*) FROM oauth_state WHERE user_id = '{user}' AND NOT is_used")).ShouldBe(0L);
    }

    [Fact]
    public async Task Permissions_of_a_token_narrow_its_role()
    {
        var user = NewUser();
        foreach (var narrowed in new (string, object?)[] { ("permissions", new[] { "oauth:read" }), ("scope", "openid oauth:read") })
        {
            var token = Issuer.Token(user, narrowed);
            (await World.Host.Get("/oauth/sandbox/status", token)).Status.ShouldBe(HttpStatusCode.OK);
            (await World.Host.Post("/oauth/sandbox/disconnect", null, token)).Code.ShouldBe("identity.permission_missing");
        }

        (await World.Host.Get("/oauth/sandbox/status", Issuer.Token(user, ("roles", new[] { "visitor" })))).Code.ShouldBe("identity.permission_missing");
        (await World.Host.Get("/oauth/sandbox/status", Issuer.Token(user, ("scope", "openid profile")))).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_longest_user_id_fits_the_audit_log()
    {
        var user = new string('ü', 255);
        var token = Issuer.Token(user);
        (await World.Host.Post("/api/v1/oauth/initiate", new { provider = "sandbox" }, token)).Status.ShouldBe(HttpStatusCode.OK);
        (await World.Sql($"SELECT caller ~ '^user:~[0-9a-f]{{64}}$' FROM oauth_audit_log WHERE user_id = '{user}'")).ShouldBe(true);
        foreach (var odd in new[] { "~system", " x", "a\nb", "" })
            (await World.Host.Get("/oauth/sandbox/status", Issuer.Token(odd))).Code.ShouldBe("identity.unauthenticated", odd);
    }

    [Fact]
    public async Task New_keys_are_fetched_once_and_old_ones_serve_while_they_are_away()
    {
        await using var issuer = await HostIssuer.Start();
        await using var world = await FlowWorld.Start(HostKind.Server, issuer.Settings);
        var old = issuer.Token("u");
        (await world.Host.Get("/oauth/providers", old)).Status.ShouldBe(HttpStatusCode.OK);
        issuer.Fetches.ShouldBe(1);

        issuer.Rotate("second");
        foreach (var token in new[] { issuer.Token("u"), issuer.Token("u"), old })
            (await world.Host.Get("/oauth/providers", token)).Status.ShouldBe(HttpStatusCode.OK);
        issuer.Fetches.ShouldBe(2);
        // Invented names of keys drive no traffic.
        foreach (var n in Enumerable.Range(0, 20))
            (await world.Host.Get("/oauth/providers", issuer.Sign(HostIssuer.Header(("kid", $"k{n}")), HostIssuer.Claims("u")))).Code.ShouldBe("identity.unauthenticated");
        issuer.Fetches.ShouldBe(2);

        issuer.IsAway = true;
        (await world.Host.Get("/oauth/providers", old)).Status.ShouldBe(HttpStatusCode.OK);
        var node = await world.AddNode();
        var refused = await node.Get("/oauth/providers", old);
        (refused.Status, refused.Code, refused.Header("Retry-After")).ShouldBe((HttpStatusCode.ServiceUnavailable, "identity.keys_unavailable", "2"));
        (await node.Get("/oauth/providers")).Status.ShouldBe(HttpStatusCode.OK, "keys of back ends need no identity provider");
    }

    [Fact]
    public async Task With_a_shared_secret_HS256_is_taken_and_nothing_else()
    {
        var secret = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        var settings = new Dictionary<string, string?>(Issuer.Settings) { ["GRANTKEEPER_JWT_JWKS_URI"] = null, ["GRANTKEEPER_JWT_SECRET"] = secret };
        await using var world = await FlowWorld.Start(HostKind.Embedded, settings);
        string Hs256(string key, string user) => HostIssuer.Signed("""{"alg":"HS256"}""", HostIssuer.Claims(user), data => HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), data));
        (await world.Host.Get("/oauth/providers", Hs256(secret, "u"))).Status.ShouldBe(HttpStatusCode.OK);
        (await world.Host.Get("/oauth/providers", Hs256(secret + "x", "u"))).Code.ShouldBe("identity.unauthenticated");
        (await world.Host.Get("/oauth/providers", Issuer.Token("u"))).Code.ShouldBe("identity.unauthenticated");
        world.Host.Logs.Text.ShouldNotContain(secret);
    }

    [Fact]
    public async Task Without_the_settings_a_token_is_no_credential()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        (await world.Host.Get("/oauth/providers", Issuer.Token("u"))).Code.ShouldBe("identity.key_invalid");
    }

    [Fact]
    public async Task A_second_factor_is_asked_for_where_grants_end_and_where_keys_are_made()
    {
        var settings = new Dictionary<string, string?>(Issuer.Settings) { ["GRANTKEEPER_JWT_MFA_CLAIM"] = "amr", ["GRANTKEEPER_JWT_MFA_VALUES"] = "mfa hwk", ["GRANTKEEPER_JWT_MFA_MAX_AGE"] = "00:10:00" };
        await using var world = await FlowWorld.Start(HostKind.Server, settings);
        var user = NewUser();
        var id = await world.Connect(user);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        (string, object?) At(long seconds) => ("auth_time", seconds);
        foreach (var weak in new[]
        {
            Issuer.Token(user), Issuer.Token(user, ("amr", new[] { "pwd" }), At(now)), Issuer.Token(user, ("amr", new[] { "mfa" })), Issuer.Token(user, ("amr", new[] { "mfa" }), At(now - 700)),
            Issuer.Token(user, ("amr", new[] { "mfa" }), At(now + 700)), Issuer.Token(user, ("amr", new[] { "MFA" }), At(now)), Issuer.Token(user, ("amr", "mfa"), ("auth_time", "now")),
        })
        {
            foreach (var refused in new[] { await world.Host.Post("/oauth/sandbox/disconnect", null, weak), await world.Host.Delete($"/api/v1/oauth/integrations/{id}", weak) })
                (refused.Status, refused.Code).ShouldBe((HttpStatusCode.Forbidden, "identity.mfa_required"), weak);
            (await world.Host.Get("/oauth/sandbox/status", weak)).Status.ShouldBe(HttpStatusCode.OK, "looking needs none");
        }

        (await world.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "x", permissions = new[] { "oauth:revoke" } }, Issuer.Token(user, ("roles", "administrator")))).Code.ShouldBe("identity.mfa_required");
        ((bool)(await world.Host.Get($"/oauth/sandbox/status?user_id={user}")).Json["connected"]!).ShouldBeTrue();
        (await world.Host.Delete($"/api/v1/oauth/integrations/{id}", Issuer.Token(user, ("amr", new[] { "pwd", "hwk" }), At(now - 500)))).Status.ShouldBe(HttpStatusCode.OK);
        (await world.Host.Post("/oauth/sandbox/disconnect", new { user_id = user })).Status.ShouldBe(HttpStatusCode.OK, "a key has no second factor");
    }
}
