using System.Text.Json.Nodes;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Cli;

/// <summary>What the doctor finds in deployments that are well, and in those that are broken in one place.</summary>
[Trait("category", "cli")]
public sealed class DoctorTests(ServerWorld fixture) : IClassFixture<ServerWorld>
{
    private FlowWorld World => fixture.World;

    private Task<ToolRun> Doctor(params string[] args) => ToolRun.With(World.Settings, ["doctor", .. args]);

    private async Task<JsonNode> Finding(Dictionary<string, string?> settings, string check, string? subject = null, int exitCode = 1)
    {
        var run = await ToolRun.With(settings, ["doctor", "--provider", "sandbox", "--json"]);
        run.Code.ShouldBe(exitCode, run.Out + run.Error);
        return Of(run, check, subject);
    }

    private static JsonNode Of(ToolRun run, string check, string? subject = null) =>
        run.Json["findings"]!.AsArray().First(finding => (string)finding!["check"]! == check && (subject is null || (string?)finding["subject"] == subject))!;

    private Dictionary<string, string?> But(params (string Name, string? Value)[] changes)
    {
        var settings = World.Settings;
        foreach (var (name, value) in changes)
            settings[name] = value;
        return settings;
    }

    [Fact]
    public async Task A_deployment_that_is_well()
    {
        var run = await Doctor();
        run.Code.ShouldBe(0, run.Out + run.Error);
        run.Out.ShouldNotContain("fail");
        foreach (var part in new[] { "ok       database user_data", "migrations user_data", "database_roles", "encryption_key", "public_url", "clock_skew user_data", "outbox", "redirect_uri sandbox", "endpoints sandbox", "clock_skew sandbox", "skipped  credentials google", "GOOGLE_CLIENT_ID" })
            run.Out.ShouldContain(part);
        run.Out.ShouldNotContain(FlowWorld.ClientSecret);
        run.Out.ShouldNotContain("\u001b");
        var json = (await Doctor("--json")).Json;
        ((string)json["verdict"]!).ShouldBe("ok");
        (await ToolRun.With(World.Settings, ["doctor"], color: true)).Out.ShouldContain("\u001b[");
    }

    [Fact]
    public async Task One_provider_alone()
    {
        var run = await Doctor("--provider", "sandbox");
        run.Out.ShouldContain("credentials sandbox");
        run.Out.ShouldNotContain("google");
        var google = await Doctor("--provider", "google");
        google.Code.ShouldBe(1);
        google.Out.ShouldContain("Missing: GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET");
        (await Doctor("--provider", "nowhere")).Code.ShouldBe(6);
    }

    [Fact]
    public async Task A_running_server_examines_itself()
    {
        var run = await ToolRun.At(World.Host, "doctor", "--url", World.Host.Origin, "--provider", "sandbox", "--json");
        run.Code.ShouldBe(0, run.Out + run.Error);
        ((string)Of(run, "redirect_uri")["details"]!["redirect_uri"]!).ShouldBe($"{World.Host.Origin}/oauth/sandbox/callback");
        run.Error.ShouldContain("Asking the server");
        // Without any settings but an address and a key there is nothing to examine here.
        (await ToolRun.At(World.Host, "doctor", "--provider", "sandbox")).Error.ShouldContain("Asking the server");
        (await ToolRun.At(World.Host, "doctor", "--provider", "nowhere")).Code.ShouldBe(6);
        (await ToolRun.At(World.Host, new string('x', 43), ["doctor"])).Code.ShouldBe(5);
        (await World.Host.Get("/api/v1/oauth/admin/diagnostics?user_id=u")).Code.ShouldBe("requests.invalid");
        (await World.Host.Get("/api/v1/oauth/admin/diagnostics?provider=sandbox&user_id=")).Code.ShouldBe("identity.user_invalid");
    }

    [Fact]
    public async Task A_configuration_with_faults_is_told_and_nothing_else_is_looked_at()
    {
        var run = await ToolRun.With(But(("FRONTEND_URL", "nonsense"), ("OAUTH_ENCRYPTION_KEY", null)), ["doctor"]);
        run.Code.ShouldBe(3);
        foreach (var part in new[] { "FRONTEND_URL is not usable", "OAUTH_ENCRYPTION_KEY", "skipped", "config check" })
            run.Out.ShouldContain(part);
    }

