using System.Diagnostics;
using Grantkeeper.Storage;
using Grantkeeper.Testing.Postgres;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "models")]
public sealed class OutageTests
{
    [Fact]
    public async Task A_stopped_or_killed_server_is_said_so_in_time_and_all_is_well_after_it_came_back()
    {
        await using var cluster = await TestCluster.Start();
        await using var kit = await StoreKit.New(db: await cluster.NewMigratedDatabase());
        await kit.Connect();
        foreach (var kill in (bool[])[false, true])
        {
            if (kill)
                await cluster.Kill();
            else
                await cluster.Stop();
            var clock = Stopwatch.StartNew();
            await Should.ThrowAsync<StorageUnavailableException>(() => kit.Vault.FindAt("google", "u1", null, default));
            await Should.ThrowAsync<StorageUnavailableException>(() => kit.Database.ForUser("u1").Execute("UPDATE oauth_tokens SET updated_at = now()", default));
            await Should.ThrowAsync<StorageUnavailableException>(() => kit.Database.ForUser("u1").Transaction(db => db.Execute("SELECT 1", default), default));
            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30));
            (await StoreKit.Migrate(kit.Db.Url)).Failure.ShouldNotBeNull().Code.Code.ShouldBe("storage.unavailable");

            await cluster.Restart();
            (await kit.Vault.FindAt("google", "u1", null, default)).ShouldNotBeNull();
            (await kit.Database.ForUser("u1").Execute("UPDATE oauth_tokens SET updated_at = now()", default)).ShouldBe(1);
        }
    }
}
