using Grantkeeper.Testing.Postgres;

namespace Grantkeeper.IntegrationTests.Registry;

/// <summary>The contract while the database is down (R16): every operation says so, with a code and a time to come back; health needs none.</summary>
[Trait("category", "providers")]
public sealed class ContractOutageTests
{
    [Fact]
    public async Task Every_operation_of_every_provider_says_that_the_database_is_away()
    {
        await using var cluster = await TestCluster.Start();
        await using var world = await ContractWorld.Start(database: await cluster.NewMigratedDatabase());
        await cluster.Kill();

        foreach (var key in ContractWorld.Keys)
        {
            foreach (var operation in ContractOperation.All)
            {
                var outcome = await world.Run(operation, key, ContractWorld.NoCallback("user_1"), ContractWorld.NoCallback("user_2"));
                outcome.ShouldBe(operation.Name == ContractOperation.GetHealth ? "ok" : "storage.unavailable", $"{key} {operation.Name}");
            }
        }
    }
}
