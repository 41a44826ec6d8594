using System.Diagnostics;
using Grantkeeper.Testing.Postgres;
using Npgsql;

namespace Grantkeeper.Benchmarks.Refreshing;

/// <summary>A database server of its own that flushes every commit, as an operator runs it, and folders for nodes.</summary>
internal sealed class Bed(TestCluster cluster, TestDatabase database, DirectoryInfo folder) : IAsyncDisposable
{
    private int _folders;

    public TestDatabase Database => database;

    public static async Task<Bed> New()
    {
        var cluster = await TestCluster.Start(
            ("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on"), ("shared_buffers", "512MB"), ("max_wal_size", "4GB"), ("checkpoint_timeout", "15min"));
        return new Bed(cluster, await cluster.NewMigratedDatabase(), Directory.CreateTempSubdirectory("gk-bench-"));
    }

    /// <summary>A folder for one node's spool.</summary>
    public string NewFolder() => folder.CreateSubdirectory($"node-{_folders++}").FullName;

    /// <summary>Refreshes that are stored.</summary>
    public async Task<long> Refreshed() => (long)(await Sql("SELECT count(*) FROM oauth_audit_log WHERE action = 'refresh'"))!;

    /// <summary>When each integration was first tried.</summary>
    public async Task<IReadOnlyDictionary<Guid, DateTimeOffset>> FirstAttempts()
    {
        await using var connection = new NpgsqlConnection(Grantkeeper.Storage.DatabaseUrl.ForMigration(Grantkeeper.Storage.DatabaseUrl.Parse(database.SuperuserUrl).Value).ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT integration_id, min(started_at) FROM refresh_attempts GROUP BY 1", connection);
        await using var rows = await command.ExecuteReaderAsync();
        var attempts = new Dictionary<Guid, DateTimeOffset>();
        while (await rows.ReadAsync())
            attempts.Add(rows.GetGuid(0), rows.GetFieldValue<DateTimeOffset>(1));
        return attempts;
    }

    public Task<object?> Sql(string sql) => cluster.ExecuteAsSuperuser(database, sql);

    /// <summary>CPU time of the server and its backends so far, those that have ended included.</summary>
    public async Task<TimeSpan> DatabaseCpu()
    {
        var postmaster = int.Parse((string)(await Sql("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)"))!);
        var ticks = 0L;
        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                if (Stat(process.Id) is not { } stat || (process.Id != postmaster && int.Parse(stat[1]) != postmaster))
                    continue;
                // utime and stime; of the server itself also those of its ended children.
                ticks += long.Parse(stat[11]) + long.Parse(stat[12]) + (process.Id == postmaster ? long.Parse(stat[13]) + long.Parse(stat[14]) : 0);
            }
        }

        return TimeSpan.FromSeconds(ticks / 100.0);
    }

    public async ValueTask DisposeAsync()
    {
        await cluster.DisposeAsync();
        folder.Delete(recursive: true);
    }

    /// <summary>The fields of /proc/{id}/stat after the name; null when the process has gone, or where there is no such file.</summary>
    private static string[]? Stat(int id)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{id}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
