using Grantkeeper.Jwt;
using static Grantkeeper.Tests.Jwt.SomeIssuer;

namespace Grantkeeper.Tests.Jwt;

[Trait("category", "security")]
public sealed class MutationTests
{
    private const string Letters = "ABCabc019-_.= \n{}\"+/é\0";
    private const int Rounds = 20_000;

    [Theory]
    [InlineData(0x9E3779B97F4A7C15UL)]
    [InlineData(0x0123456789ABCDEFUL)]
    public void A_mutated_token_never_verifies_and_never_throws(ulong seed)
    {
        var random = new Xorshift(seed);
        (string Token, JwtRules Rules)[] originals =
            [(Rs256(Claims()), Rules), (Ps256(Claims()), Rules), (Es256(Claims()), Rules), (Hs256(Claims(), Secret), SecretRules)];
        foreach (var (token, rules) in originals) Fault(token, rules).ShouldBeNull();

        for (var round = 0; round < Rounds; round++)
        {
            var (token, rules) = originals[random.Below(originals.Length)];
            var mutated = token;
            for (var steps = 1 + random.Below(3); steps > 0; steps--) mutated = Mutate(mutated, originals[random.Below(originals.Length)].Token, random);
            if (mutated != token && originals.All(original => original.Token != mutated))
                JwtVerifier.Verify(mutated, rules, Now).IsValid.ShouldBeFalse($"seed {seed}, round {round}: {mutated}");
        }
    }

    private static string Mutate(string token, string other, Xorshift random)
    {
        if (token.Length < 4) return other;
        var at = random.Below(token.Length - 1);
        var parts = token.Split('.');
        return random.Below(7) switch
        {
            0 => token[..at] + Letters[random.Below(Letters.Length)] + token[(at + 1)..],
            1 => token[..at] + (char)(token[at] ^ (1 << random.Below(7))) + token[(at + 1)..],
            2 => token.Remove(at, 1 + random.Below(Math.Min(8, token.Length - at - 1))),
            3 => token.Insert(at, Letters[random.Below(Letters.Length)].ToString()),
            4 => token[..at] + token[at + 1] + token[at] + token[(at + 2)..],
            5 => string.Join('.', parts.Select((part, index) => random.Below(2) == 0 ? part : other.Split('.').ElementAtOrDefault(index) ?? part)),
            _ => token[..at] + other[Math.Min(at, other.Length)..],
        };
    }

    /// <summary>The generator of Marsaglia, "Xorshift RNGs" (2003), 64 bits: the same sequence for the same seed everywhere.</summary>
    private sealed class Xorshift(ulong state)
    {
        public int Below(int bound)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            return (int)(state % (ulong)bound);
        }
    }
}
