using System.Globalization;
using System.Text;

namespace Grantkeeper.Launcher.Postgres;

/// <summary>The texts of <c>postgresql.conf</c> and <c>pg_hba.conf</c>.</summary>
internal static class ClusterConfiguration
{
    /// <summary>Password with SCRAM for everyone, over loopback only.</summary>
    public const string Authentication = "host all all 127.0.0.1/32 scram-sha-256\n";

    /// <summary>The settings of a start: the marker by which a production server refuses the cluster, then loopback, then thrift.</summary>
    public static string Settings(int port, bool fast, IReadOnlyDictionary<string, string> further)
    {
        var lines = new StringBuilder()
            .AppendLine("# Written by the launcher at every start; changes here are lost.")
            .AppendLine("gk.private_cluster = 'on'")
            .AppendLine("listen_addresses = '127.0.0.1'")
            .AppendLine(CultureInfo.InvariantCulture, $"port = {port}")
            .AppendLine("unix_socket_directories = ''")
            .AppendLine("password_encryption = 'scram-sha-256'")
            .AppendLine("max_connections = 300")
            .AppendLine("shared_buffers = '64MB'")
            .AppendLine("min_wal_size = '80MB'")
            .AppendLine("max_wal_size = '1GB'")
            .AppendLine("max_wal_senders = 0")
            .AppendLine("jit = off")
            .AppendLine("huge_pages = off")
            .AppendLine("timezone = 'UTC'")
            .AppendLine("log_timezone = 'UTC'")
            .AppendLine("lc_messages = 'C'")
            .AppendLine("logging_collector = off")
            .AppendLine("log_line_prefix = '%m [%p] '");
        if (fast)
            lines.AppendLine("fsync = off").AppendLine("synchronous_commit = off").AppendLine("full_page_writes = off");
        foreach (var (name, value) in further)
            lines.AppendLine(CultureInfo.InvariantCulture, $"{name} = '{value.Replace("'", "''", StringComparison.Ordinal)}'");
        return lines.ToString();
    }
}
