namespace Grantkeeper.Storage;

/// <summary>The random salt of each owner's key. Erasing it makes everything sealed for that owner unreadable.</summary>
internal static class OwnerSalts
{
    private sealed record Salt(byte[] Bytes);

    /// <summary>The owner's salt; made on first use. Part of the caller's transaction.</summary>
    public static async Task<byte[]> Get(IDb db, string userId, CancellationToken cancellation)
    {
        var salt = await db.One(
            """
            WITH made AS (INSERT INTO owner_salts (user_id, salt) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING RETURNING salt)
            SELECT salt FROM made UNION ALL SELECT salt FROM owner_salts WHERE user_id = $1 LIMIT 1
            """,
            row => new Salt(row.Bytes(0)), cancellation, userId, Encryption.SecretBox.NewSalt());
        // Another transaction made it in the same moment: now it can be seen.
        salt ??= await db.One("SELECT salt FROM owner_salts WHERE user_id = $1", row => new Salt(row.Bytes(0)), cancellation, userId);
        return salt!.Bytes;
    }
}
