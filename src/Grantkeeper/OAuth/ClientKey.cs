using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Grantkeeper.Encryption;

namespace Grantkeeper.OAuth;

/// <summary>
/// The private key that takes the client secret's place under private_key_jwt: RSA of 2048 to 8192 bits, or EC on P-256,
/// P-384 or P-521. Its text form tells nothing.
/// </summary>
internal sealed partial class ClientKey
{
    private const int LeastRsaBits = 2048;
    private const int MostRsaBits = 8192;

    private static readonly string[] ForRsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

    /// <summary>Object identifiers of the curves and the one algorithm of each (RFC 7518 section 3.4).</summary>
    private static readonly (string Oid, string Name, string Algorithm)[] Curves =
        [("1.2.840.10045.3.1.7", "P-256", "ES256"), ("1.3.132.0.34", "P-384", "ES384"), ("1.3.132.0.35", "P-521", "ES512")];

    private readonly RSAParameters? _rsa;
    private readonly ECParameters? _ec;

    private ClientKey(RSAParameters? rsa, ECParameters? ec, string algorithm) => (_rsa, _ec, Algorithm) = (rsa, ec, algorithm);

    /// <summary>Every algorithm that some key may sign with (RFC 7518 section 3.1).</summary>
    public static IReadOnlyList<string> Algorithms { get; } = [.. ForRsa, .. Curves.Select(curve => curve.Algorithm)];

    /// <summary>What the key signs with unless told otherwise: the <c>alg</c> of a JWK, else RS256 or the curve's.</summary>
    public string Algorithm { get; private init; }

    /// <summary>The <c>kid</c> of a JWK; null when there is none.</summary>
    public string? KeyId { get; private init; }

    /// <summary><c>x5t#S256</c> of the certificate that stood beside the key (RFC 7515 section 4.1.8); null without one.</summary>
    public string? CertificateThumbprint { get; private init; }

    /// <summary>True when a text was meant as a key, a good one or not.</summary>
    public static bool Looks(Secret text) => text.Reveal().AsSpan().TrimStart() is ['{', ..] or ['-', '-', '-', '-', '-', 'B', ..];

    /// <summary>
    /// Reads PEM (PKCS #8, PKCS #1 or SEC 1, also with its line breaks gone or written as \n) or a JWK (RFC 7517). Null with
    /// the end of a sentence that begins with the setting's name; it repeats nothing of the text.
    /// </summary>
    public static ClientKey? Read(Secret text, out string fault)
    {
        try
        {
            var key = text.Reveal().AsSpan().TrimStart() is ['{', ..] ? Jwk(text.Reveal(), out fault) : Pem(text.Reveal(), out fault);
            // A key that does not verify its own signature would be refused at the provider only.
            if (key is null || key.IsSound())
                return key;
        }
        catch (CryptographicException)
        {
            // Numbers that are no key, whichever of the many ways.
        }

        fault = "holds a private key that cannot be used: it is damaged or of a kind other than RSA and EC";
        return null;
    }

    public bool Fits(string algorithm) => _rsa is not null ? ForRsa.Contains(algorithm) : algorithm == CurveOf(_ec!.Value)!.Value.Algorithm;

