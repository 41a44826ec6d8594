using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>What can be asked for: the catalogue, its table, strictness (R180, R181) and roles (R182).</summary>
[Trait("category", "routes")]
public sealed class ScopeTests : IAsyncLifetime
{
    private const string Path = "/api/v1/oauth/scopes";
    private FlowWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await FlowWorld.Start(HostKind.Server, FlowWorld.MoreProviders);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Catalogue_says_of_each_scope_what_it_is_and_whether_the_user_granted_it()
    {
        await _world.Connect("user_1");
        var entries = (await _world.Host.Get($"{Path}?provider=sandbox&user_id=user_1")).Json["scopes"]!.AsArray().ToDictionary(entry => (string)entry!["scope"]!, entry => entry!);
        entries.Count.ShouldBe(7);
        ((string)entries["calendar.write"]["display_name"]!, (string)entries["calendar.write"]["category"]!, (bool)entries["calendar.write"]["sensitive"]!, (bool)entries["calendar.write"]["granted"]!)
            .ShouldBe(("Change events", "calendar", true, false));
        ((bool)entries["openid"]["required"]!, (bool)entries["openid"]["granted"]!, (bool)entries["calendar.readonly"]["granted"]!).ShouldBe((true, true, true));
        // Nobody named: nobody's grants. Somebody else's are not shown.
        (await _world.Host.Get($"{Path}?provider=sandbox")).Json["scopes"]![0]!["granted"].ShouldBeNull();
        (await _world.Host.Get($"{Path}?user_id=user_2")).Json["scopes"]!.AsArray().ShouldNotContain(entry => (bool)entry!["granted"]!);
        (await _world.Host.Get($"{Path}?provider=nowhere")).Code.ShouldBe("providers.unknown");
        (await _world.Host.Get($"{Path}?user_id=")).Code.ShouldBe("identity.user_invalid");
    }

    [Fact]
    public async Task Table_of_scopes_follows_the_catalogue_and_is_written_only_when_it_changed()
    {
        await _world.Until("SELECT count(DISTINCT provider) >= 8 FROM oauth_scopes WHERE display_name <> ''");
        (await _world.Sql("SELECT is_dangerous FROM oauth_scopes WHERE provider = 'google' AND scope_name = 'https://www.googleapis.com/auth/gmail.send'")).ShouldBe(true);
        (await _world.Sql("SELECT is_required FROM oauth_scopes WHERE provider = 'sandbox' AND scope_name = 'openid'")).ShouldBe(true);
        var writtenAt = await _world.Sql("SELECT written_at FROM scope_catalogue");
        // Another node with the same catalogue writes nothing, also not what was removed by hand.
        await _world.Sql("DELETE FROM oauth_scopes WHERE provider = 'sandbox'");
        var same = await _world.AddNode();
        (await same.Services.GetRequiredService<Grantkeeper.Consents.ScopeTable>().Write(TestContext.Current.CancellationToken)).ShouldBeFalse();
        (await _world.Sql("SELECT written_at FROM scope_catalogue")).ShouldBe(writtenAt);
        // A row of an earlier system stays; a catalogue that says something else is written.
        await _world.Sql("INSERT INTO oauth_scopes (id, legacy_id, provider, scope_name) VALUES (gen_random_uuid(), 7, 'elsewhere', 'old')");
        var other = await _world.AddNode(new Dictionary<string, string?> { ["Grantkeeper:Providers:sandbox:scopes:files.write:display_name"] = "Change files" });
        await _world.Until("SELECT count(*) = 1 FROM oauth_scopes WHERE provider = 'sandbox' AND scope_name = 'files.write' AND display_name = 'Change files'");
        (await _world.Sql("SELECT count(*) FROM oauth_scopes WHERE provider = 'elsewhere'")).ShouldBe(1L);
        (await _world.Sql("SELECT count(*) FROM oauth_scopes WHERE provider = 'sandbox'")).ShouldBe(8L);
    }

