using System.Net;
using Grantkeeper.Encryption;
using Grantkeeper.IntegrationTests.Hosting;
using Grantkeeper.OAuth;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Spool;
using Grantkeeper.Testing.Postgres;
using Grantkeeper.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>The new tokens have arrived, the database is dead, and then the node is killed too: they are on its disk.</summary>
[Trait("category", "services")]
public sealed class SpoolFlowTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("gk-data-").FullName;

    [Fact]
    public async Task Token_that_came_while_the_database_was_dead_outlives_a_kill_of_its_node()
    {
        await using var cluster = await TestCluster.Start(("synchronous_commit", "on"));
        await using var world = await FlowWorld.Start(HostKind.Server, database: await cluster.NewMigratedDatabase());
        var id = await world.Connect("user_1");
        await using var node = await ServerNode.Start(world.ProcessSettings(_data));
        await world.Expire(id);

        var held = world.Tap.Hold(ProviderTap.Token);
        var read = node.Get($"/api/v1/oauth/integrations/{id}/token");
        if (await Task.WhenAny(held.Arrived, read) == read)
            throw new ShouldAssertException($"The node answered without asking the provider: {(await read).Body}\n{node.Log}");
        var answered = world.Tap.Calls.Last(call => call.Value("grant_type") == "refresh_token").Answered("access_token");
        await cluster.Kill();
        held.Release();
        await node.Until("waits for the database; it is kept");
        await node.Kill();
        await Should.ThrowAsync<HttpRequestException>(read);
        await cluster.Restart();

        // The other node finds the open attempt and leaves the grant alone: the old refresh token would end it.
        await world.Sql("UPDATE oauth_tokens SET lease_until = now() - interval '1 second'");
        var elsewhere = await world.Host.Get($"/api/v1/oauth/integrations/{id}/token");
        (elsewhere.Status, elsewhere.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "tokens.answer_awaited"));
        int.Parse(elsewhere.Header("Retry-After"), System.Globalization.CultureInfo.InvariantCulture).ShouldBeInRange(60, 600);
        world.Counters[Counter.RefreshRequests].ShouldBe(1);

        await node.Restart();
        node.Log.ShouldContain("was stored as generation 2: Saved");
        foreach (var reply in new[] { await node.Get($"/api/v1/oauth/integrations/{id}/token"), await world.Host.Get($"/api/v1/oauth/integrations/{id}/token") })
        {
            reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
            ((string)reply.Json["access_token"]!).ShouldBe(answered);
        }

        ((bool)(await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh")).Json["success"]!).ShouldBeTrue("the rotated refresh token was stored too");
        world.Counters[Counter.ReuseDetected].ShouldBe(0);
        ((string)(await node.Get("/oauth/health")).Json["components"]!["spool"]!["status"]!).ShouldBe("healthy");

        await node.Kill();
        await node.Restart();
        node.Log.ShouldNotContain("waited on disk", Case.Sensitive, "it is replayed once");
    }

    [Fact]
    public async Task Node_that_cannot_write_its_spool_serves_and_renews_nothing()
    {
        // A file stands where the folder should be.
        await File.WriteAllTextAsync(Path.Combine(_data, "spool"), "", TestContext.Current.CancellationToken);
        await using var world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?> { ["GRANTKEEPER_DATA_PATH"] = _data });
        var id = await world.Connect("user_1");
        (await world.Host.Get($"/api/v1/oauth/integrations/{id}/token")).Status.ShouldBe(HttpStatusCode.OK);
        var refused = await world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh");
        (refused.Status, refused.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "tokens.spool_unavailable"));
        await world.Expire(id);
        (await world.Host.Get($"/api/v1/oauth/integrations/{id}/token")).Code.ShouldBe("tokens.spool_unavailable");
        world.Counters[Counter.RefreshRequests].ShouldBe(0);
        (await world.Sql("SELECT lease_until IS NULL AND intent_id IS NULL FROM oauth_tokens")).ShouldBe(true);

        var health = await world.Host.Get("/oauth/health");
        health.Status.ShouldBe(HttpStatusCode.OK);
        ((string)health.Json["status"]!).ShouldBe("degraded");
        ((string)health.Json["components"]!["spool"]!["code"]!).ShouldBe("tokens.spool_unavailable");
        (await world.Host.Get("/health/ready", key: null)).Status.ShouldBe(HttpStatusCode.OK);

        // Another node renews it.
        var other = await world.AddNode(new Dictionary<string, string?> { ["GRANTKEEPER_DATA_PATH"] = null });
        (await other.Get($"/api/v1/oauth/integrations/{id}/token")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Answer_that_the_database_refuses_stays_and_stops_no_node()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var id = await world.Connect("user_1");
        var good = await world.Connect("user_1", "bob+auto");
        var box = world.Host.Services.GetRequiredService<SecretBox>();
        var vault = world.Host.Services.GetRequiredService<TokenVault>();
        var folder = Directory.CreateDirectory(Path.Combine(_data, "spool", "left"));
        using (var file = SpoolFile.Open(SpoolDisk.Open(Path.Combine(folder.FullName, "answers"), SpoolFile.Size), box)!)
        {
            file.ReadAll().ShouldBeEmpty();
            foreach (var (integration, scope) in new[] { (id, "a\0b"), (good, "a") })
            {
                var row = (await vault.Find(integration, "user_1", TestContext.Current.CancellationToken))!;
                var tokens = new TokenSet(new Secret($"at-{integration}"), new Secret("rt"), TimeProvider.System.GetUtcNow().AddHours(1), TimeSpan.FromHours(1), ScopeSet.Of([scope]));
                (await file.Keep(file.Reserve()!.Value, SpooledAnswer.Of(Guid.NewGuid(), row, tokens, TimeProvider.System.GetUtcNow(), TimeSpan.Zero).ToRecord())).ShouldBeTrue();
            }
        }

        var node = await world.AddNode(new Dictionary<string, string?> { ["GRANTKEEPER_DATA_PATH"] = _data });
        ((string)(await node.Get($"/api/v1/oauth/integrations/{good}/token")).Json["access_token"]!).ShouldBe($"at-{good}");
        (await node.Get($"/api/v1/oauth/integrations/{id}/token")).Status.ShouldBe(HttpStatusCode.OK);
        node.Logs.Text.ShouldContain("cannot be stored (22021)");
        (await world.Sql("SELECT count(*) FROM nodes WHERE node = 'left'")).ShouldBe(0L, "others must not rely on it");
    }

    public void Dispose() => Directory.Delete(_data, recursive: true);
}
