using System.Net;
using Grantkeeper.IntegrationTests.Identity;
using Grantkeeper.Testing.Postgres;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>The summary (R162, R190): integrations by status and provider, consents, components.</summary>
[Trait("category", "routes")]
public sealed class StatusSummaryTests
{
    private const string Path = "/api/v1/oauth/status";

    [Fact]
    public async Task Counts_every_status_by_provider_and_consents_of_the_caller_only()
    {
        await using var issuer = await HostIssuer.Start();
        var settings = issuer.Settings;
        foreach (var (name, value) in FlowWorld.MoreProviders)
            settings[name] = value;
        await using var world = await FlowWorld.Start(HostKind.Server, settings);
        var ids = new List<Guid>();
        foreach (var (provider, hint) in new[] { ("sandbox", "alice+auto"), ("sandbox", "bob+auto"), ("sandbox", "carol+auto"), ("second", "alice+auto"), ("second", "bob+auto"), ("second", "carol+auto"), ("plain", "alice+auto") })
            ids.Add(await world.Connect("user_1", hint, provider));
        await world.Connect("user_2");
        await world.Connect("user_1");
        await world.Sql($"UPDATE oauth_integrations SET status = 'pending' WHERE id = '{ids[1]}'");
        await world.Sql($"UPDATE oauth_tokens SET refresh_token = NULL, expires_at = now() - interval '1 second' WHERE integration_id = '{ids[2]}'");
        await world.Sql($"UPDATE oauth_integrations SET status = 'error' WHERE id = '{ids[3]}'");
        await world.Host.Send(HttpMethod.Patch, $"/api/v1/oauth/integrations/{ids[4]}", new { is_active = false }, FlowHost.ApiKey);
        await world.Host.Delete($"/api/v1/oauth/integrations/{ids[5]}");
        // One consent is past its end, two end soon, one of them at the provider only.
        await world.Sql($"UPDATE oauth_integrations SET consent_expires_at = now() - interval '1 second' WHERE id = '{ids[6]}'; UPDATE oauth_consents SET expires_at = now() - interval '1 second' WHERE integration_id = '{ids[6]}'");
        await world.Sql($"UPDATE oauth_integrations SET consent_expires_at = now() + interval '29 days' WHERE id = '{ids[0]}'; UPDATE oauth_consents SET expires_at = now() + interval '29 days' WHERE integration_id = '{ids[0]}'");
        await world.Sql($"UPDATE oauth_consents SET expires_at = now() + interval '7 days' WHERE integration_id = '{ids[1]}'");
        await world.Sql($"UPDATE oauth_integrations SET consent_expires_at = now() + interval '31 days' WHERE id = '{ids[3]}'; UPDATE oauth_consents SET expires_at = now() + interval '31 days' WHERE integration_id = '{ids[3]}'");

        const string mine = """
            {"total":7,"active":2,"pending":1,"expired":1,"error":1,"inactive":1,"revoked":1}
            [{"provider":"plain","totals":{"total":1,"active":1,"pending":0,"expired":0,"error":0,"inactive":0,"revoked":0}},{"provider":"sandbox","totals":{"total":3,"active":1,"pending":1,"expired":1,"error":0,"inactive":0,"revoked":0}},{"provider":"second","totals":{"total":3,"active":0,"pending":0,"expired":0,"error":1,"inactive":1,"revoked":1}}]
            {"active":5,"expired":1,"revoked":2,"expiring_soon":2}
            """;
        foreach (var (path, key) in new[] { ($"{Path}?user_id=user_1", FlowHost.ApiKey), (Path, issuer.Token("user_1")), ($"{Path}?user_id=user_1", issuer.Token("user_1")) })
        {
            var reply = await world.Host.Get(path, key);
            Numbers(reply).ShouldBe(mine, path);
            ((string)reply.Json["user_id"]!).ShouldBe("user_1");
        }

        var all = await world.Host.Get(Path);
        (all.Json["user_id"], (int)all.Json["totals"]!["total"]!, (int)all.Json["totals"]!["active"]!, (int)all.Json["consents"]!["active"]!).ShouldBe((null, 8, 3, 6));
        (await world.Host.Get($"{Path}?user_id=user_2", issuer.Token("user_1"))).Code.ShouldBe("identity.user_foreign");
        ((int)(await world.Host.Get($"{Path}?user_id=nobody")).Json["totals"]!["total"]!).ShouldBe(0);
        // The list of consents counts with the same words.
        (await world.Host.Get("/api/v1/oauth/consents?user_id=user_1")).Json["summary"]!.ToJsonString().ShouldBe("""{"active":5,"expired":1,"revoked":2,"expiring_soon":2}""");
        // And each status that is counted is one that the list shows, and can be narrowed to.
        foreach (var (status, count) in all.Json["totals"]!.AsObject().Where(entry => entry.Key != "total"))
        {
            var listed = (await world.Host.Get($"/api/v1/oauth/integrations?status={status}")).Json["integrations"]!.AsArray();
            listed.Select(entry => (string)entry!["status"]!).ShouldBe(Enumerable.Repeat(status, (int)count!));
        }
    }

    [Fact]
    public async Task Components_are_named_to_everybody_and_explained_to_administrators()
    {
        await using var issuer = await HostIssuer.Start();
        await using var world = await FlowWorld.Start(HostKind.Server, issuer.Settings);
        var operators = (await world.Host.Get(Path)).Json;
        string[] names = ["start", "database", "spool", "signals", "workers", "providers", "features"];
        operators["components"]!.AsObject().Select(entry => entry.Key).ShouldBe(names);
        // No data path is set here: less safe, and whose setting it is stays the operators' business.
        ((string)operators["health"]!, (string)operators["components"]!["spool"]!["status"]!).ShouldBe(("degraded", "degraded"));
        ((string)operators["components"]!["spool"]!["message"]!).ShouldContain("GRANTKEEPER_DATA_PATH");
        operators["components"]!["workers"]!["message"]!.GetValue<string>().ShouldContain("Grantkeeper__Refresh__Ahead");
        // As /oauth/health knows them.
        (await world.Host.Get("/oauth/health")).Json["components"]!.ToJsonString().ShouldBe(operators["components"]!.ToJsonString());

        var reader = (string)(await world.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "service", permissions = new[] { "oauth:read" } })).Json["key"]!;
        foreach (var key in new[] { issuer.Token("user_1"), reader })
        {
            var seen = (await world.Host.Get($"{Path}?user_id=user_1", key)).Json;
            ((string)seen["health"]!).ShouldBe("degraded");
            seen["components"]!.AsObject().Select(entry => entry.Key).ShouldBe(names);
            seen["components"]!.AsObject().ShouldAllBe(entry => entry.Value!["code"] == null && entry.Value["message"] == null);
        }
    }

    [Fact]
    public async Task Without_its_database_it_says_so_instead_of_zeros()
    {
        await using var cluster = await TestCluster.Start();
        await using var world = await FlowWorld.Start(HostKind.Server, database: await cluster.NewMigratedDatabase());
        await cluster.Stop();
        var reply = await world.Host.Get($"{Path}?user_id=user_1");
        (reply.Status, reply.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "storage.unavailable"), reply.Body);
    }

    private static string Numbers(FlowReply reply)
    {
        reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
        string Text(string member) => reply.Json[member]!.ToJsonString();
        return $"{Text("totals")}\n{Text("providers")}\n{Text("consents")}";
    }
}
