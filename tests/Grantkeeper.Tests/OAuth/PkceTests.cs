using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Tests.OAuth;

[Trait("category", "security")]
public sealed class PkceTests
{
    [Fact]
    public void The_challenge_of_rfc_7636_appendix_b() =>
        Pkce.ChallengeOf(new Secret("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")).ShouldBe("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");

    [Fact]
    public void A_thousand_verifiers_are_different_unreserved_and_long_enough()
    {
        var verifiers = Enumerable.Range(0, 1000).Select(_ => Pkce.NewVerifier().Reveal()).ToList();
        verifiers.Distinct().Count().ShouldBe(1000);
        verifiers.ShouldAllBe(verifier => verifier.Length == 43 && verifier.All(c => char.IsAsciiLetterOrDigit(c) || c == '-' || c == '_'));
    }
}
