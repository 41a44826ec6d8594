using System.Net;
using System.Text.Json.Nodes;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>What becomes of integrations after they were connected: changed, switched, synced, and many at once.</summary>
[Trait("category", "routes")]
public sealed class LifecycleTests : IAsyncLifetime
{
    private const string Path = "/api/v1/oauth/integrations";
    private FlowWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await FlowWorld.Start(HostKind.Server, FlowWorld.MoreProviders);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Label_and_metadata_are_merged_and_shown()
    {
        var id = await _world.Connect("user_1");
        var first = (await Patch(id, new { user_id = "user_1", label = "  Work  ", metadata = new { plan = "pro", nested = new { a = 1, b = 2 } } })).Json;
        ((string)first["label"]!, (string)first["metadata"]!["plan"]!).ShouldBe(("Work", "pro"));
        // RFC 7396: null removes, an object is merged, anything else replaces.
        var second = (await PatchJson(id, """{"metadata":{"plan":null,"nested":{"b":null,"c":[1]}}}""")).Json;
        second["metadata"]!.ToJsonString().ShouldBe("""{"nested":{"a":1,"c":[1]}}""");
        ((string)second["label"]!).ShouldBe("Work");
        var third = (await PatchJson(id, """{"label":null,"metadata":null}""")).Json;
        (third["label"]?.ToString(), third["metadata"]!.ToJsonString()).ShouldBe((null, "{}"));
        ((string?)(await _world.Host.Get($"{Path}?user_id=user_1")).Json["integrations"]![0]!["label"]).ShouldBeNull();
        (await _world.Sql("SELECT count(*) FROM oauth_audit_log WHERE action = 'integration_changed' AND user_id = 'user_1'")).ShouldBe(3L);
        // A refresh never overwrites what the host wrote.
        await PatchJson(id, """{"metadata":{"plan":"pro"},"label":"Work"}""");
        await _world.Expire(id);
        (await _world.Host.Get("/oauth/sandbox/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK);
        var after = (await _world.Host.Get($"{Path}/{id}")).Json;
        ((string)after["label"]!, (string)after["metadata"]!["plan"]!).ShouldBe(("Work", "pro"));
    }

    [Theory]
    [InlineData("{}", 1), InlineData("""{"is_primary":false}""", 1), InlineData("""{"label":""}""", 1), InlineData("""{"label":7,"metadata":[1]}""", 2), InlineData("""{"label":"a\u0000b"}""", 1)]
    [InlineData("""{"metadata":{"access_token":"x"}}""", 1), InlineData("""{"metadata":{"a":{"Refresh_Token":"x","b":[{"client_secret":"y"}]}}}""", 2)]
    [InlineData("""{"metadata":{"a":{"b":{"c":{"d":{"e":1}}}}}}""", 1), InlineData("""{"metadata":{"a":"\u0000"}}""", 1)]
    public async Task Faulty_patch_changes_nothing_and_names_every_fault(string body, int faults)
    {
        var id = await _world.Connect("user_1");
        var reply = await PatchJson(id, body);
        (reply.Code, reply.Json["errors"]!.AsArray().Count).ShouldBe(("requests.invalid", faults), reply.Body);
        (await _world.Sql("SELECT metadata::text || coalesce(label, '-') FROM oauth_integrations")).ShouldBe("{}-");
        (await PatchJson(id, "{\"metadata\":{\"big\":\"" + new string('x', 8200) + "\"}}")).Code.ShouldBe("requests.invalid");
    }

    [Fact]
    public async Task Primary_account_is_chosen_and_provider_addressed_calls_follow()
    {
        var alice = await _world.Connect("user_1");
        var bob = await _world.Connect("user_1", "bob+auto");
        ((Guid)(await _world.Host.Get("/oauth/sandbox/token?user_id=user_1")).Json["integration_id"]!).ShouldBe(alice);
        ((bool)(await Patch(bob, new { is_primary = true })).Json["is_primary"]!).ShouldBeTrue();
        ((Guid)(await _world.Host.Get("/oauth/sandbox/token?user_id=user_1")).Json["integration_id"]!).ShouldBe(bob);
        ((bool)(await _world.Host.Get($"{Path}/{alice}")).Json["is_primary"]!).ShouldBeFalse();
        (await _world.Sql("SELECT count(*) FROM oauth_integrations WHERE is_primary")).ShouldBe(1L);
    }

    [Fact]
    public async Task Switched_off_it_serves_nothing_on_any_node_keeps_its_grant_and_comes_back()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?> { ["Grantkeeper:Cache:Life"] = null });
        var other = await world.AddNode();
        var id = await world.Connect("user_1");
        (await other.Get("/oauth/sandbox/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK);
        var off = await world.Host.Send(HttpMethod.Patch, $"{Path}/{id}", new { is_active = false }, FlowHost.ApiKey);
        ((string)off.Json["status"]!, (string)off.Json["reason"]!, (bool)off.Json["is_active"]!).ShouldBe(("inactive", "switched_off", false), off.Body);
        // The answer came when every node had heard.
        (await other.Get("/oauth/sandbox/token?user_id=user_1")).Code.ShouldBe("tokens.inactive");
        (await world.Host.Get("/oauth/sandbox/token?user_id=user_1")).Code.ShouldBe("tokens.inactive");
        (await world.Host.Post($"{Path}/{id}/refresh", new { })).Code.ShouldBe("tokens.inactive");
        (await world.Sql("SELECT refresh_token IS NOT NULL FROM oauth_tokens")).ShouldBe(true);

        ((string)(await world.Host.Send(HttpMethod.Patch, $"{Path}/{id}", new { is_active = true }, FlowHost.ApiKey)).Json["status"]!).ShouldBe("active");
        (await other.Get("/oauth/sandbox/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK);
        (await world.Sql("SELECT string_agg(action, ' ' ORDER BY id) FROM oauth_audit_log WHERE action LIKE 'switched%'")).ShouldBe("switched_off switched_on");
    }

    [Fact]
    public async Task Moves_that_only_the_provider_or_the_user_can_make_are_refused()
    {
        var id = await _world.Connect("user_1");
        await _world.Sql("UPDATE oauth_integrations SET status = 'error', reason = 'reauthorization_required'");
        (await Patch(id, new { is_active = true })).Code.ShouldBe("integrations.status_conflict");
        await _world.Sql("UPDATE oauth_integrations SET status = 'pending', reason = NULL");
        (await Patch(id, new { is_active = false })).Code.ShouldBe("integrations.status_conflict");
        await _world.Sql("UPDATE oauth_integrations SET status = 'active'");
        await _world.Host.Delete($"{Path}/{id}");
        (await Patch(id, new { label = "x" })).Code.ShouldBe("integrations.status_conflict");
        (await Patch(Guid.NewGuid(), new { label = "x" })).Code.ShouldBe("integrations.not_found");
        (await Patch(id, new { user_id = "somebody_else", label = "x" })).Code.ShouldBe("integrations.not_found");
    }

    [Fact]
    public async Task Sync_renews_what_has_ended_and_takes_over_the_accounts_new_name()
    {
        var id = await _world.Connect("user_1");
        await _world.Expire(id);
        await _world.Sql("UPDATE oauth_integrations SET account_name = 'Old Name', last_sync_at = NULL, status = 'pending'");
        var synced = await _world.Host.Post($"{Path}/{id}/sync", new { });
        synced.Status.ShouldBe(HttpStatusCode.OK, synced.Body);
        ((bool)synced.Json["success"]!, (string)synced.Json["integration"]!["account"]!["display_name"]!, (string)synced.Json["integration"]!["status"]!).ShouldBe((true, "Alice Archer", "active"));
        synced.Json["integration"]!["last_sync_at"].ShouldNotBeNull();
        (await _world.Sql("SELECT generation FROM oauth_tokens")).ShouldBe(2L);
        (await _world.Sql("SELECT count(*) FROM oauth_integrations")).ShouldBe(1L);
        synced.Body.ShouldNotContain("token\"");
    }

    [Fact]
    public async Task Sync_writes_nothing_over_a_consent_that_came_meanwhile()
    {
        var id = await _world.Connect("user_1", provider: "plain");
        var held = _world.Tap.Hold("/userinfo");
        var syncing = _world.Host.Post($"{Path}/{id}/sync", new { });
        await held.Arrived;
        await _world.Sql("UPDATE oauth_integrations SET epoch = epoch + 1, account_name = 'Newer'; UPDATE oauth_tokens SET epoch = epoch + 1");
        held.Release();
        (await syncing).Status.ShouldBe(HttpStatusCode.OK);
        (await _world.Sql("SELECT account_name FROM oauth_integrations")).ShouldBe("Newer");
    }

    [Fact]
    public async Task Sync_freezes_a_grant_that_opens_another_account_now()
    {
        var id = await _world.Connect("user_1", provider: "plain");
        await _world.Sql("UPDATE oauth_integrations SET provider_account_id = 'somebody-else'");
        var synced = await _world.Host.Post($"{Path}/{id}/sync", new { });
        ((bool)synced.Json["success"]!, (string)synced.Json["error"]!["code"]!, (string)synced.Json["integration"]!["reason_detail"]!).ShouldBe((false, "integrations.account_mismatch", "account_changed"), synced.Body);
        (await _world.Host.Get("/oauth/plain/token?user_id=user_1")).Code.ShouldBe("tokens.reauthorization_required");
    }

    [Fact]
    public async Task Off_and_on_again_makes_no_refused_grant_good_only_its_user_does()
    {
        var id = await _world.Connect("user_1", provider: "plain");
        var account = await _world.Sql("SELECT provider_account_id FROM oauth_integrations");
        await _world.Sql("UPDATE oauth_integrations SET provider_account_id = 'somebody-else'");
        await _world.Host.Post($"{Path}/{id}/sync", new { });
        var off = await Patch(id, new { is_active = false });
        ((string)off.Json["status"]!, (string)off.Json["reason"]!, (string)off.Json["reason_detail"]!).ShouldBe(("inactive", "switched_off", "account_changed"), off.Body);
        var on = await Patch(id, new { is_active = true });
        on.Code.ShouldBe("integrations.status_conflict");
        on.Body.ShouldContain("connect the account again");
        (await _world.Host.Get("/oauth/plain/token?user_id=user_1")).Code.ShouldBe("tokens.inactive");
        (await _world.Sql("SELECT is_active FROM oauth_tokens")).ShouldBe(false);

        await _world.Sql($"UPDATE oauth_integrations SET provider_account_id = '{account}'");
        (await _world.Connect("user_1", provider: "plain")).ShouldBe(id);
        (await _world.Host.Get("/oauth/plain/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK);
        (await _world.Sql("SELECT reason_detail IS NULL AND reason IS NULL FROM oauth_integrations")).ShouldBe(true);

        // What is left of a grant that nothing renewed.
        await _world.Sql("DELETE FROM oauth_tokens; UPDATE oauth_integrations SET status = 'expired', reason = 'reauthorization_required', reason_detail = 'expired_without_refresh'");
        (await Patch(id, new { is_active = false })).Status.ShouldBe(HttpStatusCode.OK);
        (await Patch(id, new { is_active = true })).Code.ShouldBe("integrations.status_conflict");
    }

    [Fact]
    public async Task Sync_of_all_goes_on_where_one_fails()
    {
        await _world.Connect("user_1");
        var second = await _world.Connect("user_1", provider: "second");
        await _world.Connect("user_1", provider: "plain");
        await _world.Connect("user_2");
        await _world.Expire(second);
        await _world.Sql($"UPDATE oauth_tokens SET refresh_token = NULL WHERE integration_id = '{second}'");
        var synced = (await _world.Host.Post($"{Path}/sync", new { user_id = "user_1" })).Json;
        ((int)synced["total"]!, (int)synced["succeeded"]!, (int)synced["failed"]!, (bool)synced["has_more"]!).ShouldBe((3, 2, 1, false), synced.ToJsonString());
        var failed = synced["results"]!.AsArray().Single(result => !(bool)result!["success"]!)!;
        ((Guid)failed["integration"]!["id"]!, (string)failed["error"]!["code"]!).ShouldBe((second, "tokens.reauthorization_required"));
        (await _world.Sql("SELECT count(*) FROM oauth_integrations WHERE user_id = 'user_1'")).ShouldBe(3L);
        ((int)(await _world.Host.Post($"{Path}/sync", new { user_id = "user_1", provider = "plain" })).Json["total"]!).ShouldBe(1);
        (await _world.Host.Post($"{Path}/sync", new { user_id = "user_1", provider = "nobody" })).Code.ShouldBe("providers.unknown");
    }

    [Fact]
    public async Task Many_are_renewed_and_disconnected_with_progress()
    {
        for (var user = 1; user <= 3; user++)
            await _world.Connect($"user_{user}");
        var broken = await _world.Connect("user_1", provider: "plain");
        await _world.Sql($"UPDATE oauth_tokens SET refresh_token = NULL WHERE integration_id = '{broken}'");

        var begun = await _world.Host.Post($"/api/v1/oauth/bulk/refresh", new { });
        begun.Status.ShouldBe(HttpStatusCode.Accepted, begun.Body);
        ((string)begun.Json["action"]!, (int)begun.Json["total"]!).ShouldBe(("refresh", 4));
        var done = await Finished((Guid)begun.Json["id"]!);
        ((int)done["done"]!, (int)done["succeeded"]!, (int)done["failed"]!).ShouldBe((4, 3, 1), done.ToJsonString());
        ((Guid)done["failures"]![0]!["integration_id"]!, (string)done["failures"]![0]!["code"]!).ShouldBe((broken, "tokens.refresh_unsupported"));
        (await _world.Sql("SELECT count(*) FROM oauth_tokens WHERE generation = 2")).ShouldBe(3L);

        var one = await _world.Host.Post($"/api/v1/oauth/bulk/disconnect", new { user_id = "user_1" });
        ((int)(await Finished((Guid)one.Json["id"]!, "user_1"))["succeeded"]!).ShouldBe(2);
        (await _world.Sql("SELECT count(*) FROM oauth_integrations WHERE status = 'revoked' AND user_id = 'user_1'")).ShouldBe(2L);
        (await _world.Sql("SELECT count(*) FROM oauth_integrations WHERE status = 'active'")).ShouldBe(2L);
        (await _world.Sql("SELECT count(*) FROM outbox WHERE finished_at IS NOT NULL")).ShouldBe(1L);
        // Somebody else's operation is an unknown one.
        (await _world.Host.Get($"/api/v1/oauth/bulk/{one.Json["id"]}?user_id=user_2")).Code.ShouldBe("integrations.operation_not_found");
        (await _world.Host.Get($"/api/v1/oauth/bulk/{Guid.NewGuid()}")).Code.ShouldBe("integrations.operation_not_found");
    }

    [Fact]
    public async Task Operation_is_gone_on_with_by_another_node_and_can_be_cancelled()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?> { ["Grantkeeper:RunWorkers"] = "false" });
        var first = await world.Connect("user_1");
        var second = await world.Connect("user_1", "bob+auto");
        var begun = (await world.Host.Post($"/api/v1/oauth/bulk/refresh", new { user_id = "user_1" })).Json;
        ((string)begun["status"]!, (int)begun["done"]!).ShouldBe(("running", 0));
        // A node did the first and died; its claim has ended.
        await world.Sql($"UPDATE bulk_operations SET after_id = '{first}', succeeded = 1, claimed_until = now() - interval '1 second'");
        var worker = await world.AddNode(new Dictionary<string, string?> { ["Grantkeeper:RunWorkers"] = "true" });
        await world.Until("SELECT status = 'finished' FROM bulk_operations");
        ((int)(await worker.Get($"/api/v1/oauth/bulk/{begun["id"]}")).Json["succeeded"]!).ShouldBe(2);
        (await world.Sql($"SELECT generation FROM oauth_tokens WHERE integration_id = '{first}'")).ShouldBe(1L);
        (await world.Sql($"SELECT generation FROM oauth_tokens WHERE integration_id = '{second}'")).ShouldBe(2L);

        await using var idle = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?> { ["Grantkeeper:RunWorkers"] = "false" });
        await idle.Connect("user_1");
        var waiting = (Guid)(await idle.Host.Post($"/api/v1/oauth/bulk/disconnect", new { user_id = "user_1" })).Json["id"]!;
        ((string)(await idle.Host.Delete($"/api/v1/oauth/bulk/{waiting}")).Json["status"]!).ShouldBe("cancelled");
        (await idle.Sql("SELECT status FROM oauth_integrations")).ShouldBe("active");
    }

    [Fact]
    public async Task List_is_narrowed_to_a_status()
    {
        var id = await _world.Connect("user_1");
        await _world.Connect("user_1", "bob+auto");
        await Patch(id, new { is_active = false });
        var found = (await _world.Host.Get($"{Path}?user_id=user_1&status=inactive")).Json["integrations"]!.AsArray();
        found.Select(entry => (Guid)entry!["id"]!).ShouldBe([id]);
        (await _world.Host.Get($"{Path}?user_id=user_1&status=asleep")).Code.ShouldBe("requests.invalid");
    }

    private async Task<JsonNode> Finished(Guid id, string? user = null)
    {
        await _world.Until($"SELECT status = 'finished' FROM bulk_operations WHERE id = '{id}'");
        return (await _world.Host.Get($"/api/v1/oauth/bulk/{id}{(user is null ? "" : $"?user_id={user}")}")).Json;
    }

    private Task<FlowReply> Patch(Guid id, object body) => _world.Host.Send(HttpMethod.Patch, $"{Path}/{id}", body, FlowHost.ApiKey);

    private Task<FlowReply> PatchJson(Guid id, string json) => Patch(id, JsonNode.Parse(json)!);
}
