using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Grantkeeper.IntegrationTests.Flows;

namespace Grantkeeper.IntegrationTests.Identity;

/// <summary>Forged tokens over real HTTP: every one is refused, all refusals are the same, and no address in a token is ever opened.</summary>
[Trait("category", "security")]
public sealed partial class HostileTokenTests(TokenWorld fixture) : IClassFixture<TokenWorld>
{
    private HostIssuer Issuer => fixture.Issuer;

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    [Fact]
    public async Task Every_forged_token_is_refused_alike()
    {
        var host = fixture.World.Host;
        (await host.Get("/oauth/providers", Issuer.Token("u"))).Status.ShouldBe(HttpStatusCode.OK, "what is varied below is good");
        var plain = Bare(await host.Get("/oauth/providers", key: null));
        var tokens = Tokens().ToList();
        tokens.Count.ShouldBeGreaterThan(60);
        foreach (var (name, token) in tokens)
        {
            var reply = await host.Get("/oauth/providers", token);
            reply.Status.ShouldBe(HttpStatusCode.Unauthorized, $"{name}: {reply.Body}");
            reply.Code.ShouldBe("identity.unauthenticated", name);
            Bare(reply).ShouldBe(plain, name);
        }

        Issuer.Lured.ShouldBe(0);
        var logs = host.Logs.Text;
        foreach (var (name, token) in tokens.Where(entry => entry.Token.Length > 40))
            logs.Contains(token, StringComparison.Ordinal).ShouldBeFalse(name);
    }

    [Fact]
    public async Task Addresses_in_a_good_tokens_header_are_ignored()
    {
        foreach (var lure in new[] { "jku", "x5u" })
            (await fixture.World.Host.Get("/oauth/providers", Issuer.Sign(HostIssuer.Header(("kid", "first"), (lure, $"{Issuer.Origin}/lure")), HostIssuer.Claims("u")))).Status.ShouldBe(HttpStatusCode.OK);
        Issuer.Lured.ShouldBe(0);
    }

