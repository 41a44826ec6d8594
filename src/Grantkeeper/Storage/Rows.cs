using System.Net;
using System.Text;
using Npgsql;

namespace Grantkeeper.Storage;

/// <summary>Short ways to read a column that may be null.</summary>
internal static class Rows
{
    private const int LongestUserAgent = 300;

    public static string? TextOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.Time(column);

    public static DateTimeOffset Time(this NpgsqlDataReader row, int column) => new(row.GetDateTime(column), TimeSpan.Zero);

    public static Guid? GuidOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetGuid(column);

    public static long? LongOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    public static string[] Texts(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? [] : row.GetFieldValue<string[]>(column);

    public static byte[] Bytes(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? [] : row.GetFieldValue<byte[]>(column);

    /// <summary>Free text of a stranger: control characters go, so that it stays one line wherever it is shown, and so does what is too long.</summary>
    public static string? UserAgent(string? text)
    {
        if (text is null)
            return null;
        var kept = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (kept.Length + rune.Utf16SequenceLength > LongestUserAgent)
                break;
            if (!Rune.IsControl(rune))
                kept.Append(rune.ToString());
        }

        return kept.ToString();
    }

    /// <summary>An address for an inet column; null when it is none.</summary>
    public static IPAddress? Address(string? text) => IPAddress.TryParse(text, out var address) ? address : null;
}
