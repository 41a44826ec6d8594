using System.Net;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Cli;

/// <summary>The verbs that ask a server, against a real one.</summary>
[Trait("category", "cli")]
public sealed class ServerVerbsTests(ServerWorld fixture) : IClassFixture<ServerWorld>
{
    private FlowWorld World => fixture.World;

    [Fact]
    public async Task An_integration_is_listed_shown_renewed_and_disconnected()
    {
        var id = (await World.Connect("cli_1")).ToString();
        var list = await ToolRun.At(World.Host, "integrations", "list", "--user", "cli_1");
        list.Code.ShouldBe(0, list.Error);
        list.Out.Split('\n')[1].ShouldMatch($@"^{id}\s+sandbox\s+cli_1\s+Alice Archer\s+active\s");
        list.Out.ShouldNotContain("\u001b");

        var show = await ToolRun.At(World.Host, "integrations", "show", id);
        foreach (var part in new[] { id, "alice", "calendar.readonly", "active" })
            show.Out.ShouldContain(part);

        (await ToolRun.At(World.Host, "integrations", "refresh", id)).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(0), run => run.Out.ShouldContain("Renewed at"));
        ((int)(await ToolRun.At(World.Host, "token", "sandbox", "--user", "cli_1", "--json")).Json["generation"]!).ShouldBe(2);

