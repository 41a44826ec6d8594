using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;

namespace Grantkeeper.Jwt;

/// <summary>The public keys of an issuer (RFC 7517, section 5). Immutable and safe to share.</summary>
internal sealed class JsonWebKeySet
{
    /// <summary>A set with more entries than this is refused.</summary>
    public const int MaxKeys = 100;

    private readonly bool _isNameless;

    private JsonWebKeySet(IReadOnlyList<JsonWebKey> keys, bool isNameless) => (Keys, _isNameless) = (keys, isNameless);

    /// <summary>The usable keys, in the order of the document.</summary>
    public IReadOnlyList<JsonWebKey> Keys { get; }

    /// <summary>
    /// Reads a JWK Set. Keys that are unknown, symmetric, too short or not for signatures are left out (RFC 7517, section 5), so
    /// a set without a usable key is a set all the same.
    /// </summary>
    /// <returns>False when the document is no key set, repeats a member, or has more than 100 entries.</returns>
    public static bool TryParse(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out JsonWebKeySet? set)
    {
        set = null;
        if (JwtJson.Object(json, out _) is not { } document || !document.TryGetProperty("keys", out var keys)
            || keys.ValueKind is not JsonValueKind.Array || keys.GetArrayLength() > MaxKeys) return false;
        set = new JsonWebKeySet([.. keys.EnumerateArray().Select(JsonWebKey.Read).OfType<JsonWebKey>()], isNameless: false);
        return true;
    }

    /// <inheritdoc cref="TryParse(ReadOnlyMemory{byte}, out JsonWebKeySet?)"/>
    public static bool TryParse(string json, [NotNullWhen(true)] out JsonWebKeySet? set) => TryParse(Encoding.UTF8.GetBytes(json), out set);

    /// <summary>The same keys, for a sender whose tokens may name a key that was handed over without its name.</summary>
    public JsonWebKeySet Nameless() => new(Keys, isNameless: true);

    /// <summary>
    /// The keys that may have made a signature: those with the token's <c>kid</c>, or all when the token names none,
    /// as far as they fit the algorithm.
    /// </summary>
    public IEnumerable<JsonWebKey> Candidates(string? keyId, string algorithm) =>
        Keys.Where(key => (_isNameless || keyId is null || key.KeyId == keyId) && key.Fits(algorithm));
}
