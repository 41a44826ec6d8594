using System.Buffers.Binary;
using System.Buffers.Text;
using Grantkeeper.Errors;

namespace Grantkeeper.Http;

/// <summary>The opaque position in a list, and the size of its pages: 50 by default, 1 to 200.</summary>
internal static class Cursor
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 200;

    private const string NotOurs = "cursor is not one that a list answered with";

    public static string Of(Guid lastId) => Base64Url.EncodeToString(lastId.ToByteArray(bigEndian: true));

    /// <summary>A place in a list that is ordered by time, then id; the time is exact to the microsecond, as the database has it.</summary>
    public static string Of(DateTimeOffset at, Guid id)
    {
        var bytes = new byte[24];
        BinaryPrimitives.WriteInt64BigEndian(bytes, at.UtcTicks / TimeSpan.TicksPerMicrosecond);
        id.TryWriteBytes(bytes.AsSpan(8), bigEndian: true, out _);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads <c>cursor</c> and <c>limit</c> of a list that is ordered by time; adds what is wrong with them to <paramref name="faults"/>.</summary>
    public static ((DateTimeOffset At, Guid Id)? After, int Limit) ReadTimed(string? cursor, string? limit, List<string> faults)
    {
        (DateTimeOffset At, Guid Id)? after = null;
        if (!string.IsNullOrEmpty(cursor))
        {
            var bytes = new byte[24];
            var isRead = cursor.Length == 32 && Base64Url.IsValid(cursor) && Base64Url.DecodeFromChars(cursor, bytes) == 24;
            var microseconds = isRead ? BinaryPrimitives.ReadInt64BigEndian(bytes) : -1;
            if (microseconds >= 0 && microseconds <= DateTime.MaxValue.Ticks / TimeSpan.TicksPerMicrosecond)
                after = (new DateTimeOffset(microseconds * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero), new Guid(bytes.AsSpan(8), bigEndian: true));
            else
                faults.Add(NotOurs);
        }

        return (after, LimitOf(limit, faults));
    }

    /// <summary>Reads <c>cursor</c> and <c>limit</c>. Failure: <c>requests.invalid</c>.</summary>
    public static Result<(Guid? After, int Limit)> Read(string? cursor, string? limit)
    {
        var faults = new List<string>();
        Guid? after = null;
        if (!string.IsNullOrEmpty(cursor))
        {
            var bytes = new byte[16];
            if (cursor.Length == 22 && Base64Url.IsValid(cursor) && Base64Url.DecodeFromChars(cursor, bytes) == 16)
                after = new Guid(bytes, bigEndian: true);
            else
                faults.Add(NotOurs);
        }

        var size = LimitOf(limit, faults);
        return faults.Count == 0 ? (after, size) : new Failure(ErrorCatalogue.Requests.Invalid) { Items = faults };
    }

    private static int LimitOf(string? limit, List<string> faults)
    {
        var size = DefaultLimit;
        if (limit is not null && (!int.TryParse(limit, out size) || size is < 1 or > MaxLimit))
            faults.Add($"limit must be a whole number from 1 to {MaxLimit}");
        return size;
    }
}
