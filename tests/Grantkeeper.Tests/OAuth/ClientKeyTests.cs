using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Tests.OAuth;

/// <summary>Private keys as people paste them, and what they sign.</summary>
[Trait("category", "services")]
public sealed class ClientKeyTests
{
    private static readonly RSA Rsa = RSA.Create(2048);

    private static ClientKey? Read(string text, out string fault) => ClientKey.Read(new Secret(text), out fault);

    private static ClientKey Good(string text)
    {
        var key = Read(text, out var fault);
        return key.ShouldNotBeNull(fault);
    }

    private static bool Verifies(ClientKey key, AsymmetricAlgorithm own, string algorithm)
    {
        var data = "a.b"u8.ToArray();
        var signature = key.Sign(algorithm, data);
        var hash = algorithm[2..] switch { "384" => HashAlgorithmName.SHA384, "512" => HashAlgorithmName.SHA512, _ => HashAlgorithmName.SHA256 };
        return own is RSA rsa
            ? rsa.VerifyData(data, signature, hash, algorithm[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1)
            : ((ECDsa)own).VerifyData(data, signature, hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    [Fact]
    public void Rsa_keys_are_read_in_every_form_and_sign_with_every_algorithm_of_theirs()
    {
        var pem = Rsa.ExportPkcs8PrivateKeyPem();
        foreach (var text in new[]
        {
            pem, Rsa.ExportRSAPrivateKeyPem(), $"  {pem}\r\n", pem.Replace("\n", "\r\n", StringComparison.Ordinal), pem.Replace("\n", "\\n", StringComparison.Ordinal),
            pem.Replace("\n", "", StringComparison.Ordinal), $"Bag Attributes\n    friendlyName: x\n{pem}", Jwk(Rsa),
        })
        {
            var key = Good(text);
            (key.Algorithm, key.KeyId, key.CertificateThumbprint).ShouldBe(("RS256", null, null));
            foreach (var algorithm in new[] { "RS256", "RS384", "RS512", "PS256", "PS384", "PS512" })
            {
                key.Fits(algorithm).ShouldBeTrue();
                Verifies(key, Rsa, algorithm).ShouldBeTrue(algorithm);
            }

            key.Fits("ES256").ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData("nistP256", "ES256"), InlineData("nistP384", "ES384"), InlineData("nistP521", "ES512")]
    public void Ec_keys_sign_with_the_algorithm_of_their_curve(string curve, string algorithm)
    {
        using var ec = ECDsa.Create(ECCurve.CreateFromFriendlyName(curve));
        foreach (var text in new[] { ec.ExportPkcs8PrivateKeyPem(), ec.ExportECPrivateKeyPem(), Jwk(ec, algorithm) })
        {
            var key = Good(text);
            key.Algorithm.ShouldBe(algorithm);
            Verifies(key, ec, algorithm).ShouldBeTrue();
            (key.Fits("RS256"), key.Fits(algorithm == "ES256" ? "ES384" : "ES256")).ShouldBe((false, false));
        }
    }

    [Fact]
    public void Jwk_may_name_its_kid_and_algorithm()
    {
        var key = Good(Jwk(Rsa, "PS256", "key-7"));
        (key.Algorithm, key.KeyId).ShouldBe(("PS256", "key-7"));
        Read(Jwk(Rsa, "ES256"), out var fault).ShouldBeNull();
        fault.ShouldContain("alg is not of its kind");
    }

    [Fact]
    public void Certificate_beside_the_key_gives_its_thumbprint()
    {
        var request = new CertificateRequest("CN=us", Rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(90));
        var key = Good($"{certificate.ExportCertificatePem()}\n{Rsa.ExportPkcs8PrivateKeyPem()}");
        key.CertificateThumbprint.ShouldBe(Base64Url.EncodeToString(SHA256.HashData(certificate.RawData)));

        using var another = RSA.Create(2048);
        Read($"{certificate.ExportCertificatePem()}\n{another.ExportPkcs8PrivateKeyPem()}", out var fault).ShouldBeNull();
        fault.ShouldContain("not of its private key");
    }

    public static TheoryData<string, string> Faults()
    {
        using var small = RSA.Create(1024);
        using var bitcoin = ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10"));
        var parameters = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000);
        var pem = Rsa.ExportPkcs8PrivateKeyPem();
        return new()
        {
            { "GOCSPX-a-plain-secret", "holds no private key" },
            { Rsa.ExportSubjectPublicKeyInfoPem(), "holds no private key" },
            { pem[..^40], "holds no private key" },
            { small.ExportPkcs8PrivateKeyPem(), "an RSA key of 1024 bits; 2048 to 8192 are taken" },
            { bitcoin.ExportPkcs8PrivateKeyPem(), "another curve than P-256, P-384 and P-521" },
            { Rsa.ExportEncryptedPkcs8PrivateKeyPem("canary", parameters), "behind a password" },
            { "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----", "behind a password" },
            { "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----", "ssh-keygen" },
            { "-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----", "no base64" },
            { "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "cannot be used" },
            { $"{pem}\n{pem}", "more than one private key" },
            { "{\"kty\":\"RSA\"", "is no JSON" },
            { "{\"keys\":[]}", "a set of keys" },
            { "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"AA\",\"x\":\"AA\"}", "neither RSA nor EC" },
            { "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "a public key" },
            { "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\",\"d\":\"AQAB\"}", "without all members" },
            { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQAB\",\"y\":\"AQAB\",\"d\":\"AQAB\"}", "cannot be used" },
        };
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void What_is_no_usable_key_is_said_plainly_and_not_repeated(string text, string part)
    {
        Read(text, out var fault).ShouldBeNull();
        fault.ShouldContain(part);
        fault.ShouldNotContain("AQAB");
        fault.ShouldNotContain("canary");
    }

    [Fact]
    public void Key_whose_halves_do_not_belong_together_is_refused()
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var another = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (mine, theirs) = (ec.ExportParameters(true), another.ExportParameters(true));
        Read(JsonSerializer.Serialize(new { kty = "EC", crv = "P-256", x = Text(mine.Q.X), y = Text(mine.Q.Y), d = Text(theirs.D) }), out var fault).ShouldBeNull();
        fault.ShouldContain("cannot be used");
    }

    [Fact]
    public void Assertion_says_who_signs_for_whom_and_for_how_long()
    {
        var now = new DateTimeOffset(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
        var key = Good(Jwk(Rsa, null, "key-7"));
        var parts = ClientAssertion.Sign(key, "RS256", key.KeyId, "client-1", "https://idp.example.com/token", now).Reveal().Split('.');
        var (header, claims) = (Json(parts[0]), Json(parts[1]));
        header.GetRawText().ShouldBe("""{"alg":"RS256","typ":"JWT","kid":"key-7"}""");
        (claims.GetProperty("iss").GetString(), claims.GetProperty("sub").GetString(), claims.GetProperty("aud").GetString()).ShouldBe(("client-1", "client-1", "https://idp.example.com/token"));
        (claims.GetProperty("iat").GetInt64(), claims.GetProperty("exp").GetInt64()).ShouldBe((now.ToUnixTimeSeconds(), now.ToUnixTimeSeconds() + 60));
        Rsa.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).ShouldBeTrue();
    }

    private static JsonElement Json(string part) => JsonDocument.Parse(Base64Url.DecodeFromChars(part)).RootElement;

    private static string Text(byte[]? number) => Base64Url.EncodeToString(number);

    private static string Jwk(RSA rsa, string? alg = null, string? kid = null)
    {
        var p = rsa.ExportParameters(true);
        return JsonSerializer.Serialize(Members(alg, kid, new()
        {
            // Leading zeros may be left out in a JWK of a careless writer.
            ["kty"] = "RSA", ["n"] = Text(p.Modulus), ["e"] = Text(p.Exponent), ["d"] = Text(p.D.AsSpan().TrimStart((byte)0).ToArray()),
            ["p"] = Text(p.P), ["q"] = Text(p.Q), ["dp"] = Text(p.DP.AsSpan().TrimStart((byte)0).ToArray()), ["dq"] = Text(p.DQ), ["qi"] = Text(p.InverseQ),
        }));
    }

    private static string Jwk(ECDsa ec, string alg)
    {
        var p = ec.ExportParameters(true);
        var curve = alg switch { "ES256" => "P-256", "ES384" => "P-384", _ => "P-521" };
        return JsonSerializer.Serialize(Members(alg, null, new() { ["kty"] = "EC", ["crv"] = curve, ["x"] = Text(p.Q.X), ["y"] = Text(p.Q.Y), ["d"] = Text(p.D) }));
    }

    private static Dictionary<string, string> Members(string? alg, string? kid, Dictionary<string, string> members)
    {
        if (alg is not null)
            members["alg"] = alg;
        if (kid is not null)
            members["kid"] = kid;
        return members;
    }
}
