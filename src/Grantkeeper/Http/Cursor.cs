using System.Buffers.Text;
using Grantkeeper.Errors;

namespace Grantkeeper.Http;

/// <summary>The opaque position in a list, and the size of its pages: 50 by default, 1 to 200.</summary>
internal static class Cursor
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 200;

    public static string Of(Guid lastId) => Base64Url.EncodeToString(lastId.ToByteArray(bigEndian: true));

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
                faults.Add("cursor is not one that a list answered with");
        }

        var size = DefaultLimit;
        if (limit is not null && (!int.TryParse(limit, out size) || size is < 1 or > MaxLimit))
            faults.Add($"limit must be a whole number from 1 to {MaxLimit}");
        return faults.Count == 0 ? (after, size) : new Failure(ErrorCatalogue.Requests.Invalid) { Items = faults };
    }
}
