using System.Net;
using Npgsql;

namespace Grantkeeper.Storage;

/// <summary>Short ways to read a column that may be null.</summary>
internal static class Rows
{
    public static string? TextOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.Time(column);

    public static DateTimeOffset Time(this NpgsqlDataReader row, int column) => new(row.GetDateTime(column), TimeSpan.Zero);

    public static Guid? GuidOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetGuid(column);

    public static long? LongOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    public static string[] Texts(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? [] : row.GetFieldValue<string[]>(column);

    public static byte[] Bytes(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? [] : row.GetFieldValue<byte[]>(column);

    /// <summary>An address for an inet column; null when it is none.</summary>
    public static IPAddress? Address(string? text) => IPAddress.TryParse(text, out var address) ? address : null;
}