    [Fact]
    public async Task A_database_that_is_away_does_not_stop_the_rest()
    {
        var settings = But(("USER_DATA_DATABASE_URL", $"postgresql://gk:canary@127.0.0.1:{FreePort.Next()}/grants"));
        var run = await ToolRun.With(settings, ["doctor", "--provider", "sandbox", "--json"]);
        run.Code.ShouldBe(1);
        var database = Of(run, "database");
        ((string)database["verdict"]!, ((string)database["what"]!).Contains("Nothing answers as PostgreSQL", StringComparison.Ordinal)).ShouldBe(("fail", true), database.ToJsonString());
        foreach (var check in new[] { "clock_skew", "migrations", "database_roles", "encryption_key", "outbox", "refreshes" })
            ((string)Of(run, check)["verdict"]!).ShouldBe("skipped", check);
        ((string)Of(run, "endpoints")["verdict"]!).ShouldBe("ok");
        run.Out.ShouldNotContain("canary");
    }

    [Fact]
    public async Task Logins_and_names_of_databases_that_are_wrong()
    {
        var url = new Uri(World.Database.Url);
        var wrongPassword = await Finding(But(("USER_DATA_DATABASE_URL", $"postgresql://{url.UserInfo.Split(':')[0]}:canary@{url.Authority}{url.AbsolutePath}")), "database");
        ((string)wrongPassword["what"]!).ShouldContain("refuses the login");
        var wrongName = await Finding(But(("USER_DATA_DATABASE_URL", $"postgresql://{url.UserInfo}@{url.Authority}/no_such_database")), "database");
        ((string)wrongName["what"]!).ShouldContain("does not exist");
        (wrongPassword.ToJsonString() + wrongName.ToJsonString()).ShouldNotContain("canary");
        wrongName.ToJsonString().ShouldNotContain(url.UserInfo.Split(':')[1]);
    }

