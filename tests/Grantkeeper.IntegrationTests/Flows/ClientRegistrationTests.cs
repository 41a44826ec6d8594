using System.Net;
using System.Text.Json.Nodes;
using Grantkeeper.Providers;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Client registrations over the API: stored sealed, seen by every node, never read back.</summary>
[Trait("category", "routes")]
public sealed class ClientRegistrationTests
{
    private const string Path = "/api/v1/oauth/admin/clients/sandbox";

    private static readonly Dictionary<string, string?> NoClient = new() { ["SANDBOX_CLIENT_ID"] = null, ["SANDBOX_CLIENT_SECRET"] = null };

    [Theory]
    [InlineData(HostKind.Server)]
    [InlineData(HostKind.Embedded)]
    public async Task Registration_is_stored_used_seen_by_other_nodes_and_forgotten(HostKind kind)
    {
        await using var world = await FlowWorld.Start(kind, NoClient);
        var other = await world.AddNode();
        var before = (await world.Host.Get(Path)).Json;
        ((string)before["origin"]!, (bool)before["configured"]!, (bool)before["editable"]!, (bool)before["has_secret"]!).ShouldBe(("none", false, true, false));
        before["missing"]!.AsArray().Select(name => (string)name!).ShouldBe(["SANDBOX_CLIENT_ID", "SANDBOX_CLIENT_SECRET"]);
        ((string)before["redirect_uri"]!).ShouldBe($"{world.Host.Origin}/oauth/sandbox/callback");
        (await world.Host.Post("/api/v1/oauth/initiate", new { provider = "sandbox", user_id = "user-1" })).Code.ShouldBe("providers.not_configured");

        var put = await Put(world.Host, new { client_id = "grantkeeper", client_secret = FlowWorld.ClientSecret });
        put.Status.ShouldBe(HttpStatusCode.OK, put.Body);
        put.Body.ShouldNotContain("s3cret");
        ((string)put.Json["origin"]!, (bool)put.Json["configured"]!, (bool)put.Json["has_secret"]!, (string)put.Json["client_id"]!, (string)put.Json["updated_by"]!)
            .ShouldBe(("stored", true, true, "grantkeeper", "key:bootstrap"));
        await world.Connect("user-1");

        // The other node looks every two seconds.
        await Seen(other, reply => (bool)reply["configured"]!);
        (await other.Get("/oauth/sandbox/token?user_id=user-1")).Status.ShouldBe(HttpStatusCode.OK);
        var id = await world.Sql("SELECT id FROM client_registrations");
        await Put(world.Host, new { client_id = "another", client_secret = "another-secret" });
        (await world.Sql("SELECT id FROM client_registrations")).ShouldNotBe(id);
        await Seen(other, reply => (string?)reply["client_id"] == "another");

        var gone = await world.Host.Delete(Path);
        ((string)gone.Json["origin"]!, (string?)gone.Json["client_id"]).ShouldBe(("none", null));
        await Seen(other, reply => !(bool)reply["configured"]!);
        (await world.Host.Delete(Path)).Code.ShouldBe("providers.client_not_stored");
        (await world.Sql("SELECT count(*) FROM oauth_audit_log WHERE user_id = '~system' AND provider = 'sandbox' AND action IN ('client_changed', 'client_removed') AND caller = 'key:bootstrap'")).ShouldBe(3L);
    }

    [Fact]
    public async Task Environment_wins()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var entry = (await world.Host.Get(Path)).Json;
        ((string)entry["origin"]!, (bool)entry["editable"]!, (string)entry["client_id"]!).ShouldBe(("environment", false, "grantkeeper"));
        var put = await Put(world.Host, new { client_id = "mine", client_secret = "s3cret" });
        (put.Status, put.Code).ShouldBe((HttpStatusCode.Conflict, "providers.client_from_environment"));
        (await world.Sql("SELECT count(*) FROM client_registrations")).ShouldBe(0L);
    }

    [Fact]
    public async Task Registration_outlives_a_restart_and_is_shadowed_by_the_environment()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, NoClient);
        await Put(world.Host, new { client_id = "grantkeeper", client_secret = FlowWorld.ClientSecret });
        var restarted = await world.AddNode();
        ((string)(await restarted.Get(Path)).Json["origin"]!).ShouldBe("stored");
        var overruled = await world.AddNode(new Dictionary<string, string?> { ["SANDBOX_CLIENT_ID"] = "from-the-environment" });
        var entry = (await overruled.Get(Path)).Json;
        ((string)entry["origin"]!, (string)entry["client_id"]!, (bool)entry["configured"]!).ShouldBe(("environment", "from-the-environment", false));
        entry["warnings"]!.AsArray().Count.ShouldBe(2);
    }

    [Fact]
    public async Task Secret_that_was_moved_opens_nowhere()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, NoClient);
        await Put(world.Host, new { client_id = "grantkeeper", client_secret = FlowWorld.ClientSecret });
        await world.Sql("UPDATE client_registrations SET provider = 'google'");
        var node = await world.AddNode();
        node.Services.GetRequiredService<ProviderCatalogue>().Find("google")!.IsConfigured.ShouldBeFalse();
        (await node.Get("/api/v1/oauth/admin/clients/google")).Json["warnings"]!.AsArray().Select(warning => (string)warning!).ShouldContain(warning => warning.Contains("does not open", StringComparison.Ordinal));
        await node.Logs.Until("1400");
        node.Logs.Text.ShouldNotContain(FlowWorld.ClientSecret);
    }

    [Theory]
    [InlineData("{}", 2), InlineData("""{"client_id":" a","client_secret":"b\nc"}""", 2), InlineData("""{"client_id":"same","client_secret":"same"}""", 1)]
    public async Task All_faults_are_named_at_once(string body, int faults)
    {
        await using var world = await FlowWorld.Start(HostKind.Server, NoClient);
        var refused = await world.Host.Send(HttpMethod.Put, Path, JsonNode.Parse(body), FlowHost.ApiKey);
        (refused.Status, refused.Code).ShouldBe((HttpStatusCode.UnprocessableEntity, "requests.invalid"));
        refused.Json["errors"]!.AsArray().Count.ShouldBe(faults);
    }

    [Fact]
    public async Task Only_administrators_and_only_known_providers()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, NoClient);
        (await world.Host.Get("/api/v1/oauth/admin/clients/nobody")).Code.ShouldBe("providers.unknown");
        (await world.Host.Send(HttpMethod.Put, "/api/v1/oauth/admin/clients/nobody", new { client_id = "a", client_secret = "b" }, FlowHost.ApiKey)).Code.ShouldBe("providers.unknown");
        (await world.Host.Delete("/api/v1/oauth/admin/clients/nobody")).Code.ShouldBe("providers.unknown");
        (await world.Host.Get(Path, key: null)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        var reader = (string)(await world.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "reader", permissions = new[] { "oauth:read" } })).Json["key"]!;
        (await world.Host.Get(Path, reader)).Code.ShouldBe("identity.permission_missing");
        (await world.Host.Send(HttpMethod.Put, Path, new { client_id = "a", client_secret = "b" }, reader)).Code.ShouldBe("identity.permission_missing");
    }

    private static Task<FlowReply> Put(FlowHost host, object body) => host.Send(HttpMethod.Put, Path, body, FlowHost.ApiKey);

    private static async Task Seen(FlowHost node, Func<JsonNode, bool> isSeen)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!isSeen((await node.Get(Path)).Json))
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }
}
