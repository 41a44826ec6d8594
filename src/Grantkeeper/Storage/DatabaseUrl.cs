using Grantkeeper.Errors;
using Npgsql;

namespace Grantkeeper.Storage;

/// <summary>
/// Reads <c>postgresql://user:password@host:5432/database?sslmode=require</c> (R308) or an Npgsql connection string.
/// The pool is the documents' (R283): 20 kept, 50 at most, 30 s wait, an hour's life, TCP keep-alive.
/// </summary>
internal static class DatabaseUrl
{
    /// <summary>The role that every query runs under; not the owner of a table, so row-level security holds for it.</summary>
    public const string ApplicationRole = "grantkeeper_app";

    /// <summary>The role that owns the schema; only migrations run under it.</summary>
    public const string OwnerRole = "grantkeeper_owner";

    public static Result<NpgsqlConnectionStringBuilder> Parse(string text)
    {
        try
        {
            var builder = text.StartsWith("postgresql://", StringComparison.Ordinal) || text.StartsWith("postgres://", StringComparison.Ordinal)
                ? FromUrl(new Uri(text))
                : new NpgsqlConnectionStringBuilder(text);
            if (string.IsNullOrEmpty(builder.Host) || string.IsNullOrEmpty(builder.Database))
                return new Failure(ErrorCatalogue.Storage.UrlInvalid, "The database URL names no host or no database.");
            return builder;
        }
        catch (Exception exception) when (exception is UriFormatException or ArgumentException or FormatException or OverflowException or KeyNotFoundException)
        {
            // The exception's text may repeat the URL and so the password.
            return new Failure(ErrorCatalogue.Storage.UrlInvalid, "The database URL cannot be parsed.");
        }
    }

    /// <summary>The pool's settings on top of what the operator wrote.</summary>
    public static NpgsqlConnectionStringBuilder ForApplication(NpgsqlConnectionStringBuilder operatorWrote) =>
        new(operatorWrote.ConnectionString)
        {
            Options = $"-c role={ApplicationRole} {operatorWrote.Options}".Trim(),
            // No session state survives a query: contexts live in the query's own implicit transaction.
            NoResetOnClose = true,
            MaxPoolSize = 50,
            MinPoolSize = 20,
            Timeout = 30,
            CommandTimeout = 15,
            ConnectionLifetime = 3600,
            TcpKeepAlive = true,
            // The driver's automatic preparation breaks a connection when a batch fails while it is being prepared (decision 8).
            MaxAutoPrepare = 0,
            ApplicationName = "grantkeeper",
        };

    public static NpgsqlConnectionStringBuilder ForMigration(NpgsqlConnectionStringBuilder operatorWrote) =>
        new(operatorWrote.ConnectionString) { Pooling = false, CommandTimeout = 0, ApplicationName = "grantkeeper-migrator" };

    /// <summary>A URL for people: who logs in where, without the password; a mask when it cannot be parsed, since anything in it may be one.</summary>
    public static string Shown(string text) => Parse(text).TryGet(out var url, out _)
        ? $"postgresql://{(string.IsNullOrEmpty(url.Username) ? "" : $"{url.Username}{(string.IsNullOrEmpty(url.Password) ? "" : ":***")}@")}{url.Host}:{url.Port}/{url.Database}"
        : "***";

    private static NpgsqlConnectionStringBuilder FromUrl(Uri url)
    {
        // A # or / in a password that is not percent-encoded would make another host of it, and connect there.
        if (url.Fragment.Length > 0 || url.AbsolutePath.TrimStart('/').AsSpan().IndexOfAny('/', '@') >= 0)
            throw new FormatException("The password is not percent-encoded.");
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = url.Host.Trim('[', ']'),
            Port = url.IsDefaultPort || url.Port <= 0 ? 5432 : url.Port,
            Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')),
        };
        var credentials = url.UserInfo.Split(':', 2);
        if (credentials[0].Length > 0)
            builder.Username = Uri.UnescapeDataString(credentials[0]);
        if (credentials.Length > 1)
            builder.Password = Uri.UnescapeDataString(credentials[1]);
        foreach (var pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            var value = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "";
            switch (parts[0])
            {
                // libpq spells them with hyphens and its own names.
                case "sslmode":
                    builder.SslMode = Enum.TryParse<SslMode>(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var mode) && !value.Any(char.IsAsciiDigit)
                        ? mode : throw new FormatException("sslmode is none of libpq's words.");
                    break;
                case "sslrootcert":
                    builder.RootCertificate = value;
                    break;
                case "connect_timeout":
                    builder.Timeout = int.Parse(value);
                    break;
                default:
                    builder[parts[0].Replace('_', ' ')] = value;
                    break;
            }
        }

        return builder;
    }
}
