using Grantkeeper.Storage;
using Grantkeeper.Testing.Postgres;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Storage;

/// <summary>
/// A statement that the server refuses must not spoil its pooled connection for the next one. With the driver's automatic
/// preparation it does: a batch that fails in the moment it is prepared leaves the two sides with different ideas of what
/// is prepared, and the next batch reads answers that it does not expect.
/// </summary>
[Trait("category", "models")]
public sealed class FailedStatementTests
{
    private sealed record Text(string Value);

    [Fact]
    public async Task Refused_statement_leaves_its_connection_usable()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var database = await (await TestCluster.Shared()).NewMigratedDatabase();
        for (var usesBefore = 0; usesBefore < 12; usesBefore++)
        {
            var settings = DatabaseUrl.ForApplication(DatabaseUrl.Parse(database.Url).Value);
            settings.MinPoolSize = 0;
            settings.MaxPoolSize = 1;
            await using var source = new Database(new NpgsqlDataSourceBuilder(settings.ConnectionString).Build(), TimeProvider.System);
            var session = source.AsService(ServiceReason.Deployment);
            Task<Text?> Ask(string text) => session.One("SELECT $1::text", row => new Text(row.GetString(0)), cancellation, text);
            for (var use = 0; use < usesBefore; use++)
                (await Ask("before"))!.Value.ShouldBe("before");
            await Should.ThrowAsync<PostgresException>(() => Ask("\0"));
            for (var use = 0; use < 3; use++)
                (await Ask("after"))!.Value.ShouldBe("after", $"after {usesBefore} uses");
        }
    }
}
