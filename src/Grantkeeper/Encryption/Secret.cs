using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Grantkeeper.Encryption;

/// <summary>
/// Text that must never be printed: a token, code, verifier, state, client secret or key.
/// Its text form and its JSON form are a mask; <see cref="Reveal"/> is the only way to the value,
/// and a test holds the list of files that may call it (R115).
/// </summary>
[JsonConverter(typeof(SecretJsonConverter))]
public readonly struct Secret : IEquatable<Secret>
{
    private readonly string? _value;

    /// <summary>Wraps a value.</summary>
    /// <param name="value">The value to hide; empty counts as absent.</param>
    public Secret(string? value) => _value = value;

    /// <summary>True when there is nothing to reveal.</summary>
    public bool IsEmpty => string.IsNullOrEmpty(_value);

    /// <summary>The value itself. Never log, format or concatenate the result into a message.</summary>
    public string Reveal() => _value ?? "";

    /// <summary>Compares in constant time for values of equal length.</summary>
    /// <param name="other">The value to compare with.</param>
    public bool Equals(Secret other) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Reveal()), Encoding.UTF8.GetBytes(other.Reveal()));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Secret other && Equals(other);

    /// <summary>Always 0: a hash code of a secret tells about the secret.</summary>
    public override int GetHashCode() => 0;

    /// <summary>A mask, whatever the value.</summary>
    public override string ToString() => "***";

    /// <summary>Equality in constant time.</summary>
    public static bool operator ==(Secret left, Secret right) => left.Equals(right);

    /// <summary>Inequality in constant time.</summary>
    public static bool operator !=(Secret left, Secret right) => !left.Equals(right);
}

/// <summary>Writes a mask and reads nothing, so that a secret cannot leave by an innocent serialization.</summary>
internal sealed class SecretJsonConverter : JsonConverter<Secret>
{
    public override Secret Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        throw new NotSupportedException("A secret is not read from JSON; read the text and wrap it.");

    public override void Write(Utf8JsonWriter writer, Secret value, JsonSerializerOptions options) =>
        writer.WriteStringValue("***");
}