        var end = await ToolRun.At(World.Host, "integrations", "disconnect", id);
        (end.Code, end.Out.Contains("Revocation at Sandbox", StringComparison.Ordinal)).ShouldBe((0, true), end.Out + end.Error);
        var after = (await ToolRun.At(World.Host, "integrations", "list", "--user", "cli_1", "--json")).Json;
        ((string)after["integrations"]![0]!["status"]!).ShouldBe("revoked");
        ((bool)after["truncated"]!).ShouldBeFalse();
        (await ToolRun.At(World.Host, "integrations", "list", "--user", "cli_1", "--active")).ShouldSatisfyAllConditions(run => run.Out.ShouldBe(""), run => run.Error.ShouldContain("There are no integrations."));
    }

    [Fact]
    public async Task A_list_that_is_cut_says_so()
    {
        foreach (var hint in new[] { "alice+auto", "bob+auto", "carol+auto" })
            await World.Connect("cli_many", hint);
        var run = await ToolRun.At(World.Host, "integrations", "list", "--user", "cli_many", "--limit", "2", "--json");
        (run.Json["integrations"]!.AsArray().Count, (bool)run.Json["truncated"]!).ShouldBe((2, true));
        run.Error.ShouldContain("more than 2");
    }

    [Fact]
    public async Task How_things_stand_is_told_and_no_token()
    {
        var id = await World.Connect("cli_status");
        var ended = await World.Connect("cli_status", "bob+auto");
        await World.Sql($"UPDATE oauth_tokens SET expires_at = now() - interval '1 second', refresh_token = NULL WHERE integration_id = '{ended}'");
        var token = (string)(await World.Host.Get($"/api/v1/oauth/integrations/{id}/token")).Json["access_token"]!;
        var status = await ToolRun.At(World.Host, "status", "--user", "cli_status");
        status.Code.ShouldBe(0, status.Error);
        status.Out.Split('\n').Take(2).ShouldBe(["PROVIDER  TOTAL  ACTIVE  PENDING  EXPIRED  ERROR  INACTIVE  REVOKED", "sandbox   2      1       0        1        0      0         0"]);
        status.Out.ShouldContain("Consents: 2 active, 0 of them end within 30 days; 0 expired, 0 revoked.");
        ((int)(await ToolRun.At(World.Host, "status", "--json")).Json["totals"]!["total"]!).ShouldBeGreaterThanOrEqualTo(2);
        (await ToolRun.At(World.Host, "status", "--user", "cli_nobody")).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(0), run => run.Error.ShouldContain("There are no integrations."));

        var list = await ToolRun.At(World.Host, "tokens", "--user", "cli_status");
        list.Code.ShouldBe(0, list.Error);
        list.Out.Split('\n')[1].ShouldMatch($@"^{id}\s+sandbox\s+cli_status\s+Alice Archer\s+active\s+\S+ \S+\s+-\s+yes$");
        list.Out.Split('\n')[2].ShouldMatch($@"^{ended}\s+.+\s+expired\s+\S+ \S+ \(ended\)\s+-\s+no$");
        var soon = (await ToolRun.At(World.Host, "tokens", "--user", "cli_status", "--expiring", "1.5", "--json")).Json;
        ((Guid)soon["tokens"]!.AsArray().Single()!["integration_id"]!, (bool)soon["truncated"]!).ShouldBe((id, false));
        var cut = await ToolRun.At(World.Host, "tokens", "--user", "cli_status", "--limit", "1", "--json");
        (cut.Json["tokens"]!.AsArray().Count, (bool)cut.Json["truncated"]!).ShouldBe((1, true));
        foreach (var hours in new[] { "0", "-1", "8761", "soon" })
            (await ToolRun.At(World.Host, "tokens", "--expiring", hours)).Code.ShouldBe(2, hours);
        (status.Out + list.Out + soon.ToJsonString()).ShouldNotContain(token);
    }

    [Fact]
    public async Task The_audit_log_is_listed_narrowed_and_exported()
    {
        var id = (await World.Connect("cli_audit")).ToString();
        var list = await ToolRun.At(World.Host, "audit", "list", "--user", "cli_audit", "--action", "connect", "--provider", "sandbox", "--integration", id, "--from", "2026-01-01", "--to", "2100-01-01");
        list.Code.ShouldBe(0, list.Error);
        list.Out.Split('\n')[1].ShouldMatch(@"^\S+ \S+\s+connect\s+cli_audit\s+sandbox\s+ok\s");
        (await ToolRun.At(World.Host, "audit", "list", "--user", "cli_audit", "--failed")).Error.ShouldContain("There are no rows.");
        var cut = await ToolRun.At(World.Host, "audit", "list", "--user", "cli_audit", "--limit", "1", "--json");
        (cut.Json["audit"]!.AsArray().Count, (bool)cut.Json["truncated"]!).ShouldBe((1, true));
        ((string)cut.Json["audit"]![0]!["action"]!).ShouldBe("connect", "the newest comes first");
        (await ToolRun.At(World.Host, "audit", "list", "--actor", "nobody", "--caller", "nobody", "--json")).Json["audit"]!.AsArray().ShouldBeEmpty();
        var csv = await ToolRun.At(World.Host, "audit", "export", "--user", "cli_audit");
        (csv.Code, csv.Out.Split("\r\n")[0]).ShouldBe((0, "id,at,action,user_id,actor,caller,integration_id,provider,scopes,ip_address,user_agent,success,code,duration_ms,count,node,node_sequence,correlation_id"));
        (await ToolRun.At(World.Host, "audit", "export", "--user", "cli_audit", "--json")).Json.AsArray().Select(row => (string)row!["action"]!).ShouldContain("audit_exported");
        (await ToolRun.At(World.Host, "audit", "list", "--from", "yesterday")).Code.ShouldBe(2);
        (await ToolRun.At(World.Host, "audit", "list", "--action", "ate")).ShouldSatisfyAllConditions(run => run.Code.ShouldNotBe(0), run => run.Error.ShouldContain("action must be one of"));
    }

    [Fact]
    public async Task A_user_is_exported_and_erased()
    {
        await World.Connect("cli_user");
        var copy = await ToolRun.At(World.Host, "users", "export", "cli_user");
        (copy.Code, (string)copy.Json["user_id"]!, copy.Json["integrations"]!.AsArray().Count).ShouldBe((0, "cli_user", 1), copy.Error);
        (await ToolRun.At(World.Host, "users", "erase", "cli_user")).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(2), run => run.Error.ShouldContain("--yes"));
        (await World.Host.Get("/oauth/sandbox/token?user_id=cli_user")).Status.ShouldBe(System.Net.HttpStatusCode.OK, "nothing was erased");
        var erased = await ToolRun.At(World.Host, "users", "erase", "cli_user", "--yes");
        erased.Code.ShouldBe(0, erased.Error);
        erased.Out.ShouldMatch(@"^cli_user is erased: 1 grant ended, \d+ rows removed\.\n  1 confirmed by their providers\n$");
        (await ToolRun.At(World.Host, "users", "erase", "cli_user", "--yes", "--json")).Json["rows_removed"]!.GetValue<int>().ShouldBe(0);
        (await ToolRun.At(World.Host, "users", "export", "~nobody")).Code.ShouldNotBe(0);
    }

    [Fact]
    public async Task A_token_is_shown_on_demand_only()
    {
        await World.Connect("cli_token");
        var token = (string)(await World.Host.Get("/oauth/sandbox/token?user_id=cli_token")).Json["access_token"]!;
        foreach (var args in new[] { new[] { "token", "sandbox", "--user", "cli_token" }, ["token", "sandbox", "--user", "cli_token", "--explain"], ["token", "sandbox", "--user", "cli_token", "--json", "--explain"] })
        {
            var hidden = await ToolRun.At(World.Host, args);
            (hidden.Code, (hidden.Out + hidden.Error).Contains(token, StringComparison.Ordinal)).ShouldBe((0, false), hidden.Error);
        }

        (await ToolRun.At(World.Host, "token", "sandbox", "--user", "cli_token", "--show-token")).Out.TrimEnd().ShouldBe(token);
        ((string)(await ToolRun.At(World.Host, "token", "sandbox", "--user", "cli_token", "--show-token", "--json")).Json["access_token"]!).ShouldBe(token);
    }

    [Fact]
    public async Task A_tokens_state_is_explained_before_and_after_it_ends()
    {
        var id = await World.Connect("cli_explain");
        var fresh = await ToolRun.At(World.Host, "token", "sandbox", "--user", "cli_explain", "--explain");
        fresh.Out.ShouldContain("Generation 1 is fresh");
        fresh.Out.ShouldContain("serves it as it is");

        await World.Expire(id);
        var ended = await ToolRun.At(World.Host, "token", "sandbox", "--user", "cli_explain", "--explain");
        ended.Out.ShouldContain("Generation 1 is needed");
        ended.Out.ShouldContain("renews it first");
        ended.Out.ShouldMatch(@"generation\s+2");

        await World.Sql($"UPDATE oauth_tokens SET expires_at = now() + interval '5 minutes' WHERE integration_id = '{id}'");
        var due = (await ToolRun.At(World.Host, "token", "sandbox", "--user", "cli_explain", "--explain", "--json")).Json["explanation"]!.AsArray();
        var details = due.Single(finding => (string)finding!["check"]! == "token")!["details"]!;
        ((string)details["freshness"]!, (int)details["generation"]!, (int)details["lifetime_seconds"]!).ShouldBe(("due", 2, 3600));
        due.Single(finding => (string)finding!["check"]! == "attempts")!["details"]!["attempts"]![0]!["class"]!.GetValue<string>().ShouldBe("refreshed");
    }

    [Fact]
    public async Task A_token_that_cannot_live_as_long_as_asked_is_explained()
    {
        var id = await World.Connect("cli_ttl");
        await World.Sql($"UPDATE oauth_tokens SET lifetime_seconds = 600, expires_at = now() + interval '590 seconds' WHERE integration_id = '{id}'");
        var run = await ToolRun.At(World.Host, "token", "sandbox", "--user", "cli_ttl", "--min-ttl", "3600", "--explain");
        run.Out.ShouldContain("min_ttl_unreachable");
        run.Code.ShouldBe(0);
    }

    [Fact]
    public async Task A_grant_that_the_provider_ended_is_explained_with_the_way_back()
    {
        var id = await World.Connect("cli_revoked", "carol+auto");
        await World.Expire(id);
        World.Sandbox.Grants.RevokeUser("carol");
        var run = await ToolRun.At(World.Host, "token", "sandbox", "--user", "cli_revoked");
        run.Code.ShouldBe(1, run.Out + run.Error);
        run.Error.ShouldContain("tokens.reauthorization_required");
        run.Error.ShouldContain($"/connect/integrations/{id}");

        var explained = await ToolRun.At(World.Host, "token", "sandbox", "--user", "cli_revoked", "--explain");
        explained.Out.ShouldContain("No token can be had");
        explained.Out.ShouldContain("invalid_grant");
        explained.Code.ShouldBe(1);
    }

    [Fact]
    public async Task A_user_without_an_account_is_told_what_to_compare()
    {
        var run = await ToolRun.At(World.Host, "token", "sandbox", "--user", "cli_nobody", "--explain");
        run.Code.ShouldBe(6);
        run.Out.ShouldContain("User cli_nobody has no account connected at sandbox");
        run.Out.ShouldContain("letter by letter");
        (await ToolRun.At(World.Host, "token", "nowhere", "--user", "cli_nobody", "--json")).ShouldSatisfyAllConditions(
            unknown => unknown.Code.ShouldBe(6), unknown => ((string)unknown.Json["error"]!["code"]!).ShouldBe("providers.unknown"));
        (await ToolRun.At(World.Host, "token", "sandbox", "--user", "cli_nobody", "--min-ttl", "9999")).Code.ShouldBe(2);
    }

    [Fact]
    public async Task Text_of_strangers_does_nothing_to_the_terminal()
    {
        var id = await World.Connect("cli_hostile");
        await World.Sql($"UPDATE oauth_integrations SET account_name = E'\\u001b[2J\\u001b]0;owned\\u0007 \\u202egpj' WHERE id = '{id}'");
        foreach (var args in new[] { new[] { "integrations", "list", "--user", "cli_hostile" }, ["integrations", "show", $"{id}"], ["token", "sandbox", "--user", "cli_hostile", "--explain"], ["integrations", "show", $"{id}", "--json"] })
        {
            var run = await ToolRun.At(World.Host, args);
            (run.Out + run.Error).ShouldNotContain("\u001b");
            (run.Out + run.Error).ShouldNotContain("\u202e");
        }

        (await ToolRun.At(World.Host, "integrations", "show", $"{id}")).Out.ShouldContain(@"\u{1b}[2J");
    }

    [Fact]
    public async Task Providers_are_listed_and_shown()
    {
        await World.Connect("cli_providers");
        var list = await ToolRun.At(World.Host, "providers", "list", "--user", "cli_providers");
        list.Out.ShouldMatch(@"sandbox\s+Sandbox\s+yes\s+active");
        list.Out.ShouldMatch(@"google\s+Google\s+no\s+no");
        var show = await ToolRun.At(World.Host, "providers", "show", "Sandbox");
        foreach (var part in new[] { $"{World.Host.Origin}/oauth/sandbox/callback", "calendar.readonly", "refresh revoke pkce" })
            show.Out.ShouldContain(part);
        (await ToolRun.At(World.Host, "providers", "show", "google")).Out.ShouldContain("GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET");
        ((string)(await ToolRun.At(World.Host, "providers", "show", "google", "--json")).Json["key"]!).ShouldBe("google");
        (await ToolRun.At(World.Host, "providers", "list", "--json")).Json["providers"]!.AsArray().ShouldNotBeEmpty();
        (await ToolRun.At(World.Host, "providers", "show", "nowhere")).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(6), run => run.Error.ShouldContain("google"));
    }

    [Fact]
    public async Task A_key_is_made_used_and_ended()
    {
        var folder = Directory.CreateTempSubdirectory("gk-cli-keys-").FullName;
        try
        {
            var file = Path.Combine(folder, "key");
            var made = await ToolRun.At(World.Host, "api-keys", "create", "--name", "reader", "--permission", "oauth:read", "oauth:connect", "--days", "3", "--save", file);
            (made.Code, made.Out).ShouldBe((0, ""), made.Error);
            if (!OperatingSystem.IsWindows())
                File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            (await ToolRun.At(World.Host, "api-keys", "create", "--name", "again", "--permission", "oauth:read", "--save", file)).Code.ShouldBe(2);

            // The file wins over the environment; the key may read, and no more.
            (await ToolRun.At(World.Host, "integrations", "list", "--user", "cli_keys", "--key-file", file)).Code.ShouldBe(0);
            var more = await ToolRun.At(World.Host, "api-keys", "list", "--key-file", file);
            (more.Code, more.Error.Contains("oauth:admin", StringComparison.Ordinal)).ShouldBe((5, true), more.Error);
            (await ToolRun.At(World.Host, "token", "sandbox", "--user", "cli_keys", "--explain", "--key-file", file)).Code.ShouldBe(5);

            var id = (string)(await ToolRun.At(World.Host, "api-keys", "list", "--json")).Json["api_keys"]!.AsArray().Single(key => (string)key!["name"]! == "reader")!["id"]!;
            (await ToolRun.At(World.Host, "api-keys", "list")).Out.ShouldMatch($@"{id}\s+reader\s+gk_dev_\S+\s+oauth:read oauth:connect");
            (await ToolRun.At(World.Host, "api-keys", "revoke", id)).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(0), run => run.Out.ShouldContain("reader ended"));
            (await ToolRun.At(World.Host, "integrations", "list", "--user", "cli_keys", "--key-file", file)).Code.ShouldBe(5);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        var shown = await ToolRun.At(World.Host, "api-keys", "create", "--name", "shown", "--permission", "oauth:read");
        shown.Out.TrimEnd().ShouldStartWith("gk_dev_");
        (await World.Host.Get("/oauth/providers", shown.Out.TrimEnd())).Status.ShouldBe(HttpStatusCode.OK);
        var json = await ToolRun.At(World.Host, "api-keys", "create", "--name", "json", "--permission", "oauth:read", "--json");
        ((string)json.Json["key"]!).ShouldStartWith("gk_dev_");
        (await ToolRun.At(World.Host, "api-keys", "create", "--name", "wrong", "--permission", "everything")).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(2), run => run.Error.ShouldContain("oauth:token:read"));
        (await ToolRun.At(World.Host, "api-keys", "revoke", Guid.NewGuid().ToString())).Code.ShouldBe(6);
    }

    [Fact]
    public async Task A_sign_in_link_opens_the_pages()
    {
        var run = await ToolRun.At(World.Host, "sign-in-link");
        using var browser = new FlowBrowser();
        (await browser.Open(run.Out.TrimEnd())).Status.ShouldBe(HttpStatusCode.OK);
        run.Error.ShouldContain("10 minutes");
        (await ToolRun.At(World.Host, "sign-in-link", "--json")).Json["url"].ShouldNotBeNull();
    }

    [Fact]
    public async Task The_probe_needs_no_key()
    {
        foreach (var more in new[] { Array.Empty<string>(), ["--live"] })
            (await ToolRun.With([], ["health", "--url", World.Host.Origin, .. more])).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(0), run => run.Out.TrimEnd().ShouldBe("healthy"));
        (await ToolRun.With(new() { ["urls"] = World.Host.Origin.Replace("localhost", "+", StringComparison.Ordinal) }, ["health", "--json"])).Json["status"]!.GetValue<string>().ShouldBe("healthy");
        (await ToolRun.With([], ["health", "--url", "nonsense"])).Code.ShouldBe(2);
    }

    [Fact]
    public async Task A_draft_is_shown_before_it_is_added_and_a_provider_is_stored_tried_and_removed()
    {
        var shown = await ToolRun.At(World.Host, "providers", "add", "adobe");
        shown.Code.ShouldBe(0, shown.Error);
        foreach (var part in new[] { "token endpoint", "https://", "pkce", "refresh" })
            shown.Out.ShouldContain(part);
        shown.Error.ShouldContain("providers add adobe --confirm endpoints pkce refresh");
        (await ToolRun.At(World.Host, "providers", "add", "adobe", "--confirm", "pkce")).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(2), run => run.Error.ShouldContain("confirmed must name endpoints"));
        (await ToolRun.At(World.Host, "providers", "add", "adobe", "--confirm", "endpoints", "pkce", "refresh")).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(0), run => run.Error.ShouldContain("is offered"));
        ((bool)(await ToolRun.At(World.Host, "providers", "add", "adobe", "--json", "--confirm", "endpoints", "pkce", "refresh")).Json["offered"]!).ShouldBeTrue();
        (await ToolRun.At(World.Host, "providers", "remove", "adobe")).Code.ShouldBe(0);
        (await ToolRun.At(World.Host, "providers", "remove", "adobe")).Code.ShouldBe(6);

        var file = Path.Combine(Directory.CreateTempSubdirectory("gk-cli-").FullName, "acme.yaml");
        await File.WriteAllTextAsync(file, "schema_version: 1\nkey: acme\nextends: sandbox\ndisplay_name: Acme\n", TestContext.Current.CancellationToken);
        (await ToolRun.At(World.Host, "providers", "store", file)).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(0, run.Error), run => run.Out.ShouldContain("stored"));
        (await ToolRun.At(World.Host, "providers", "check", "acme")).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(1), run => run.Out.ShouldContain("Missing: "));
        (await ToolRun.At(World.Host, "providers", "check", "sandbox")).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(0, run.Out), run => run.Out.ShouldContain("ours is right"));
        (await ToolRun.At(World.Host, "providers", "store", file + "x")).Code.ShouldBe(6);
    }

    [Fact]
    public async Task Trouble_on_the_way_is_a_sentence_and_an_exit_code()
    {
        (await ToolRun.At(World.Host, new string('x', 43), ["integrations", "list"])).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(5), run => run.Error.ShouldContain("identity.key_invalid"), run => run.Error.ShouldNotContain(new string('x', 43)));

        var away = $"http://localhost:{FreePort.Next()}";
        var down = await ToolRun.At(World.Host, "integrations", "list", "--url", away);
        (down.Code, down.Error.Contains(away, StringComparison.Ordinal), down.Error.Contains("client.unreachable", StringComparison.Ordinal)).ShouldBe((4, true, true), down.Error);
        (await ToolRun.With([], ["health", "--url", away])).Code.ShouldBe(4);

        var another = await ToolRun.At(World.Host, "integrations", "list", "--url", World.SandboxOrigin);
        (another.Code, another.Error.Contains("client.unreadable_answer", StringComparison.Ordinal)).ShouldBe((4, true), another.Error);

        (await ToolRun.At(World.Host, "integrations", "show", Guid.NewGuid().ToString())).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(6), run => run.Error.ShouldContain("integrations.not_found"));
    }

    [Fact]
    public async Task The_key_that_run_made_is_found_for_this_machine_only()
    {
        var folder = Directory.CreateTempSubdirectory("gk-cli-data-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, ".grantkeeper"));
            await File.WriteAllTextAsync(Path.Combine(folder, ".grantkeeper", "api-key"), FlowHost.ApiKey + "\n", TestContext.Current.CancellationToken);
            var here = await ToolRun.With([], ["integrations", "list", "--user", "cli_x", "--url", World.Host.Origin], folder: folder);
            here.Code.ShouldBe(0, here.Error);
            (await ToolRun.With(new() { ["GRANTKEEPER_DATA_PATH"] = Path.Combine(folder, ".grantkeeper") }, ["integrations", "list", "--user", "cli_x", "--url", World.Host.Origin])).Code.ShouldBe(0);
            var elsewhere = await ToolRun.With([], ["integrations", "list", "--url", "https://connect.example.com"], folder: folder);
            (elsewhere.Code, elsewhere.Error.Contains("There is no API key", StringComparison.Ordinal)).ShouldBe((2, true), elsewhere.Error);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
