using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Grantkeeper.Encryption;

/// <summary>Where a sealed secret belongs. All of it is authenticated, so a ciphertext opens in its own place only (R113).</summary>
/// <param name="Purpose">Table and column, for example <c>oauth_tokens.refresh_token</c>.</param>
/// <param name="Owner">The user, or <see cref="SecretBox.SystemOwner"/>.</param>
/// <param name="Row">The row's id.</param>
/// <param name="Epoch">The consent's number; 0 where a row has none.</param>
/// <param name="Generation">The refresh's number; 0 where a row has none.</param>
internal readonly record struct SealContext(string Purpose, string Owner, Guid Row, long Epoch = 0, long Generation = 0);

/// <summary>
/// Seals secrets at rest with AES-256-GCM. Text form: <c>gk1.</c> and base64url of data-key version (4 bytes),
/// nonce (12), ciphertext, tag (16). The key is the owner's: HKDF-SHA256(data key, owner's salt, "gk1"‖version‖owner),
/// so that destroying the salt erases everything of that owner.
/// </summary>
internal sealed class SecretBox(KeyRing keys)
{
    /// <summary>Owner of secrets that no user owns, and of those that must outlive a user's erasure until they are delivered.</summary>
    public const string SystemOwner = "~system";

    public const string Prefix = "gk1.";
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private const int HeaderLength = 4 + NonceLength;

    /// <summary>Seals a value. <paramref name="ownerSalt"/> is empty for <see cref="SystemOwner"/> only.</summary>
    /// <exception cref="InvalidOperationException">No data key is loaded, or the owner has no salt: a bug of the caller.</exception>
    public string Seal(Secret value, SealContext context, byte[] ownerSalt)
    {
        var version = keys.CurrentVersion;
        var key = OwnerKey(version, context.Owner, ownerSalt) ?? throw new InvalidOperationException("Nothing is sealed without a data key and the owner's salt.");
        var plain = Encoding.UTF8.GetBytes(value.Reveal());
        var output = new byte[HeaderLength + plain.Length + TagLength];
        BinaryPrimitives.WriteInt32BigEndian(output, version);
        RandomNumberGenerator.Fill(output.AsSpan(4, NonceLength));
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(output.AsSpan(4, NonceLength), plain, output.AsSpan(HeaderLength, plain.Length), output.AsSpan(HeaderLength + plain.Length), AssociatedData(context, version));
        CryptographicOperations.ZeroMemory(plain);
        return Prefix + Base64Url.EncodeToString(output);
    }

    /// <summary>Opens a sealed value; null when it was changed, moved, or its key is gone. The caller answers <c>encryption.unreadable</c>.</summary>
    public Secret? Open(string sealedText, SealContext context, byte[] ownerSalt)
    {
        if (!sealedText.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        byte[] input;
        try
        {
            input = Base64Url.DecodeFromChars(sealedText.AsSpan(Prefix.Length));
        }
        catch (FormatException)
        {
            return null;
        }

        // One ciphertext has one text: the decoder would also take padding and blanks.
        if (input.Length < HeaderLength + TagLength || Base64Url.GetEncodedLength(input.Length) != sealedText.Length - Prefix.Length)
            return null;
        var version = BinaryPrimitives.ReadInt32BigEndian(input);
        if (OwnerKey(version, context.Owner, ownerSalt) is not { } key)
            return null;
        var plain = new byte[input.Length - HeaderLength - TagLength];
        try
        {
            using var aes = new AesGcm(key, TagLength);
            aes.Decrypt(input.AsSpan(4, NonceLength), input.AsSpan(HeaderLength, plain.Length), input.AsSpan(HeaderLength + plain.Length), plain, AssociatedData(context, version));
            return new Secret(Encoding.UTF8.GetString(plain));
        }
        catch (CryptographicException)
        {
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plain);
        }
    }

    /// <summary>A salt for a new owner.</summary>
    public static byte[] NewSalt() => RandomNumberGenerator.GetBytes(32);

    private byte[]? OwnerKey(int version, string owner, byte[] salt)
    {
        // An owner without a salt was erased or never existed: nothing opens, nothing is sealed.
        if (salt.Length == 0 && owner != SystemOwner)
            return null;
        if (keys.DataKey(version) is not { } dataKey)
            return null;
        var name = Encoding.UTF8.GetBytes(owner);
        var info = new byte[3 + 4 + name.Length];
        "gk1"u8.CopyTo(info);
        BinaryPrimitives.WriteInt32BigEndian(info.AsSpan(3), version);
        name.CopyTo(info.AsSpan(7));
        return HKDF.DeriveKey(HashAlgorithmName.SHA256, dataKey, 32, salt, info);
    }

    // Every part is prefixed by its length, so that no two contexts give the same bytes.
    private static byte[] AssociatedData(SealContext context, int version)
    {
        using var data = new MemoryStream();
        Span<byte> number = stackalloc byte[8];
        Part(data, "gk1"u8);
        Part(data, Encoding.UTF8.GetBytes(context.Purpose));
        Part(data, Encoding.UTF8.GetBytes(context.Owner));
        Part(data, context.Row.ToByteArray(bigEndian: true));
        BinaryPrimitives.WriteInt64BigEndian(number, context.Epoch);
        Part(data, number);
        BinaryPrimitives.WriteInt64BigEndian(number, context.Generation);
        Part(data, number);
        BinaryPrimitives.WriteInt64BigEndian(number, version);
        Part(data, number);
        return data.ToArray();
    }

    private static void Part(MemoryStream data, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(length, (uint)part.Length);
        data.Write(length);
        data.Write(part);
    }
}