    [Fact]
    public async Task Unknown_scopes_are_refused_by_name_unless_the_catalogue_is_partial_or_there_is_none()
    {
        var refused = await Initiate("sandbox", new { scopes = new[] { "openid", "calendar.everything", "mail" } });
        (refused.Status, refused.Code).ShouldBe((HttpStatusCode.UnprocessableEntity, "consents.scope_unknown"), refused.Body);
        refused.Json["errors"]!.AsArray().Select(item => (string)item!).ShouldBe(["calendar.everything", "mail"]);
        (await _world.Host.Get("/oauth/sandbox/auth?user_id=user_1&scopes=openid%20mail")).Code.ShouldBe("consents.scope_unknown");
        (await _world.Sql("SELECT count(*) FROM oauth_state")).ShouldBe(0L);
        // This manifest lists no scopes: everything may be asked for.
        (await Initiate("plain", new { scopes = new[] { "anything" } })).Status.ShouldBe(HttpStatusCode.OK);

        var open = await _world.AddNode(new Dictionary<string, string?> { ["Grantkeeper:Providers:sandbox:scope_listing"] = "partial" });
        (await Initiate("sandbox", new { scopes = new[] { "openid", "mail" } }, open)).Status.ShouldBe(HttpStatusCode.OK);
        // What the catalogue does not describe may open anything.
        (await Initiate("sandbox", new { scopes = new[] { "mail" }, role = "user" }, open)).Code.ShouldBe("consents.scope_not_allowed");
    }

    [Fact]
    public async Task Role_decides_over_sensitive_scopes_and_a_policy_over_any()
    {
        var refused = await Initiate("sandbox", new { scopes = new[] { "calendar.readonly", "calendar.write" }, role = "user" });
        (refused.Status, refused.Code, (string)refused.Json["errors"]!.AsArray().Single()!).ShouldBe((HttpStatusCode.Forbidden, "consents.scope_not_allowed", "calendar.write"), refused.Body);
        (await _world.Host.Get("/oauth/sandbox/auth?user_id=user_1&scopes=calendar.write&role=user")).Code.ShouldBe("consents.scope_not_allowed");
        foreach (var role in new[] { "premium", "administrator" })
            (await Initiate("sandbox", new { scopes = new[] { "calendar.write" }, role })).Status.ShouldBe(HttpStatusCode.OK);
        // A back end that names no role acts for the host.
        (await Initiate("sandbox", new { scopes = new[] { "calendar.write" } })).Status.ShouldBe(HttpStatusCode.OK);

        var strict = await _world.AddNode(new Dictionary<string, string?>
        {
            ["Grantkeeper:Scopes:Policy:0:Provider"] = "sandbox", ["Grantkeeper:Scopes:Policy:0:Scopes:0"] = "files.readonly", ["Grantkeeper:Scopes:Policy:0:Roles:0"] = "clerk",
        });
        (await Initiate("sandbox", new { scopes = new[] { "files.readonly" }, role = "premium" }, strict)).Code.ShouldBe("consents.scope_not_allowed");
        (await Initiate("sandbox", new { scopes = new[] { "files.readonly", "calendar.write" }, role = "clerk" }, strict)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Session_asks_for_no_more_than_the_role_that_it_was_made_for_whatever_its_browser_names()
    {
        var limited = await Session("user");
        foreach (var role in new string?[] { null, "premium", "administrator" })
            (await Ask(limited, role)).Code.ShouldBe("consents.scope_not_allowed", role);
        (await Ask(await Session("premium"), null)).Status.ShouldBe(HttpStatusCode.OK);
        (await Ask(await Session("premium"), "user")).Code.ShouldBe("consents.scope_not_allowed", "it may narrow itself");
        (await Ask(await Session(null), null)).Status.ShouldBe(HttpStatusCode.OK, "its back end has named no role");
        foreach (var role in new[] { "", new string('r', 61), "a\nb" })
            (await _world.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = "user_1", role })).Code.ShouldBe("requests.invalid");

        async Task<string> Session(string? role) => (string)(await _world.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = "user_1", role })).Json["token"]!;
        Task<FlowReply> Ask(string session, string? role) => _world.Host.Post("/api/v1/oauth/initiate", new { provider = "sandbox", scopes = new[] { "calendar.write" }, role }, session);
    }

    private Task<FlowReply> Initiate(string provider, object more, FlowHost? host = null)
    {
        var body = new JsonObject { ["provider"] = provider, ["user_id"] = "user_1" };
        foreach (var property in more.GetType().GetProperties())
            body[property.Name] = System.Text.Json.JsonSerializer.SerializeToNode(property.GetValue(more));
        return (host ?? _world.Host).Post("/api/v1/oauth/initiate", body);
    }
}