    [Fact]
    public async Task An_empty_database_waits_for_its_first_start()
    {
        var empty = await World.Database.Cluster.NewDatabase();
        var settings = But(("USER_DATA_DATABASE_URL", empty.Url));
        var migrations = await Finding(settings, "migrations", exitCode: 0);
        ((string)migrations["verdict"]!, ((string)migrations["what"]!).Contains("user_data/0001_initial.sql", StringComparison.Ordinal)).ShouldBe(("warn", true));
        ((string)(await Finding(settings, "encryption_key", exitCode: 0))["verdict"]!).ShouldBe("skipped");
        (await empty.Cluster.ExecuteAsSuperuser(empty, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).ShouldBe(0L, "the doctor changes nothing");
    }

    [Fact]
    public async Task A_second_database_is_looked_at_too()
    {
        var platform = await World.Database.Cluster.NewMigratedDatabase();
        ((string)(await Finding(But(("PLATFORM_DATABASE_URL", platform.Url)), "database", "platform", exitCode: 0))["verdict"]!).ShouldBe("ok");
        ((string)(await Finding(But(("PLATFORM_DATABASE_URL", $"postgresql://gk:pw@127.0.0.1:{FreePort.Next()}/x")), "database", "platform"))["verdict"]!).ShouldBe("fail");
    }

    [Fact]
    public async Task Another_key_and_a_role_that_could_see_everything()
    {
        var key = await Finding(But(("OAUTH_ENCRYPTION_KEY", Convert.ToBase64String([.. Enumerable.Repeat((byte)7, 32)]))), "encryption_key");
        ((string)key["what"]!).ShouldContain("encryption.key_wrong");
        var database = await World.Database.Cluster.NewMigratedDatabase();
        var changed = But(("USER_DATA_DATABASE_URL", database.Url));
        await database.Cluster.ExecuteAsSuperuser(database, "UPDATE grantkeeper_migrations SET checksum = repeat('0', 64) WHERE source = 'user_data'");
        ((string)(await Finding(changed, "migrations", "user_data"))["what"]!).ShouldContain("storage.migration_changed");
    }

    [Fact]
    public async Task A_platform_of_the_onboarding_that_is_no_provider()
    {
        var settings = But(("Grantkeeper:Onboarding:Platforms:0", "gsc"), ("Grantkeeper:Onboarding:Platforms:1", "wordpres"));
        var found = Of(await ToolRun.With(settings, ["doctor", "--json"]), "onboarding");
        ((string)found["verdict"]!).ShouldBe("warn");
        ((string)found["what"]!).ShouldContain("names wordpres, which");
        (await Doctor()).Out.ShouldNotContain("onboarding");
    }

    [Fact]
    public async Task A_public_address_that_leads_elsewhere_or_nowhere()
    {
        var elsewhere = await Finding(But(("GRANTKEEPER_PUBLIC_URL", World.SandboxOrigin), ("FRONTEND_URL", World.SandboxOrigin)), "public_url");
        ((string)elsewhere["what"]!).ShouldContain("is not Grantkeeper");
        var nowhere = await Finding(But(("GRANTKEEPER_PUBLIC_URL", $"http://localhost:{FreePort.Next()}")), "public_url");
        ((string)nowhere["what"]!).ShouldContain("Nothing answers at");
        ((string)nowhere["remedy"]!).ShouldContain("GRANTKEEPER_PUBLIC_URL");
        // Outside of development, loopback is out of reach.
        var hidden = await Finding(But(("DEPLOY_ENV", "staging"), ("GRANTKEEPER_SANDBOX", "true"), ("GRANTKEEPER_PUBLIC_URL", "https://127.0.0.1:1"), ("FRONTEND_URL", "https://127.0.0.1:1"), ("Grantkeeper:Providers:sandbox:issuer", "https://sandbox.example"),
            ("GRANTKEEPER_PROVIDERS_PATH", null), ("Grantkeeper:Providers:plain:authorization_endpoint", null), ("Grantkeeper:Providers:plain:token_endpoint", null), ("Grantkeeper:Providers:plain:userinfo_endpoint", null)), "public_url");
        ((string)hidden["verdict"]!, ((string)hidden["what"]!).Contains("private network", StringComparison.Ordinal)).ShouldBe(("warn", true), hidden.ToJsonString());
    }

    [Fact]
    public async Task A_redirect_uri_that_does_not_fit_names_what_has_to_agree()
    {
        var refused = await Finding(But(("SANDBOX_REDIRECT_URI", "https://elsewhere.example.com/oauth/sandbox/callback")), "redirect_uri");
        foreach (var part in new[] { "FRONTEND_URL", "GRANTKEEPER_PUBLIC_URL" })
            ((string)refused["why"]!).ShouldContain(part);
        ((string)refused["remedy"]!).ShouldContain("DEPLOY_ENV");
        var own = await Finding(But(("SANDBOX_REDIRECT_URI", $"{World.Host.Origin}/my/own/page")), "redirect_uri", exitCode: 0);
        ((string)own["verdict"]!, ((string)own["remedy"]!).Contains("POST /oauth/sandbox/callback", StringComparison.Ordinal)).ShouldBe(("warn", true));
    }

    [Fact]
    public async Task Clocks_that_differ()
    {
        var run = await ToolRun.With(World.Settings, ["doctor", "--provider", "sandbox", "--json"], new FastClock(TimeSpan.FromMinutes(2)));
        run.Code.ShouldBe(1);
        foreach (var subject in new[] { "user_data", "sandbox" })
            ((string)Of(run, "clock_skew", subject)["what"]!).ShouldContain("behind this machine's");
    }

    [Fact]
    public async Task A_provider_that_is_away()
    {
        var finding = await Finding(But(("Grantkeeper:Providers:sandbox:issuer", $"http://127.0.0.1:{FreePort.Next()}")), "endpoints");
        ((string)finding["what"]!).ShouldContain("providers.discovery_failed");
        var plain = await ToolRun.With(But(("Grantkeeper:Providers:plain:token_endpoint", $"http://127.0.0.1:{FreePort.Next()}/token")), ["doctor", "--provider", "plain", "--json"]);
        ((string)Of(plain, "endpoints")["what"]!).ShouldContain("does not answer");
    }

    [Fact]
    public async Task Refreshes_that_failed_and_deliveries_that_wait()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var id = await world.Connect("doctor_1");
        // A node whose secret has expired at the provider.
        var node = await world.AddNode(new Dictionary<string, string?> { ["SANDBOX_CLIENT_SECRET"] = "expired" });
        await node.Post($"/api/v1/oauth/integrations/{id}/refresh");
        await world.Sql("INSERT INTO outbox (id, user_id, kind, created_at, next_attempt_at) VALUES (gen_random_uuid(), 'doctor_1', 'none', now() - interval '2 hours', now() + interval '1 day')");
        var run = await ToolRun.With(world.Settings, ["doctor", "--provider", "sandbox", "--json"]);
        run.Code.ShouldBe(1, run.Out);
        var refreshes = Of(run, "refreshes");
        foreach (var part in new[] { "1 of 1", "misconfigured", "invalid_client" })
            ((string)refreshes["what"]!).ShouldContain(part);
        ((string)refreshes["remedy"]!).ShouldContain("SANDBOX_CLIENT_SECRET");
        ((string)Of(run, "outbox")["verdict"]!).ShouldBe("warn");

        var explained = await ToolRun.At(world.Host, "token", "sandbox", "--user", "doctor_1", "--explain", "--json");
        ((string)Of(new ToolRun(0, $$"""{"findings":{{explained.Json["explanation"]!.ToJsonString()}}}""", ""), "attempts")["why"]!).ShouldContain("operator");
    }

    /// <summary>A machine whose clock is ahead.</summary>
    private sealed class FastClock(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead;
    }
}
