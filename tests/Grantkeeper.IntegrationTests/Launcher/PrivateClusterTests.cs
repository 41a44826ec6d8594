using Grantkeeper.Launcher.Postgres;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Launcher;

[Trait("category", "launcher")]
public sealed class PrivateClusterTests : IAsyncLifetime
{
    private readonly LauncherFolder _folder = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await _folder.DisposeAsync();

    private Task<PrivateCluster> Start() => PrivateCluster.Start(_folder.Options(), TestContext.Current.CancellationToken);

    [Fact]
    public async Task A_cluster_starts_and_serves_a_database_to_its_login_role()
    {
        await using var cluster = await Start();
        await cluster.CreateDatabase("first");
        await cluster.CreateDatabase("first");

        (await Ask(cluster.ConnectionString("first"), "SELECT current_user || '/' || current_database()")).ShouldBe("grantkeeper/first");
        (await Ask(cluster.ConnectionString("first"), "SHOW gk.private_cluster")).ShouldBe("on");
        (await Ask(cluster.ConnectionString("first"), "SHOW max_connections")).ShouldBe("300");
        (await Ask(cluster.ConnectionString("first"), "SHOW server_encoding")).ShouldBe("UTF8");
        cluster.UrlOf("first").ShouldMatch($"^postgresql://grantkeeper:[A-Za-z0-9_-]{{43}}@127\\.0\\.0\\.1:{cluster.Port}/first$");
        cluster.SuperuserUrl("first").ShouldStartWith("postgresql://postgres:");
        cluster.Port.ShouldBeInRange(20000, 29999);

        await cluster.DropDatabase("first");
        await Should.ThrowAsync<PostgresException>(() => Ask(cluster.ConnectionString("first"), "SELECT 1"));
    }

    private static async Task<string?> Ask(string connectionString, string query)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(query, connection);
        return (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))?.ToString();
    }
}
