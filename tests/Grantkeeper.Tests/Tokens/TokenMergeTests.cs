using Grantkeeper.Encryption;
using Grantkeeper.OAuth;
using Grantkeeper.Tokens;

namespace Grantkeeper.Tests.Tokens;

[Trait("category", "services")]
public sealed class TokenMergeTests
{
    private static readonly DateTimeOffset SentAt = new(2026, 9, 30, 12, 0, 0, TimeSpan.Zero);
    private static readonly Secret Old = new("old-refresh");
    private static readonly ScopeSet OldScopes = ScopeSet.Of(["a", "b"]);

    [Fact]
    public void For_any_answer_the_five_rules_hold()
    {
        var random = new Seeded(138);
        for (var round = 0; round < 5_000; round++)
        {
            var answer = new TokenResponse
            {
                AccessToken = new Secret($"at-{round}"),
                RefreshToken = random.Of(default, new Secret(""), new Secret($"rt-{round}"), Old),
                ExpiresIn = random.Coin() ? TimeSpan.FromSeconds(1 + random.Next(1_000_000)) : null,
                Scope = random.Of(null, ScopeSet.Of(["a"]), ScopeSet.Of(["a", "b", "c"]), ScopeSet.Of(["z"])),
            };
            var merged = TokenMerge.Merge(answer, Old, OldScopes, SentAt);
            merged.AccessToken.ShouldBe(answer.AccessToken);
            merged.RefreshToken.Reveal().ShouldBe(answer.RefreshToken.IsEmpty ? "old-refresh" : answer.RefreshToken.Reveal());
            merged.ExpiresAt.ShouldBe(SentAt + answer.ExpiresIn);
            merged.Lifetime.ShouldBe(answer.ExpiresIn);
            merged.Scopes.ShouldBe(answer.Scope ?? OldScopes);
        }
    }

    [Theory]
    [InlineData("a b c", "a b", "c"), InlineData("a", "a", ""), InlineData("b a", "b a", ""), InlineData("a c", "a", "c"), InlineData("z", "a b", "z"), InlineData(null, "a b", "")]
    public void A_refresh_narrows_a_grant_and_never_widens_it(string? told, string stored, string refused)
    {
        var renewed = TokenMerge.Renew(new TokenResponse { AccessToken = new Secret("at"), Scope = told is null ? null : ScopeSet.Parse(told) }, Old, OldScopes, SentAt, null);
        (renewed.Scopes.ToString(), renewed.RefusedScopes.ToString()).ShouldBe((stored, refused));
        // Nothing is known of a grant without scopes, so nothing can be more than it.
        TokenMerge.Renew(new TokenResponse { AccessToken = new Secret("at"), Scope = ScopeSet.Of(["z"]) }, Old, ScopeSet.Empty, SentAt, null).Scopes.ToString().ShouldBe("z");
    }

    [Fact]
    public void A_grant_without_a_refresh_token_gets_none_by_merging() =>
        TokenMerge.Merge(new TokenResponse { AccessToken = new Secret("at") }, default, OldScopes, SentAt).RefreshToken.IsEmpty.ShouldBeTrue();

    [Fact]
    public void A_second_merge_of_the_same_answer_changes_nothing()
    {
        var answer = new TokenResponse { AccessToken = new Secret("at"), RefreshToken = new Secret("rt"), ExpiresIn = TimeSpan.FromHours(1), Scope = ScopeSet.Of(["c"]) };
        var once = TokenMerge.Merge(answer, Old, OldScopes, SentAt);
        TokenMerge.Merge(answer, once.RefreshToken, once.Scopes, SentAt).ShouldBe(once);
    }

    [Fact]
    public void A_token_set_never_prints() =>
        TokenMerge.Merge(new TokenResponse { AccessToken = new Secret("canary-1"), RefreshToken = new Secret("canary-2") }, Old, OldScopes, SentAt).ToString().ShouldNotContain("canary");

    [Fact]
    public void Refresh_without_a_lifetime_keeps_the_one_that_was_stated_before()
    {
        var answer = new TokenResponse { AccessToken = new Secret("at") };
        var merged = TokenMerge.Merge(answer, Old, OldScopes, SentAt, TimeSpan.FromHours(1));
        merged.ExpiresAt.ShouldBe(SentAt.AddHours(1));
        merged.Lifetime.ShouldBe(TimeSpan.FromHours(1));
        TokenMerge.Merge(answer, Old, OldScopes, SentAt).ExpiresAt.ShouldBeNull("nothing was ever stated, so nothing is invented");
    }
}
