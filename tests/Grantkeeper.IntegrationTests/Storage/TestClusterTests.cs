using Grantkeeper.Testing.Postgres;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "models")]
public sealed class TestClusterTests
{
    [Fact]
    public async Task Databases_of_the_shared_server_are_apart_from_each_other()
    {
        var cluster = await TestCluster.Shared();
        var (empty, first, second) = (await cluster.NewDatabase(), await cluster.NewMigratedDatabase(), await cluster.NewMigratedDatabase());

        (await cluster.ExecuteAsSuperuser(empty, "SELECT to_regclass('oauth_tokens')::text")).ShouldBeNull();
        await cluster.ExecuteAsSuperuser(first, "INSERT INTO owner_salts (user_id, salt) VALUES ('u', '\\x00')");
        (await cluster.ListAsSuperuser(first, "SELECT user_id FROM owner_salts")).ShouldHaveSingleItem()[0].ShouldBe("u");
        (await cluster.ListAsSuperuser(second, "SELECT user_id FROM owner_salts")).ShouldBeEmpty();
        (await cluster.Dump(first)).ShouldContain("INSERT INTO public.owner_salts");
    }
}
