using System.Net;
using Grantkeeper.Privacy;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>A user's export and erasure, over everything that is kept.</summary>
[Trait("category", "security")]
public sealed class UserPrivacyTests : IAsyncLifetime
{
    private const string Users = "/api/v1/oauth/admin/users/";
    private const string Alice = "alice/of the team|1";
    private static readonly string AliceInPath = Uri.EscapeDataString(Alice);

    /// <summary>What stays of an erased user: the proof of what was done, and what a provider has yet to be told.</summary>
    private static readonly string[] Staying = ["oauth_audit_log"];

    private FlowWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await FlowWorld.Start(HostKind.Server, FlowWorld.MoreProviders);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Erased_user_is_gone_everywhere_and_others_are_not()
    {
        var node = await _world.AddNode();
        var ids = await Fill(Alice);
        var bobs = await _world.Connect("bob");
        foreach (var table in await Tables())
            (await Count(table, Alice)).ShouldBeGreaterThan(0, $"the test keeps nothing of the user in {table}");
        // Both nodes have the token in memory.
        foreach (var host in new[] { _world.Host, node })
            (await host.Get($"/oauth/sandbox/token?user_id={AliceInPath}")).Status.ShouldBe(HttpStatusCode.OK);
        var before = _world.Tap.Calls.Count(call => call.Path == ProviderTap.Revoke);

        var erased = await _world.Host.Delete(Users + AliceInPath);

        (erased.Status, (string)erased.Json["user_id"]!, (int)erased.Json["disconnected"]!, (int)erased.Json["provider_revocations"]!["confirmed"]!).ShouldBe((HttpStatusCode.OK, Alice, 2, 2), erased.Body);
        ((int)erased.Json["rows_removed"]!).ShouldBeGreaterThan(10);
        foreach (var host in new[] { _world.Host, node })
        {
            (await host.Get($"/oauth/sandbox/token?user_id={AliceInPath}")).Code.ShouldBe("integrations.not_connected");
            foreach (var id in ids)
                (await host.Get($"/api/v1/oauth/integrations/{id}")).Code.ShouldBe("integrations.not_found");
        }

        _world.Tap.Calls.Count(call => call.Path == ProviderTap.Revoke).ShouldBe(before + 2);
        foreach (var table in (await Tables()).Except(Staying))
            (await Count(table, Alice)).ShouldBe(0, table);
        (await _world.Sql($"SELECT count(*) FROM oauth_audit_log WHERE user_id = '{Alice}' AND action = 'user_erased' AND caller IS NOT NULL")).ShouldBe(1L);
        (await _world.Host.Get("/oauth/sandbox/token?user_id=bob")).Status.ShouldBe(HttpStatusCode.OK);
        (await _world.Host.Get($"/api/v1/oauth/integrations/{bobs}")).Status.ShouldBe(HttpStatusCode.OK);

        // Twice is harmless, and the user may come back as a new one.
        var again = await _world.Host.Delete(Users + AliceInPath);
        (again.Status, (int)again.Json["disconnected"]!, (int)again.Json["rows_removed"]!).ShouldBe((HttpStatusCode.OK, 0, 0), again.Body);
        ids.ShouldNotContain(await _world.Connect(Alice));
        (await _world.Host.Get($"/oauth/sandbox/token?user_id={AliceInPath}")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Rows_from_an_older_copy_open_nowhere_after_an_erasure()
    {
        await _world.Connect("alice");
        await _world.Sql("CREATE TABLE copy_i AS SELECT * FROM oauth_integrations; CREATE TABLE copy_t AS SELECT * FROM oauth_tokens");
        (await _world.Host.Delete(Users + "alice")).Status.ShouldBe(HttpStatusCode.OK);
        await _world.Sql("INSERT INTO oauth_integrations SELECT * FROM copy_i; INSERT INTO oauth_tokens SELECT * FROM copy_t");
        var read = await _world.Host.Get("/oauth/sandbox/token?user_id=alice");
        (read.Status, read.Code).ShouldBe((HttpStatusCode.InternalServerError, "encryption.unreadable"), read.Body);
        // Nor with the salt of the same user, who came back.
        var (browser, _, _) = await _world.ReachCallback("alice");
        browser.Dispose();
        (await _world.Sql("SELECT count(*) FROM owner_salts WHERE user_id = 'alice'")).ShouldBe(1L);
        (await _world.Host.Get("/oauth/sandbox/token?user_id=alice")).Code.ShouldBe("encryption.unreadable");
    }

    [Fact]
    public async Task Erasure_does_not_wait_for_a_provider_that_is_down_and_tells_it_later()
    {
        await _world.Connect("alice");
        _world.Break(new Fault(FaultEndpoint.Revoke, FaultMode.Html, 503, Count: 0));
        var erased = await _world.Host.Delete(Users + "alice");
        ((int)erased.Json["disconnected"]!, (int)erased.Json["provider_revocations"]!["pending"]!).ShouldBe((1, 1), erased.Body);
        (await Count("outbox", "alice")).ShouldBe(1);
        (await Count("oauth_integrations", "alice")).ShouldBe(0);
        _world.Sandbox.Faults.Clear();
        await _world.Sql("UPDATE outbox SET next_attempt_at = now(), claimed_until = NULL");
        await _world.Until("SELECT outcome = 'confirmed' AND payload IS NULL FROM outbox WHERE user_id = 'alice'");
    }

    [Fact]
    public async Task Revocation_that_waits_still_spares_another_owner_of_the_same_person()
    {
        // Both owners hold grants of one person, by accounts that differ; the provider ends all of that person's grants at once.
        await using var world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?> { ["Grantkeeper:Providers:sandbox:revocation_scope"] = "project", ["Grantkeeper:RunWorkers"] = "false" });
        await world.Connect("alice");
        await world.Connect("bob", "bob+auto");
        await world.Sql("UPDATE oauth_integrations SET provider_subject = 'the-person'");
        // Bob is not there while alice is erased, so the provider is asked, and does not answer.
        await world.Sql("UPDATE oauth_integrations SET provider_subject = 'another' WHERE user_id = 'bob'");
        world.Break(new Fault(FaultEndpoint.Revoke, FaultMode.Html, 503, Count: 0));
        var erased = await world.Host.Delete(Users + "alice");
        ((int)erased.Json["provider_revocations"]!["pending"]!).ShouldBe(1, erased.Body);
        world.Sandbox.Faults.Clear();
        await world.Sql("UPDATE oauth_integrations SET provider_subject = 'the-person' WHERE user_id = 'bob'");
        await world.Sql("UPDATE outbox SET next_attempt_at = now(), claimed_until = NULL");
        await world.AddNode(new Dictionary<string, string?> { ["Grantkeeper:RunWorkers"] = "true" });
        await world.Until("SELECT outcome = 'withheld' AND finished_at IS NOT NULL FROM outbox WHERE user_id = 'alice'");
    }

    [Fact]
    public async Task Connect_whose_user_is_erased_meanwhile_stores_nothing_and_gives_its_tokens_back()
    {
        await _world.Connect("alice");
        var (browser, callback, _) = await _world.ReachCallback("alice", "bob+auto", confirm: false);
        var held = _world.Tap.Hold(ProviderTap.Token);
        var opened = browser.Open(callback);
        await held.Arrived;
        ((int)(await _world.Host.Delete(Users + "alice")).Json["disconnected"]!).ShouldBe(1);
        held.Release();
        (await opened).Body.ShouldContain("connect.flow_unknown");
        browser.Dispose();
        foreach (var table in (await Tables()).Except(Staying).Except(["outbox"]))
            (await Count(table, "alice")).ShouldBe(0, table);
        await _world.Until("SELECT bool_and(outcome = 'confirmed') AND count(*) > 0 FROM outbox WHERE user_id = 'alice'");
        var answered = _world.Tap.Calls.Last(call => call.Path == ProviderTap.Token).Answered("refresh_token");
        _world.Tap.Calls.Last(call => call.Path == ProviderTap.Revoke).Value("token").ShouldBe(answered);
    }

    [Fact]
    public async Task Refresh_whose_user_is_erased_meanwhile_revives_nothing_and_gives_its_tokens_back()
    {
        var id = await _world.Connect("alice");
        await _world.Expire(id);
        var held = _world.Tap.Hold(ProviderTap.Token);
        var read = _world.Host.Get("/oauth/sandbox/token?user_id=alice");
        await held.Arrived;
        ((int)(await _world.Host.Delete(Users + "alice")).Json["disconnected"]!).ShouldBe(1);
        held.Release();
        (await read).Status.ShouldNotBe(HttpStatusCode.OK);
        var answered = _world.Tap.Calls.Last(call => call.Path == ProviderTap.Token).Answered("refresh_token");
        await _world.Until("SELECT bool_and(finished_at IS NOT NULL) AND count(*) > 0 FROM outbox WHERE user_id = 'alice'");
        _world.Tap.Calls.Where(call => call.Path == ProviderTap.Revoke).Select(call => call.Value("token")).ShouldContain(answered);
        foreach (var table in new[] { "oauth_integrations", "oauth_tokens", "superseded_answers", "owner_salts" })
            (await Count(table, "alice")).ShouldBe(0, table);
    }

    [Fact]
    public async Task Account_that_is_connected_between_the_two_steps_is_erased_too()
    {
        await _world.Connect("alice");
        // The end of the first grant is held at the provider; meanwhile another account is connected.
        var held = _world.Tap.Hold(ProviderTap.Revoke);
        var erasing = _world.Host.Delete(Users + "alice");
        await held.Arrived;
        await _world.Connect("alice", "bob+auto");
        held.Release();
        ((int)(await erasing).Json["disconnected"]!).ShouldBe(2);
        (await Count("oauth_integrations", "alice")).ShouldBe(0);
    }

    [Fact]
    public async Task Account_that_is_being_stored_while_the_rows_go_is_erased_too()
    {
        await _world.Connect("alice");
        await using var storing = new NpgsqlConnection(DatabaseUrl.ForMigration(DatabaseUrl.Parse(_world.Database.SuperuserUrl).Value).ConnectionString);
        await storing.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await storing.BeginTransactionAsync(TestContext.Current.CancellationToken);
        // As a connect does: the salt is held to seal with, then the row is written.
        await using var connect = new NpgsqlCommand(
            """
            SELECT salt FROM owner_salts WHERE user_id = 'alice' FOR KEY SHARE;
            INSERT INTO oauth_integrations (user_id, id, provider, provider_account_id, status) VALUES ('alice', gen_random_uuid(), 'sandbox', 'another', 'active')
            """,
            storing);
        await connect.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var erasing = _world.Host.Delete(Users + "alice");
        await _world.Until("SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'");
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        (await erasing).Status.ShouldBe(HttpStatusCode.OK);
        foreach (var table in new[] { "oauth_integrations", "oauth_tokens", "owner_salts" })
            (await Count(table, "alice")).ShouldBe(0, table);
    }

    [Fact]
    public async Task Export_holds_all_tables_and_no_secret()
    {
        await Fill(Alice);
        await _world.Sql($"INSERT INTO oauth_audit_log (user_id, id, action) SELECT '{Alice}', gen_random_uuid(), 'token_read' FROM generate_series(1, 1200)");
        await _world.Connect("bob");
        var export = await _world.Host.Get($"{Users}{AliceInPath}/export");
        export.Status.ShouldBe(HttpStatusCode.OK, export.Body);
        var document = export.Json;
        ((string)document["user_id"]!).ShouldBe(Alice);
        var sections = new Dictionary<string, string>
        {
            ["oauth_integrations"] = "integrations", ["oauth_tokens"] = "tokens", ["oauth_consents"] = "consents", ["oauth_state"] = "flows", ["connect_sessions"] = "connect_sessions",
            ["refresh_attempts"] = "refresh_attempts", ["outbox"] = "provider_deliveries", ["bulk_operations"] = "bulk_operations", ["onboarding_completions"] = "onboarding_completions", ["oauth_audit_log"] = "audit",
        };
        // Sealed answers and the salt of the user's key are nothing but secrets.
        (await Tables()).Except(["superseded_answers", "owner_salts"]).ShouldBe(sections.Keys, ignoreOrder: true, "a table with users that the export does not know");
        foreach (var (table, member) in sections)
            document[member]!.AsArray().Count.ShouldBe(await Count(table, Alice), $"{member}: {document[member]!.ToJsonString()[..Math.Min(300, document[member]!.ToJsonString().Length)]}");
        ((string?)document["integrations"]![0]!["integration"]!["account"]!["email"]).ShouldNotBeNull();
        document["audit"]!.AsArray().Select(row => (string)row!["action"]!).ShouldContain("user_exported");
        document["audit"]!.AsArray().ShouldAllBe(row => (string)row!["user_id"]! == Alice);
        export.Body.ShouldNotContain("gk1.");
        foreach (var call in _world.Tap.Calls.Where(call => call.Path == ProviderTap.Token))
        {
            export.Body.ShouldNotContain(call.Answered("access_token") ?? "-no-token-");
            export.Body.ShouldNotContain(call.Answered("refresh_token") ?? "-no-token-");
        }

        // Nobody's export is a document too.
        var nobody = await _world.Host.Get($"{Users}nobody/export");
        (nobody.Status, nobody.Json["integrations"]!.AsArray().Count, nobody.Json["audit"]!.AsArray().Count).ShouldBe((HttpStatusCode.OK, 0, 1));
    }

    [Theory]
    [InlineData("~system"), InlineData("%20blank"), InlineData("a%09b")]
    public async Task No_user_is_refused(string name)
    {
        (await _world.Host.Delete(Users + name)).Code.ShouldBe("identity.user_invalid");
        (await _world.Host.Get($"{Users}{name}/export")).Code.ShouldBe("identity.user_invalid");
    }

    [Fact]
    public async Task Both_are_for_administrators_only()
    {
        var key = (string)(await _world.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "back end", permissions = new[] { "oauth:read", "oauth:revoke", "oauth:audit", "oauth:token:read" } })).Json["key"]!;
        (await _world.Host.Delete(Users + "alice", key)).Code.ShouldBe("identity.permission_missing");
        (await _world.Host.Get($"{Users}alice/export", key)).Code.ShouldBe("identity.permission_missing");
    }

    [Fact]
    public async Task Erasure_knows_every_table_that_carries_a_user() =>
        (await Tables()).Except(Staying).ShouldBe(UserErasure.Tables.Select(entry => entry.Table), ignoreOrder: true, "a table with users that the erasure does not know");

    /// <summary>Something of a user in every table; the ids of the live integrations.</summary>
    private async Task<Guid[]> Fill(string user)
    {
        Guid[] ids = [await _world.Connect(user), await _world.Connect(user, "bob+auto")];
        var gone = await _world.Connect(user, "carol+auto");
        (await _world.Host.Post($"/api/v1/oauth/integrations/{ids[0]}/refresh", new { user_id = user })).Status.ShouldBe(HttpStatusCode.OK);
        (await _world.Host.Delete($"/api/v1/oauth/integrations/{gone}?user_id={Uri.EscapeDataString(user)}")).Status.ShouldBe(HttpStatusCode.OK);
        (await _world.Host.Post("/api/v1/oauth/connect-sessions", new { user_id = user })).Status.ShouldBe(HttpStatusCode.OK);
        (await _world.Host.Post("/api/v1/oauth/bulk/refresh", new { user_id = user, provider = "google" })).Status.ShouldBe(HttpStatusCode.Accepted);
        await _world.Sql($"INSERT INTO onboarding_completions (user_id, platforms) VALUES ('{user}', ARRAY['gsc'])");
        await _world.Sql($"INSERT INTO superseded_answers (user_id, id, integration_id, epoch, generation, answer) VALUES ('{user}', gen_random_uuid(), '{ids[0]}', 1, 1, 'sealed')");
        return ids;
    }

    private async Task<string[]> Tables() => ((string)(await _world.Sql(
        "SELECT string_agg(table_name, ',') FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'user_id' AND table_name NOT LIKE 'copy_%'"))!).Split(',');

    private async Task<int> Count(string table, string user) => (int)(long)(await _world.Sql($"SELECT count(*) FROM {table} WHERE user_id = '{user}'"))!;
}
