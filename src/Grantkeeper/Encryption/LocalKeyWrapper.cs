using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Grantkeeper.Errors;

namespace Grantkeeper.Encryption;

/// <summary>Wraps data keys with a key that never lies in the database. Implementations: a configured key; key services later share this shape.</summary>
internal interface IKeyWrapper
{
    /// <summary>Names the wrapping key without telling anything about it.</summary>
    string KeyId { get; }

    ValueTask<string> Wrap(byte[] dataKey, int version, CancellationToken cancellation);

    /// <summary>The data key; null when this wrapping key does not open it.</summary>
    ValueTask<byte[]?> Unwrap(string wrapped, int version, CancellationToken cancellation);
}

/// <summary>A 256-bit key from <c>OAUTH_ENCRYPTION_KEY</c> (base64 or hexadecimal) or the file that <c>OAUTH_ENCRYPTION_KEY_FILE</c> names.</summary>
internal sealed class LocalKeyWrapper : IKeyWrapper
{
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private readonly byte[] _key;

    private LocalKeyWrapper(byte[] key)
    {
        _key = key;
        KeyId = Convert.ToHexStringLower(SHA256.HashData([.. "gk1-wrapping-key"u8, .. key]))[..16];
    }

    public string KeyId { get; }

    /// <summary>Reads the key. Failures: <c>encryption.key_missing</c>, <c>encryption.key_invalid</c>.</summary>
    public static Result<IKeyWrapper> Read(Secret key, string? file)
    {
        if (key.IsEmpty && string.IsNullOrEmpty(file))
            return new Failure(ErrorCatalogue.Encryption.KeyMissing);
        string text;
        try
        {
            text = key.IsEmpty ? File.ReadAllText(file!).Trim() : key.Reveal().Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new Failure(ErrorCatalogue.Encryption.KeyInvalid, $"The file that OAUTH_ENCRYPTION_KEY_FILE names ({file}) cannot be read.");
        }

        return Decode(text) is { } bytes ? new LocalKeyWrapper(bytes) : new Failure(ErrorCatalogue.Encryption.KeyInvalid);
    }

    public ValueTask<string> Wrap(byte[] dataKey, int version, CancellationToken cancellation)
    {
        var output = new byte[NonceLength + dataKey.Length + TagLength];
        RandomNumberGenerator.Fill(output.AsSpan(0, NonceLength));
        using var aes = new AesGcm(_key, TagLength);
        aes.Encrypt(output.AsSpan(0, NonceLength), dataKey, output.AsSpan(NonceLength, dataKey.Length), output.AsSpan(NonceLength + dataKey.Length), Context(version));
        return ValueTask.FromResult(Convert.ToBase64String(output));
    }

    public ValueTask<byte[]?> Unwrap(string wrapped, int version, CancellationToken cancellation)
    {
        try
        {
            var input = Convert.FromBase64String(wrapped);
            if (input.Length <= NonceLength + TagLength)
                return ValueTask.FromResult<byte[]?>(null);
            var dataKey = new byte[input.Length - NonceLength - TagLength];
            using var aes = new AesGcm(_key, TagLength);
            aes.Decrypt(input.AsSpan(0, NonceLength), input.AsSpan(NonceLength, dataKey.Length), input.AsSpan(NonceLength + dataKey.Length), dataKey, Context(version));
            return ValueTask.FromResult<byte[]?>(dataKey);
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException)
        {
            return ValueTask.FromResult<byte[]?>(null);
        }
    }

    private static byte[] Context(int version)
    {
        var context = new byte[12];
        Encoding.ASCII.GetBytes("gk1-wrap", context);
        BinaryPrimitives.WriteInt32BigEndian(context.AsSpan(8), version);
        return context;
    }

    private static byte[]? Decode(string text)
    {
        try
        {
            var bytes = text.Length == 64 ? Convert.FromHexString(text) : Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '='));
            return bytes.Length == 32 ? bytes : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
