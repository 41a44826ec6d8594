using System.Security.Cryptography;
using Grantkeeper.Jwt;

namespace Grantkeeper.Tests.Jwt;

[Trait("category", "security")]
public sealed class PublicKeyPemTests
{
    [Fact]
    public void Keys_are_read_as_a_dashboard_shows_them_and_as_an_environment_holds_them()
    {
        using var rsa = RSA.Create(2048);
        using var next = RSA.Create(3072);
        PublicKeyPem.Read(rsa.ExportSubjectPublicKeyInfoPem())!.Keys.ShouldHaveSingleItem();
        PublicKeyPem.Read(rsa.ExportRSAPublicKeyPem())!.Keys.ShouldHaveSingleItem();
        PublicKeyPem.Read(rsa.ExportSubjectPublicKeyInfoPem().Replace("\n", "\\n", StringComparison.Ordinal))!.Keys.ShouldHaveSingleItem();
        PublicKeyPem.Read($"{rsa.ExportSubjectPublicKeyInfoPem()}\n{next.ExportSubjectPublicKeyInfoPem()}\n")!.Keys.Count.ShouldBe(2);
    }

    [Fact]
    public void A_key_that_came_without_a_name_verifies_whatever_name_a_token_gives_it()
    {
        using var rsa = RSA.Create(2048);
        var keys = PublicKeyPem.Read(rsa.ExportSubjectPublicKeyInfoPem())!;
        keys.Candidates("any", JwtAlgorithms.Rs256).ShouldHaveSingleItem();
        keys.Candidates(null, JwtAlgorithms.Es256).ShouldBeEmpty();
    }

    [Fact]
    public void What_is_no_public_rsa_key_of_a_good_size_is_refused_as_a_whole()
    {
        using var rsa = RSA.Create(2048);
        using var small = RSA.Create(1024);
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var good = rsa.ExportSubjectPublicKeyInfoPem();
        foreach (var text in new[] { "", "key", rsa.ExportPkcs8PrivateKeyPem(), small.ExportSubjectPublicKeyInfoPem(), curve.ExportSubjectPublicKeyInfoPem(), $"{good}\n{small.ExportSubjectPublicKeyInfoPem()}", good.Replace("MII", "MIX", StringComparison.Ordinal) })
            PublicKeyPem.Read(text).ShouldBeNull(text);
    }
}
