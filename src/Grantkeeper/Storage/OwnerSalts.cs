namespace Grantkeeper.Storage;

/// <summary>
/// The random salt of each owner's key. Erasing it makes everything sealed for that owner unreadable; whoever seals something
/// new holds it until the end of the transaction, so that an erasure comes before or after, never between.
/// </summary>
internal static class OwnerSalts
{
    private sealed record Salt(byte[] Bytes);

    /// <summary>The owner's salt; made on first use. Part of the caller's transaction.</summary>
    public static async Task<byte[]> Get(IDb db, string userId, CancellationToken cancellation)
    {
        var salt = await db.One(
            """
            WITH made AS (INSERT INTO owner_salts (user_id, salt) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING RETURNING salt)
            SELECT salt FROM made UNION ALL SELECT salt FROM (SELECT salt FROM owner_salts WHERE user_id = $1 FOR KEY SHARE) AS held LIMIT 1
            """,
            row => new Salt(row.Bytes(0)), cancellation, userId, Encryption.SecretBox.NewSalt());
        // Another transaction made it in the same moment: now it can be seen.
        return salt?.Bytes ?? (await Existing(db, userId, cancellation))!;
    }

    /// <summary>The owner's salt; null when there is none, since the owner was erased. Part of the caller's transaction.</summary>
    public static async Task<byte[]?> Existing(IDb db, string userId, CancellationToken cancellation) =>
        (await db.One("SELECT salt FROM owner_salts WHERE user_id = $1 FOR KEY SHARE", row => new Salt(row.Bytes(0)), cancellation, userId))?.Bytes;

    /// <summary>Waits for everybody who holds the salt, and lets nobody else have it until the end of the transaction.</summary>
    public static Task Lock(IDb db, string userId, CancellationToken cancellation) =>
        db.Execute("SELECT FROM owner_salts WHERE user_id = $1 FOR UPDATE", cancellation, userId);
}
