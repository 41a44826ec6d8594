using System.Net;
using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Faults;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Who did what: every operation leaves its row, and the rows are found by filters, page by page or as one document.</summary>
[Trait("category", "audit")]
public sealed class AuditTests
{
    private const string Audit = "/api/v1/oauth/audit";

    private static readonly string[] Members =
    [
        "id", "at", "action", "user_id", "actor", "caller", "integration_id", "provider", "scopes", "ip_address", "user_agent", "success", "code", "duration_ms", "count", "node", "node_sequence", "correlation_id",
    ];

    [Fact]
    public async Task Every_operation_leaves_a_row_that_says_who_asked_from_where_and_how_it_ended()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var host = world.Host;
        var id = await world.Connect("user_1", more: new { actor = "agent_7" });
        await host.Get($"/oauth/sandbox/token?user_id=user_1");
        await host.Post($"/api/v1/oauth/integrations/{id}/refresh");
        await host.Post($"/api/v1/oauth/integrations/{id}/sync");
        await host.Send(HttpMethod.Patch, $"/api/v1/oauth/integrations/{id}", new { label = "Work" }, FlowHost.ApiKey);
        await host.Post("/oauth/sandbox/disconnect", new { user_id = "user_1" });
        var (denied, refusal, _) = await world.ReachCallback("user_2", "deny+auto");
        using (denied)
            await denied.Open(refusal);
        world.Break(new Fault(FaultEndpoint.Token, FaultMode.Html, 500));
        var (failed, callback, _) = await world.ReachCallback("user_3", confirm: false);
        using (failed)
            await failed.Open(callback);
        var operation = (string)(await host.Post("/api/v1/oauth/bulk/refresh", new { user_id = "nobody" })).Json["id"]!;
        await host.Post("/api/v1/oauth/admin/cleanup");
        await host.Post("/api/v1/oauth/admin/sign-in-links");
        var key = (string)(await host.Post("/api/v1/oauth/admin/api-keys", new { name = "a", permissions = new[] { "oauth:read" } })).Json["id"]!;
        await host.Delete($"/api/v1/oauth/admin/api-keys/{key}");
        await host.Send(HttpMethod.Put, "/api/v1/oauth/admin/clients/google", new { client_id = "id", client_secret = "secret of its own" }, FlowHost.ApiKey);
        await host.Get($"{Audit}/export?format=csv&user_id=user_1");
        await world.Until("SELECT EXISTS (SELECT FROM oauth_audit_log WHERE action = 'token_read')");

        var rows = (await host.Get($"{Audit}?limit=200")).Json["audit"]!.AsArray();
        string[] expected =
        [
            "connect_started", "connect", "token_read", "refresh", "sync", "integration_changed", "disconnect", "connect_denied", "connect_failed", "bulk_started", "cleaned_up", "sign_in_link_created",
            "api_key_created", "api_key_revoked", "client_changed", "audit_exported",
        ];
        rows.Select(row => (string)row!["action"]!).Distinct().ShouldBeSubsetOf([.. expected, "provider_revocation"]);
        expected.ShouldBeSubsetOf(rows.Select(row => (string)row!["action"]!).Distinct());
        foreach (var row in rows)
            row!.AsObject().Select(member => member.Key).ShouldBe(Members);