    private IEnumerable<(string Name, string Token)> Tokens()
    {
        using var mallory = RSA.Create(2048);
        string Mallorys(string header) => HostIssuer.Signed(header, HostIssuer.Claims("u"), data => mallory.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        var good = Issuer.Token("u");
        var parts = good.Split('.');
        var header = HostIssuer.Header(("kid", "first"));
        (string, string) With(string name, params (string, object?)[] claims) => (name, Issuer.Token("u", claims));
        (string, string) Under(string name, params (string, object?)[] members) => (name, Issuer.Sign(HostIssuer.Header([("kid", "first"), .. members]), HostIssuer.Claims("u")));

        // The signature.
        yield return ("no signature", $"{parts[0]}.{parts[1]}.");
        yield return ("two parts", $"{parts[0]}.{parts[1]}");
        yield return ("four parts", good + ".x");
        yield return ("five parts, as an encrypted one", good + ".x.x");
        yield return ("dots alone", "..");
        yield return ("cut short", good[..^1]);
        yield return ("with padding", good + "=");
        yield return ("another signature", $"{parts[0]}.{parts[1]}.{Issuer.Token("v").Split('.')[2]}");
        yield return ("other claims under the signature", $"{parts[0]}.{Issuer.Token("v").Split('.')[1]}.{parts[2]}");
        yield return ("another header over it", $"{HostIssuer.Encode(HostIssuer.Header(("kid", "first"), ("x", 1)))}.{parts[1]}.{parts[2]}");
        yield return ("a stranger's key", Mallorys(header));
        yield return ("a stranger's key, without kid", Mallorys(HostIssuer.Header()));
        yield return ("a signature of zeros", $"{parts[0]}.{parts[1]}.{HostIssuer.Encode(new string('\0', 256))}");

        // The algorithm.
        foreach (var none in new[] { "none", "None", "NONE", "nOnE", "" })
        {
            yield return ($"alg {none} without a signature", HostIssuer.Signed(HostIssuer.Header(("alg", none)), HostIssuer.Claims("u"), _ => []));
            yield return ($"alg {none} with the good one", Issuer.Sign(HostIssuer.Header(("alg", none), ("kid", "first")), HostIssuer.Claims("u")));
        }

        foreach (var other in new[] { "RS384", "RS512", "ES384", "EdDSA", "rs256", "HS384", "HS512", "RSA1_5", "dir" })
            yield return Under($"alg {other}", ("alg", other));
        yield return ("alg that is no text", Issuer.Sign("""{"alg":["RS256"],"kid":"first"}""", HostIssuer.Claims("u")));
        yield return ("no alg", Issuer.Sign("""{"kid":"first"}""", HostIssuer.Claims("u")));
        var publicKey = Issuer.Rsa.ExportSubjectPublicKeyInfo();
        foreach (var (form, secret) in new[] { ("der", publicKey), ("pem", Encoding.ASCII.GetBytes(Issuer.Rsa.ExportSubjectPublicKeyInfoPem())), ("jwk", Encoding.UTF8.GetBytes(HostIssuer.Jwk(Issuer.Rsa, "first"))), ("nothing", []) })
            yield return ($"HS256 with the public key as secret, {form}", HostIssuer.Signed(HostIssuer.Header(("alg", "HS256"), ("kid", "first")), HostIssuer.Claims("u"), data => HMACSHA256.HashData(secret, data)));
        yield return ("ES256 in DER", HostIssuer.Signed("""{"alg":"ES256","kid":"ec"}""", HostIssuer.Claims("u"), data => Issuer.Ec.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)));
        yield return ("ES256 of zeros", HostIssuer.Signed("""{"alg":"ES256","kid":"ec"}""", HostIssuer.Claims("u"), _ => new byte[64]));
        yield return ("RS256 over the EC key", Issuer.Sign("""{"alg":"RS256","kid":"ec"}""", HostIssuer.Claims("u")));

        // The header.
        yield return ("an unknown kid", Issuer.Sign(HostIssuer.Header(("kid", "never")), HostIssuer.Claims("u")));
        yield return ("a kid that is a path", Issuer.Sign(HostIssuer.Header(("kid", "../../../dev/null")), HostIssuer.Claims("u")));
        yield return ("a kid that is a statement", Issuer.Sign(HostIssuer.Header(("kid", "' OR '1'='1")), HostIssuer.Claims("u")));
        yield return ("a kid that is no text", Issuer.Sign("""{"alg":"RS256","kid":1}""", HostIssuer.Claims("u")));
        foreach (var lure in new[] { "jku", "x5u" })
            yield return ($"a stranger's key behind {lure}", Mallorys(HostIssuer.Header(("kid", "first"), (lure, $"{Issuer.Origin}/lure"))));
        yield return ("a stranger's key in the header", Mallorys($$"""{"alg":"RS256","kid":"m","jwk":{{HostIssuer.Jwk(mallory, "m")}}}"""));
        yield return ("a stranger's certificate in the header", Mallorys(HostIssuer.Header(("x5c", new[] { Convert.ToBase64String(mallory.ExportSubjectPublicKeyInfo()) }))));
        yield return Under("crit", ("crit", new[] { "exp" }));
        yield return Under("crit of nothing", ("crit", Array.Empty<string>()));
        yield return Under("a logout token", ("typ", "logout+jwt"));
        yield return Under("a proof of possession", ("typ", "dpop+jwt"));
        yield return Under("typ that is no text", ("typ", 1));
        yield return ("a member twice in the header", Issuer.Sign("""{"alg":"RS256","alg":"RS256","kid":"first"}""", HostIssuer.Claims("u")));
        yield return ("a header that is a list", Issuer.Sign("[]", HostIssuer.Claims("u")));
        yield return ("a header that is no text", $"{Convert.ToHexString([0xff, 0xfe])}.{parts[1]}.{parts[2]}");

        // The claims.
        yield return With("another issuer", ("iss", "https://evil.example.com/"));
        yield return With("nearly the issuer", ("iss", HostIssuer.Name.TrimEnd('/')));
        yield return With("a list of issuers", ("iss", new[] { HostIssuer.Name }));
        yield return With("no issuer", ("iss", null));
        yield return With("another audience", ("aud", "another-application"));
        yield return With("nearly the audience", ("aud", "Grantkeeper"));
        yield return With("several other audiences", ("aud", new[] { "a", "b" }));
        yield return With("no audience", ("aud", null));
        yield return With("expired", ("exp", Now - 120));
        yield return With("expired long ago", ("exp", 0));
        yield return With("no end", ("exp", null));
        yield return With("an end that is a text", ("exp", "9999999999"));
        yield return With("an end beyond time", ("exp", 1e300));
        yield return With("an end before time", ("exp", -1));
        yield return With("not yet valid", ("nbf", Now + 600));
        yield return With("made in the future", ("iat", Now + 600));
        yield return With("made at a text", ("iat", "now"));
        yield return With("nobody", ("sub", null));
        yield return With("a number as subject", ("sub", 42));
        yield return With("an empty subject", ("sub", ""));
        yield return With("too long a subject", ("sub", new string('u', 256)));
        yield return With("a reserved subject", ("sub", "~system"));
        yield return With("a subject with a line break", ("sub", "u\nv"));
        yield return ("a claim twice", Issuer.Sign(header, HostIssuer.Claims("u")[..^1] + ",\"sub\":\"v\"}"));
        yield return ("a token in a token", Issuer.Sign(HostIssuer.Header(("kid", "first"), ("cty", "JWT")), good));
        yield return ("claims that are a list", Issuer.Sign(header, "[]"));
        yield return ("claims that are none", Issuer.Sign(header, "null"));
        yield return ("deep claims", Issuer.Sign(header, HostIssuer.Claims("u")[..^1] + ",\"x\":" + new string('[', 40) + new string(']', 40) + "}"));
        yield return With("huge", ("x", new string('x', 20_000)));
    }

    private static string Bare(FlowReply reply) =>
        TraceId().Replace(reply.Body, "") + string.Join('\n', reply.HeaderText.Split('\n').Where(line => !line.StartsWith("Date:", StringComparison.Ordinal)));

    [GeneratedRegex("\"trace_id\":\"[^\"]*\"")]
    private static partial Regex TraceId();
}
