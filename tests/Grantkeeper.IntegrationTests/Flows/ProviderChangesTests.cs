using System.Net;
using System.Text.Json.Nodes;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Providers that come and change while nodes run: over the folder, over the API, and drafts that are looked through.</summary>
[Trait("category", "providers")]
public sealed class ProviderChangesTests : IDisposable
{
    private const string Path = "/api/v1/oauth/admin/providers";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("providers");

    /// <summary>Nothing that overrides the manifests of these tests.</summary>
    private static readonly Dictionary<string, string?> Bare = new() { ["Grantkeeper:Providers:second:issuer"] = null };

    private Dictionary<string, string?> Folder => new(Bare) { ["GRANTKEEPER_PROVIDERS_PATH"] = _folder.FullName };

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task File_dropped_into_the_folder_appears_connects_and_survives_a_bad_successor()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, Folder);
        (await world.Host.Get("/oauth/second/status?user_id=user_1")).Code.ShouldBe("providers.unknown");

        // appears without a restart, listed with what it can do, and connects
        Write("second.yaml", Manifest("Second", world.SandboxOrigin));
        var entry = await Seen(world.Host, "second", _ => true);
        ((string)entry["origin"]!, (bool)entry["offered"]!, (bool)entry["configured"]!).ShouldBe(("file", true, true));
        var listed = (await world.Host.Get("/oauth/providers")).Json["providers"]!.AsArray().Single(provider => (string)provider!["key"]! == "second")!;
        ((string)listed["display_name"]!, (bool)listed["capabilities"]!["refresh"]!).ShouldBe(("Second", true));
        var id = await world.Connect("user_1", provider: "second");

        // a bad file changes nothing and says why, everywhere
        Write("second.yaml", "schema_version: 1\nkey: second\ndisplay_name: Worse\nauthorization_endpoint: nowhere\n");
        await Eventually(async () => (await world.Host.Get(Path)).Json["faults"]!.AsArray().Count > 0);
        var faults = (await world.Host.Get(Path)).Json["faults"]!.AsArray().Select(fault => (string)fault!).ToList();
        faults.ShouldContain(fault => fault.StartsWith("second.yaml: authorization_endpoint", StringComparison.Ordinal));
        faults.ShouldContain(fault => fault.StartsWith("second.yaml: token_endpoint", StringComparison.Ordinal));
        ((string)(await world.Host.Get($"{Path}/second")).Json["display_name"]!).ShouldBe("Second");
        var health = (await world.Host.Get("/oauth/health")).Json;
        ((string)health["status"]!, (string)health["components"]!["providers"]!["status"]!).ShouldBe(("degraded", "degraded"));
        (await world.Host.Get("/api/v1/oauth/admin/diagnostics")).Json["findings"]!.AsArray().ShouldContain(finding => (string)finding!["check"]! == "manifests" && (string)finding["verdict"]! == "fail");
        await world.Host.Logs.Until("1403");
        await world.Expire(id);
        (await world.Host.Get("/oauth/second/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK);

        // corrected, it is taken; removed, its grants stay and are told apart from unknown accounts
        Write("second.yaml", Manifest("Better", world.SandboxOrigin));
        await Seen(world.Host, "second", definition => (string)definition["display_name"]! == "Better");
        (await world.Host.Get(Path)).Json["faults"]!.AsArray().ShouldBeEmpty();
        ((string)(await world.Host.Get("/oauth/health")).Json["components"]!["providers"]!["status"]!).ShouldBe("healthy");
        File.Delete(System.IO.Path.Combine(_folder.FullName, "second.yaml"));
        await Eventually(async () => (await world.Host.Get($"{Path}/second")).Code == "providers.unknown");
        (await world.Sql("SELECT status FROM oauth_integrations")).ShouldBe("active");
        Write("second.yaml", Manifest("Better", world.SandboxOrigin));
        await Seen(world.Host, "second", _ => true);
        (await world.Host.Get("/oauth/second/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory, InlineData(HostKind.Server), InlineData(HostKind.Embedded)]
    public async Task Provider_is_added_changed_seen_by_other_nodes_and_removed_over_the_API(HostKind kind)
    {
        await using var world = await FlowWorld.Start(kind, Bare);
        var other = await world.AddNode();
        var added = await Put(world, "second", Manifest("Second", world.SandboxOrigin));
        added.Status.ShouldBe(HttpStatusCode.OK, added.Body);
        // The environment holds SECOND_CLIENT_SECRET, which a manifest from the API is not given.
        ((string)added.Json["origin"]!, (bool)added.Json["offered"]!, (bool)added.Json["configured"]!, (string)added.Json["updated_by"]!).ShouldBe(("stored", true, false, "key:bootstrap"));
        added.Json["missing"]!.AsArray().Select(name => (string)name!).ShouldBe(["Grantkeeper__Providers__second__client_id", "Grantkeeper__Providers__second__client_secret"]);
        await EnterClient(world, "second");
        await Seen(other, "second", definition => (bool)definition["configured"]!);
        var id = await world.Connect("user_1", provider: "second");
        (await other.Get("/oauth/second/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK);

        // what leads nowhere else may change while it is in use
        (await Put(world, "second", Manifest("Renamed", world.SandboxOrigin))).Status.ShouldBe(HttpStatusCode.OK);
        await Seen(other, "second", definition => (string)definition["display_name"]! == "Renamed");
        (await Put(world, "second", Manifest("Elsewhere", "http://127.0.0.1:9"))).Code.ShouldBe("providers.in_use");
        (await world.Host.Delete($"{Path}/second")).Code.ShouldBe("providers.in_use");

        // without grants it may lead elsewhere, and then its client does not follow
        await world.Host.Delete($"/api/v1/oauth/integrations/{id}");
        var moved = await Put(world, "second", Manifest("Elsewhere", "http://127.0.0.1:9"));
        (moved.Status, (bool)moved.Json["configured"]!).ShouldBe((HttpStatusCode.OK, false));
        (await world.Host.Get("/api/v1/oauth/admin/clients/second")).Json["warnings"]!.AsArray().Select(warning => (string)warning!).ShouldContain(warning => warning.Contains("addresses have changed", StringComparison.Ordinal));
        await Seen(other, "second", definition => (string)definition["display_name"]! == "Elsewhere" && !(bool)definition["configured"]!);

        (await world.Host.Delete($"{Path}/second")).Status.ShouldBe(HttpStatusCode.OK);
        (await world.Host.Get($"{Path}/second")).Code.ShouldBe("providers.unknown");
        await Eventually(async () => (await other.Get($"{Path}/second")).Code == "providers.unknown");
        (await world.Host.Delete($"{Path}/second")).Code.ShouldBe("providers.unknown");
        (await world.Host.Delete($"{Path}/google")).Code.ShouldBe("providers.not_stored");
        (await world.Sql("SELECT count(*) FROM oauth_audit_log WHERE user_id = '~system' AND provider = 'second' AND action IN ('provider_changed', 'provider_removed') AND caller = 'key:bootstrap'")).ShouldBe(4L);
    }

    [Fact]
    public async Task Stored_provider_outlives_a_restart_and_a_file_of_its_key_wins()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, Bare);
        await Put(world, "second", Manifest("Stored", world.SandboxOrigin));
        ((string)(await (await world.AddNode()).Get($"{Path}/second")).Json["display_name"]!).ShouldBe("Stored");
        Write("second.yaml", Manifest("From the file", world.SandboxOrigin));
        var node = await world.AddNode(Folder);
        ((string)(await node.Get($"{Path}/second")).Json["display_name"]!).ShouldBe("From the file");
        (await node.Get(Path)).Json["faults"]!.AsArray().Select(fault => (string)fault!).ShouldBe(["second (stored): a file or a release has a provider of this key, which wins"]);
    }

    /// <summary>Keys and variables are chosen by whoever writes the manifest; the environment's secrets must not answer to them.</summary>
    [Fact]
    public async Task Stored_manifest_reaches_no_secret_of_the_environment()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?> { ["GOOGLE_OAUTH_CLIENT_ID"] = "id", ["GOOGLE_OAUTH_CLIENT_SECRET"] = "the-secret-of-google", ["DATABASE_PASSWORD"] = "hunter2-hunter2" });
        var thief = await Put(world, "google_oauth", Manifest("Thief", world.SandboxOrigin, "google_oauth"));
        ((bool)thief.Json["configured"]!, thief.Status).ShouldBe((false, HttpStatusCode.OK));
        var variable = await Put(world, "database", $"""
            schema_version: 1
            key: database
            display_name: Thief
            authorization_endpoint: https://thief.example.com/authorize
            token_endpoint: "https://thief.example.com/{"{password}"}"
            account: { "{ source: none }" }
            variables: { "{ password: { kind: host } }" }
            """);
        variable.Body.ShouldNotContain("hunter2");
        variable.Json["missing"]!.AsArray().Select(name => (string)name!).ShouldContain("Grantkeeper__Providers__database__variables__password");
        foreach (var key in new[] { "google", "sandbox", "notion" })
            (await Put(world, key, Manifest("Thief", world.SandboxOrigin, key))).ShouldSatisfyAllConditions(reply => reply.Status.ShouldBe(HttpStatusCode.Conflict), reply => reply.Code.ShouldBe("providers.not_yours"));
    }

    [Fact]
    public async Task Draft_is_offered_once_it_was_looked_through()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, Bare);
        var draft = (string)(await world.Host.Get(Path)).Json["providers"]!.AsArray().First(provider => (string)provider!["verification"]! == "draft")!["provider"]!;
        async Task<bool> IsListed() => (await world.Host.Get("/oauth/providers")).Json["providers"]!.AsArray().Any(provider => (string)provider!["key"]! == draft);
        (await IsListed()).ShouldBeFalse();
        var half = await world.Host.Post($"{Path}/{draft}/add", new { confirmed = new[] { "endpoints" } });
        (half.Code, half.Json["errors"]!.AsArray().Count).ShouldBe(("requests.invalid", 2));
        var added = await world.Host.Post($"{Path}/{draft}/add", new { confirmed = new[] { "endpoints", "pkce", "refresh" } });
        ((bool)added.Json["offered"]!, (string)added.Json["origin"]!, added.Json["updated_by"]?.ToString()).ShouldBe((true, "shipped", "key:bootstrap"), added.Body);
        (await IsListed()).ShouldBeTrue();
        (await world.Host.Post($"{Path}/google/add", new { confirmed = new[] { "endpoints", "pkce", "refresh" } })).Code.ShouldBe("requests.invalid");
        (await world.Host.Delete($"{Path}/{draft}")).Status.ShouldBe(HttpStatusCode.OK);
        (await IsListed()).ShouldBeFalse();
    }

    [Theory]
    [InlineData("second", null, 1)]
    [InlineData("second", "- a list", 1)]
    [InlineData("second", "a: [", 1)]
    [InlineData("second", "schema_version: 1\nkey: other\ndisplay_name: x\nauthorization_endpoint: https://a.example.com\ntoken_endpoint: https://a.example.com\naccount: { source: none }", 1)]
    [InlineData("second", "schema_version: 1\nkey: second\nunknown_field: x", 5)]
    [InlineData("second", "extends: nobody\nkey: second", 1)]
    [InlineData("Start", "schema_version: 1\nkey: start\ndisplay_name: x\nauthorization_endpoint: https://a.example.com\ntoken_endpoint: https://a.example.com\naccount: { source: none }", 1)]
    [InlineData("second", "schema_version: 1\nkey: second\ndisplay_name: x\nauthorization_endpoint: http://a.example.com\ntoken_endpoint: javascript:alert(1)\naccount: { source: none }", 2)]
    public async Task Bad_manifest_is_refused_with_every_fault_and_stored_nowhere(string key, string? manifest, int faults)
    {
        await using var world = await FlowWorld.Start(HostKind.Server, Bare);
        var refused = await Put(world, key, manifest);
        (refused.Status, refused.Code).ShouldBe((HttpStatusCode.UnprocessableEntity, "requests.invalid"), refused.Body);
        refused.Json["errors"]!.AsArray().Count.ShouldBe(faults, refused.Body);
        (await world.Sql("SELECT count(*) FROM provider_manifests")).ShouldBe(0L);
    }

    private void Write(string file, string yaml) => File.WriteAllText(System.IO.Path.Combine(_folder.FullName, file), yaml);

    private static string Manifest(string name, string issuer, string key = "second") => $"""
        schema_version: 1
        key: {key}
        display_name: {name}
        verification: documented
        issuer: {issuer}
        discovery: true
        default_scopes: [openid, profile, email, offline_access]
        """;

    private static Task<FlowReply> Put(FlowWorld world, string key, string? manifest) => world.Host.Send(HttpMethod.Put, $"{Path}/{key}", new { manifest }, FlowHost.ApiKey);

    private static async Task EnterClient(FlowWorld world, string key)
    {
        var put = await world.Host.Send(HttpMethod.Put, $"/api/v1/oauth/admin/clients/{key}", new { client_id = "grantkeeper", client_secret = FlowWorld.ClientSecret }, FlowHost.ApiKey);
        put.Status.ShouldBe(HttpStatusCode.OK, put.Body);
    }

    private static async Task<JsonNode> Seen(FlowHost node, string key, Func<JsonNode, bool> isSeen)
    {
        JsonNode? found = null;
        await Eventually(async () => await node.Get($"{Path}/{key}") is { Status: HttpStatusCode.OK } reply && isSeen(found = reply.Json));
        return found!;
    }

    private static async Task Eventually(Func<Task<bool>> isTrue)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await isTrue())
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }
}