        var connected = rows.Single(row => (string)row!["action"]! == "connect")!;
        ((string)connected["user_id"]!, (string)connected["actor"]!, (string)connected["integration_id"]!, (string)connected["provider"]!, (bool)connected["success"]!).ShouldBe(("user_1", "agent_7", id.ToString(), "sandbox", true));
        connected["scopes"]!.AsArray().Select(scope => (string)scope!).ShouldContain("openid");
        ((int)connected["duration_ms"]!).ShouldBeGreaterThanOrEqualTo(0);
        ((string)connected["ip_address"]!).ShouldBeOneOf("127.0.0.1", "::1");
        var renewed = rows.Single(row => (string)row!["action"]! == "refresh")!;
        ((string)renewed["caller"]!).ShouldBe("key:bootstrap");
        ((string)renewed["correlation_id"]!).ShouldNotBeNullOrEmpty();
        var refused = rows.Single(row => (string)row!["action"]! == "connect_denied")!;
        ((bool)refused["success"]!, (string)refused["code"]!).ShouldBe((false, "connect.access_denied"));
        operation.ShouldNotBeNullOrEmpty();
        rows.Single(row => (string)row!["action"]! == "bulk_started")!["code"]!.GetValue<string>().ShouldBe("refresh");
        rows.Select(row => (DateTimeOffset)row!["at"]!).ShouldBe(rows.Select(row => (DateTimeOffset)row!["at"]!).OrderDescending());
    }

    [Fact]
    public async Task Each_filter_finds_its_rows_and_no_others()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        await world.Sql(
            """
            INSERT INTO oauth_audit_log (user_id, id, integration_id, action, provider, actor, caller, success, created_at)
            SELECT 'user_' || n % 3, gen_random_uuid(), ('00000000-0000-0000-0000-00000000000' || n % 4)::uuid, (ARRAY['connect', 'refresh', 'refresh_failed'])[n % 3 + 1],
                (ARRAY['google', 'bing'])[n % 2 + 1], CASE WHEN n % 5 = 0 THEN 'agent' END, CASE WHEN n % 7 = 0 THEN 'key:1' END, n % 11 <> 0, '2026-01-01Z'::timestamptz + n * interval '1 hour'
            FROM generate_series(0, 99) n
            """);
        foreach (var (query, condition) in new[]
        {
            ("", "true"), ("user_id=user_1", "user_id = 'user_1'"), ("provider=bing", "provider = 'bing'"), ("action=refresh_failed", "action = 'refresh_failed'"), ("success=false", "NOT success"),
            ("success=true&provider=google", "success AND provider = 'google'"), ("integration_id=00000000-0000-0000-0000-000000000002", "integration_id = '00000000-0000-0000-0000-000000000002'"),
            ("actor=agent", "actor = 'agent'"), ("caller=key:1", "caller = 'key:1'"), ("from=2026-01-03T00:00:00Z", "created_at >= '2026-01-03Z'"), ("to=2026-01-03T00:00:00Z", "created_at < '2026-01-03Z'"),
            ("from=2026-01-02T01:00:00%2B01:00&to=2026-01-03T00:00:00Z&user_id=user_0&action=connect", "created_at >= '2026-01-02Z' AND created_at < '2026-01-03Z' AND user_id = 'user_0' AND action = 'connect'"),
        })
        {
            var reply = await world.Host.Get($"{Audit}?limit=200&{query}");
            reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
            var ids = reply.Json["audit"]!.AsArray().Select(row => (string)row!["id"]!).ToArray();
            ids.Length.ShouldBeGreaterThan(0, query);
            string.Join(' ', ids).ShouldBe((string)(await world.Sql($"SELECT string_agg(id::text, ' ' ORDER BY created_at DESC, id DESC) FROM oauth_audit_log WHERE {condition}"))!, query);
        }
    }

    [Fact]
    public async Task Pages_neither_repeat_nor_miss_a_row_while_new_ones_come()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        // Rows of one transaction have one time; their ids keep them apart.
        await world.Sql("INSERT INTO oauth_audit_log (user_id, id, action) SELECT 'user_1', gen_random_uuid(), 'connect' FROM generate_series(1, 25)");
        var (seen, query) = (new List<string>(), "");
        do
        {
            var page = (await world.Host.Get($"{Audit}?limit=10{query}")).Json;
            seen.AddRange(page["audit"]!.AsArray().Select(row => (string)row!["id"]!));
            await world.Sql("INSERT INTO oauth_audit_log (user_id, id, action) SELECT 'user_1', gen_random_uuid(), 'refresh' FROM generate_series(1, 3)");
            query = page["next_cursor"] is { } next ? $"&cursor={next}" : "";
        }
        while (query.Length > 0);
        seen.Count.ShouldBe(25);
        string.Join(' ', seen).ShouldBe((string)(await world.Sql("SELECT string_agg(id::text, ' ' ORDER BY id DESC) FROM oauth_audit_log WHERE action = 'connect'"))!);
    }

    [Fact]
    public async Task Every_fault_of_a_query_is_told_at_once()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var wrong = "provider=&action=ate&success=maybe&integration_id=7&actor=%09&caller=&from=yesterday&to=2026-01-01T00:00:00";
        var list = await world.Host.Get($"{Audit}?{wrong}&cursor=%21&limit=201");
        (list.Status, (string)list.Json["code"]!).ShouldBe((HttpStatusCode.UnprocessableEntity, "requests.invalid"));
        list.Json["errors"]!.AsArray().Select(fault => ((string)fault!).Split(' ')[0]).ShouldBe(["action", "success", "integration_id", "from", "to", "provider", "actor", "caller", "cursor", "limit"], ignoreOrder: true);
        var export = await world.Host.Get($"{Audit}/export?{wrong}&format=xml");
        export.Json["errors"]!.AsArray().Count.ShouldBe(9);
        (await world.Host.Get($"{Audit}?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z")).Json["errors"]!.AsArray().ShouldHaveSingleItem();
        (await world.Host.Get($"{Audit}?user_id=~system")).Status.ShouldNotBe(HttpStatusCode.OK);
        true.Equals(await world.Sql("SELECT NOT EXISTS (SELECT FROM oauth_audit_log WHERE action = 'audit_exported')")).ShouldBeTrue("a refused export is none");
    }

    [Fact]
    public async Task A_key_needs_the_permission_and_a_browsers_session_never_has_it()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        await world.Connect("user_1");
        async Task<string> KeyFor(string permission) => (string)(await world.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "k", permissions = new[] { permission } })).Json["key"]!;
        var (auditor, reader) = (await KeyFor("oauth:audit"), await KeyFor("oauth:read"));
        (await world.Host.Get(Audit, auditor)).Json["audit"]!.AsArray().ShouldNotBeEmpty();
        foreach (var path in new[] { Audit, $"{Audit}/export?format=json" })
        {
            ((string)(await world.Host.Get(path, reader)).Json["code"]!).ShouldBe("identity.permission_missing");
            (await world.Host.Get(path, null)).Status.ShouldBe(HttpStatusCode.Unauthorized);
            var session = (string)(await world.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = "user_1" })).Json["token"]!;
            (await world.Host.Get(path, session)).Status.ShouldBe(HttpStatusCode.Forbidden);
        }
    }

    [Fact]
    public async Task An_export_is_the_whole_log_in_either_form_and_leaves_a_row_itself()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        await world.Sql("INSERT INTO oauth_audit_log (user_id, id, action, actor, created_at) SELECT 'user_1', gen_random_uuid(), 'connect', '=cmd|''/c calc''!A0, \"x\"', now() + n * interval '1 microsecond' FROM generate_series(1, 2500) n");
        var csv = await world.Host.Get($"{Audit}/export?format=csv&action=connect");
        var lines = csv.Body.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        lines[0].ShouldBe(string.Join(',', Members));
        lines.Length.ShouldBe(2501);
        lines[1].ShouldContain(",user_1,\"'=cmd|'/c calc'!A0, \"\"x\"\"\",");
        lines.Skip(1).Select(line => line.Split(',')[0]).Distinct().Count().ShouldBe(2500);

        var json = await world.Host.Get($"{Audit}/export?format=json&action=connect&user_id=user_1");
        JsonNode.Parse(json.Body)!.AsArray().Select(row => (string)row!["id"]!).ShouldBe(lines.Skip(1).Select(line => line.Split(',')[0]));
        (await world.Host.Get($"{Audit}/export?format=json&user_id=nobody&to=2020-01-01T00:00:00Z")).Json.AsArray().ShouldBeEmpty();

        var told = (await world.Host.Get($"{Audit}?action=audit_exported")).Json["audit"]!.AsArray();
        told.Select(row => ((string)row!["user_id"]!, (string)row["code"]!, (string)row["caller"]!)).ShouldBe([("nobody", "json", "key:bootstrap"), ("user_1", "json", "key:bootstrap"), ("~system", "csv", "key:bootstrap")]);
    }

    [Fact]
    public async Task Scopes_that_change_leave_a_row_at_a_new_consent_and_at_a_refresh()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, platforms: true);
        // This one repeats the scopes in each answer.
        var id = await world.Connect("user_1", provider: "google");
        await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh");
        (await Changes()).ShouldBeEmpty();
        await world.Sql($"UPDATE oauth_integrations SET scopes = scopes || ARRAY['gone'] WHERE id = '{id}'");
        await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh");
        (await Changes()).ShouldHaveSingleItem().ShouldNotContain("gone");
        await world.Sql($"UPDATE oauth_integrations SET scopes = scopes || ARRAY['gone'] WHERE id = '{id}'");
        await world.Connect("user_1", provider: "google");
        (await Changes()).Count.ShouldBe(2);
        (await Changes())[0].ShouldNotContain("gone");

        async Task<List<string>> Changes() => [.. (await world.Host.Get($"{Audit}?action=scopes_changed&integration_id={id}")).Json["audit"]!.AsArray().Select(row => row!["scopes"]!.ToJsonString())];
    }

    [Fact]
    public async Task No_read_of_the_log_walks_through_all_of_it()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        // What is asked for is rare and old: behind everything that a read by time alone would have to pass.
        await world.Sql(
            """
            INSERT INTO oauth_audit_log (user_id, id, action, provider, caller, integration_id, created_at)
            SELECT 'user_' || n % 1000, gen_random_uuid(), 'token_read', 'google', 'key:1', gen_random_uuid(), now() - n * interval '1 second' FROM generate_series(1, 60000) n;
            INSERT INTO oauth_audit_log (user_id, id, action, provider, caller, actor, success, created_at) VALUES ('rare', gen_random_uuid(), 'sync', 'bing', 'key:2', 'agent', false, now() - interval '90 days');
            ANALYZE oauth_audit_log;
            """);
        foreach (var query in new[] { "user_id = 'rare'", "provider = 'bing'", "action = 'sync'", "caller = 'key:2'", "actor = 'agent'", "NOT success", "created_at < now() - interval '80 days'", $"integration_id = '{Guid.NewGuid()}'", "true" })
        {
            var plan = JsonNode.Parse((string)(await world.Sql($"CREATE OR REPLACE FUNCTION pg_temp.plan() RETURNS text LANGUAGE plpgsql AS $f$ DECLARE p json; BEGIN EXECUTE $q$EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT * FROM oauth_audit_log WHERE {query} ORDER BY created_at DESC, id DESC LIMIT 51$q$ INTO p; RETURN p::text; END $f$; SELECT pg_temp.plan()"))!)!;
            var root = plan[0]!["Plan"]!;
            ((int)root["Shared Hit Blocks"]! + (int)root["Shared Read Blocks"]!).ShouldBeLessThan(120, $"{query}: {root.ToJsonString()}");
        }
    }
}
