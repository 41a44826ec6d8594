using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.IntegrationTests.Identity;

/// <summary>The product's identity provider: keys behind a real address, and tokens of any shape.</summary>
internal sealed class HostIssuer : IAsyncDisposable
{
    public const string Name = "https://id.example.com/";
    public const string Audience = "grantkeeper";

    private readonly WebApplication _app;
    private readonly List<(string Kid, RSA Key)> _keys = [("first", RSA.Create(2048))];

    private HostIssuer(WebApplication app) => _app = app;

    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public RSA Rsa => _keys[0].Key;

    /// <summary>How often the keys were fetched.</summary>
    public int Fetches { get; private set; }

    /// <summary>Requests to any other address of this server: what a token may point to and nobody follows.</summary>
    public int Lured { get; private set; }

    /// <summary>While it is true the keys are not there.</summary>
    public bool IsAway { get; set; }

    public string Origin => _app.Urls.First();

    public string JwksUri => Origin + "/keys";

    /// <summary>What the operator of a node writes.</summary>
    public Dictionary<string, string?> Settings => new()
    {
        ["GRANTKEEPER_JWT_ISSUER"] = Name, ["GRANTKEEPER_JWT_AUDIENCE"] = Audience, ["GRANTKEEPER_JWT_JWKS_URI"] = JwksUri,
    };

    public static async Task<HostIssuer> Start()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var issuer = new HostIssuer(builder.Build());
        issuer._app.MapGet("/keys", issuer.Keys);
        issuer._app.MapFallback(() =>
        {
            issuer.Lured++;
            return Results.Text(issuer.KeySet());
        });
        await issuer._app.StartAsync(TestContext.Current.CancellationToken);
        return issuer;
    }

    /// <summary>Puts a new signing key in front; the old ones stay published.</summary>
    public void Rotate(string kid) => _keys.Insert(0, (kid, RSA.Create(2048)));

    /// <summary>A good token of a user, with claims changed; a null value removes one.</summary>
    public string Token(string user, params (string Name, object? Value)[] changes) => Sign(Header(("kid", _keys[0].Kid)), Claims(user, changes));

    public string Sign(string header, string claims) => Signed(header, claims, data => Rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public static string Header(params (string Name, object? Value)[] changes) => Object(new() { ["alg"] = "RS256", ["typ"] = "at+jwt" }, changes);

    public static string Claims(string user, params (string Name, object? Value)[] changes)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return Object(new() { ["iss"] = Name, ["sub"] = user, ["aud"] = Audience, ["iat"] = now, ["exp"] = now + 300 }, changes);
    }

    public static string Signed(string header, string claims, Func<byte[], byte[]> sign)
    {
        var signed = $"{Encode(header)}.{Encode(claims)}";
        return $"{signed}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)))}";
    }

    public static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    /// <summary>One of the keys as others may see it.</summary>
    public static string Jwk(RSA key, string kid)
    {
        var parts = key.ExportParameters(false);
        return $$"""{"kty":"RSA","use":"sig","kid":"{{kid}}","n":"{{Base64Url.EncodeToString(parts.Modulus)}}","e":"{{Base64Url.EncodeToString(parts.Exponent)}}"}""";
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _keys.ForEach(key => key.Key.Dispose());
        Ec.Dispose();
    }

    private IResult Keys()
    {
        Fetches++;
        return IsAway ? Results.StatusCode(503) : Results.Text(KeySet(), "application/jwk-set+json");
    }

    private string KeySet()
    {
        var point = Ec.ExportParameters(false).Q;
        var ec = $$"""{"kty":"EC","crv":"P-256","use":"sig","kid":"ec","x":"{{Base64Url.EncodeToString(point.X)}}","y":"{{Base64Url.EncodeToString(point.Y)}}"}""";
        return $$"""{"keys":[{{string.Join(',', _keys.Select(key => Jwk(key.Key, key.Kid)).Append(ec))}}]}""";
    }

    private static string Object(Dictionary<string, object?> members, (string Name, object? Value)[] changes)
    {
        foreach (var (name, value) in changes)
            members[name] = value;
        return JsonSerializer.Serialize(members.Where(member => member.Value is not null).ToDictionary());
    }
}