    /// <summary>Signs as a JWS does (RFC 7518 section 3): an EC signature is the two numbers side by side.</summary>
    public byte[] Sign(string algorithm, ReadOnlySpan<byte> data)
    {
        if (_ec is { } ec)
        {
            using var ecdsa = ECDsa.Create(ec);
            return ecdsa.SignData(data, HashOf(algorithm), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }

        using var rsa = RSA.Create(_rsa!.Value);
        return rsa.SignData(data, HashOf(algorithm), PaddingOf(algorithm));
    }

    /// <summary>A new key of the same kind, for whoever wants to be refused with it.</summary>
    public Secret Another()
    {
        using AsymmetricAlgorithm key = _ec is { } ec ? ECDsa.Create(ec.Curve) : RSA.Create(LeastRsaBits);
        return new Secret(key.ExportPkcs8PrivateKeyPem());
    }

    private bool IsSound()
    {
        var probe = Encoding.ASCII.GetBytes("probe");
        var signature = Sign(Algorithm, probe);
        if (_ec is { } ec)
        {
            using var ecdsa = ECDsa.Create(new ECParameters { Curve = ec.Curve, Q = ec.Q });
            return ecdsa.VerifyData(probe, signature, HashOf(Algorithm), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        }

        using var rsa = RSA.Create(new RSAParameters { Modulus = _rsa!.Value.Modulus, Exponent = _rsa.Value.Exponent });
        return rsa.VerifyData(probe, signature, HashOf(Algorithm), PaddingOf(Algorithm));
    }

    private static ClientKey? Pem(string text, out string fault)
    {
        var (key, certificates) = (default(AsymmetricAlgorithm), new List<byte[]>());
        try
        {
            foreach (Match block in Block().Matches(text))
            {
                var (label, body) = (block.Groups["label"].Value, block.Groups["body"].Value);
                if (label == "ENCRYPTED PRIVATE KEY" || body.Contains("ENCRYPTED", StringComparison.Ordinal))
                    return Fault("holds a private key behind a password: store it without, for example with openssl pkey -in key.pem", out fault);
                if (label == "OPENSSH PRIVATE KEY")
                    return Fault("holds a key of SSH's own form: convert it with ssh-keygen -p -m PKCS8", out fault);
                if (key is not null && label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
                    return Fault("holds more than one private key", out fault);
                if (Decode(body) is not { } der)
                    return Fault("holds a PEM block that is no base64: it was probably not copied whole", out fault);
                if (label == "CERTIFICATE")
                    certificates.Add(der);
                else if (label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
                    key = Import(label, der);
            }

            return key is null
                ? Fault("holds no private key: paste the PEM text from BEGIN PRIVATE KEY to END PRIVATE KEY, or a JWK", out fault)
                : Of(key, null, null, certificates, out fault);
        }
        finally
        {
            key?.Dispose();
        }
    }

    private static AsymmetricAlgorithm Import(string label, byte[] der)
    {
        if (label != "EC PRIVATE KEY")
        {
            var rsa = RSA.Create();
            try
            {
                if (label == "RSA PRIVATE KEY")
                    rsa.ImportRSAPrivateKey(der, out _);
                else
                    rsa.ImportPkcs8PrivateKey(der, out _);
                return rsa;
            }
            catch (CryptographicException) when (label != "RSA PRIVATE KEY")
            {
                // PKCS #8 holds keys of any kind; the other one is tried.
                rsa.Dispose();
            }
        }

        var ec = ECDsa.Create();
        if (label == "EC PRIVATE KEY")
            ec.ImportECPrivateKey(der, out _);
        else
            ec.ImportPkcs8PrivateKey(der, out _);
        return ec;
    }

    private static ClientKey? Jwk(string text, out string fault)
    {
        using var document = TokenEndpoint.Parse("application/json", Encoding.UTF8.GetBytes(text));
        if (document is null)
            return Fault("begins like a JWK and is no JSON: it was probably not copied whole", out fault);
        var json = document.RootElement;
        if (JsonText.Member(json, "keys") is not null)
            return Fault("holds a set of keys: paste the one that signs", out fault);
        var (kind, keyId, algorithm) = (JsonText.Of(json, "kty"), JsonText.Of(json, "kid"), JsonText.Of(json, "alg"));
        if (kind is not ("RSA" or "EC"))
            return Fault("holds a JWK whose kty is neither RSA nor EC", out fault);
        if (JsonText.Member(json, "d") is null)
            return Fault("holds a public key: the private one has the member d", out fault);
        using AsymmetricAlgorithm? key = kind == "RSA" ? RsaOf(json) : EcOf(json);
        return key is null
            ? Fault("holds a JWK without all members of a private key: n, e, d, p, q, dp, dq and qi of RSA; crv, x, y and d of EC", out fault)
            : Of(key, keyId, algorithm, [], out fault);
    }

    private static RSA? RsaOf(JsonElement json)
    {
        if (Number(json, "n", 0) is not { } modulus)
            return null;
        var half = (modulus.Length + 1) / 2;
        return Number(json, "e", 0) is { } exponent && Number(json, "d", modulus.Length) is { } d && Number(json, "p", half) is { } p && Number(json, "q", half) is { } q
            && Number(json, "dp", half) is { } dp && Number(json, "dq", half) is { } dq && Number(json, "qi", half) is { } qi
            ? RSA.Create(new RSAParameters { Modulus = modulus, Exponent = exponent, D = d, P = p, Q = q, DP = dp, DQ = dq, InverseQ = qi })
            : null;
    }

    private static ECDsa? EcOf(JsonElement json)
    {
        var curve = Curves.FirstOrDefault(curve => curve.Name == JsonText.Of(json, "crv"));
        return curve.Oid is not null && Number(json, "x", 0) is { } x && Number(json, "y", 0) is { } y && Number(json, "d", x.Length) is { } d
            ? ECDsa.Create(new ECParameters { Curve = ECCurve.CreateFromValue(curve.Oid), Q = new ECPoint { X = x, Y = y }, D = d })
            : null;
    }

    private static ClientKey? Of(AsymmetricAlgorithm key, string? keyId, string? algorithm, List<byte[]> certificates, out string fault)
    {
        ClientKey read;
        if (key is RSA rsa)
        {
            if (rsa.KeySize is < LeastRsaBits or > MostRsaBits)
                return Fault($"holds an RSA key of {rsa.KeySize} bits; {LeastRsaBits} to {MostRsaBits} are taken (RFC 7518 section 3.3)", out fault);
            read = new ClientKey(rsa.ExportParameters(true), null, algorithm ?? "RS256") { KeyId = keyId };
        }
        else
        {
            var parameters = ((ECDsa)key).ExportParameters(true);
            if (CurveOf(parameters) is not { } curve)
                return Fault("holds an EC key on another curve than P-256, P-384 and P-521", out fault);
            read = new ClientKey(null, parameters, algorithm ?? curve.Algorithm) { KeyId = keyId };
        }

        if (!read.Fits(read.Algorithm))
            return Fault("holds a JWK whose alg is not of its kind of key", out fault);
        fault = "";
        if (certificates.Count == 0)
            return read;
        // With a chain in the file, the key's own certificate is the one that counts.
        return certificates.Find(read.Certifies) is { } own
            ? new ClientKey(read._rsa, read._ec, read.Algorithm) { CertificateThumbprint = Base64Url.EncodeToString(SHA256.HashData(own)) }
            : Fault("holds a certificate that is not of its private key", out fault);
    }

    private bool Certifies(byte[] der)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(der);
        using var rsa = certificate.GetRSAPublicKey();
        using var ec = certificate.GetECDsaPublicKey();
        return _rsa is { } mine
            ? rsa?.ExportParameters(false).Modulus.AsSpan().SequenceEqual(mine.Modulus) == true
            : ec?.ExportParameters(false).Q.X.AsSpan().SequenceEqual(_ec!.Value.Q.X) == true;
    }

    private static (string Oid, string Name, string Algorithm)? CurveOf(ECParameters parameters) =>
        Curves.FirstOrDefault(curve => curve.Oid == parameters.Curve.Oid?.Value) is { Oid: not null } found ? found : null;

    private static HashAlgorithmName HashOf(string algorithm) => algorithm[2..] switch
    {
        "384" => HashAlgorithmName.SHA384,
        "512" => HashAlgorithmName.SHA512,
        _ => HashAlgorithmName.SHA256,
    };

    private static RSASignaturePadding PaddingOf(string algorithm) => algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;

    /// <summary>A number of a JWK, filled up with zeros in front to the length that the framework asks for.</summary>
    private static byte[]? Number(JsonElement json, string name, int length)
    {
        try
        {
            var bytes = Base64Url.DecodeFromChars(JsonText.Of(json, name));
            return bytes.Length == 0 ? null : bytes.Length >= length ? bytes : [.. new byte[length - bytes.Length], .. bytes];
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static byte[]? Decode(string body)
    {
        try
        {
            return Convert.FromBase64String(body.Replace("\\r", "", StringComparison.Ordinal).Replace("\\n", "", StringComparison.Ordinal));
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static ClientKey? Fault(string text, out string fault)
    {
        fault = text;
        return null;
    }

    [GeneratedRegex(@"-----BEGIN (?<label>[A-Z0-9 ]{1,40})-----(?<body>[^-]*(?:-{1,4}[^-]+)*)-----END \k<label>-----")]
    private static partial Regex Block();
}
