using Grantkeeper.Integrations;
using Grantkeeper.Providers;
using Grantkeeper.Tokens;

namespace Grantkeeper.Tests.Tokens;

/// <summary>Whether a refresh token may be shown again after an attempt whose end nobody knows.</summary>
[Trait("category", "services")]
public sealed class IntentDecisionTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly TimeSpan SpoolWait = TimeSpan.FromMinutes(10);

    [Fact]
    public void Without_an_open_attempt_nothing_is_waited_for() =>
        Wait(Strict, null, endsIn: -1).ShouldBeNull();

    [Fact]
    public void An_old_token_that_stays_good_is_shown_again_at_once() =>
        Wait(new Rotation(RotationProfile.None, TimeSpan.Zero, false), Open("other", seconds: 1), endsIn: 1000).ShouldBeNull();

    [Fact]
    public void An_old_token_that_stays_good_until_the_new_ones_are_used_waits_for_who_may_use_them()
    {
        var lazy = new Rotation(RotationProfile.Lazy, TimeSpan.Zero, false);
        Wait(lazy, Open("me", seconds: 1), endsIn: 1000).ShouldBeNull("nobody else holds them");
        Wait(lazy, Open("other", seconds: 60), endsIn: 1000).ShouldBe(SpoolWait - TimeSpan.FromSeconds(60));
        Wait(lazy, Open("other", seconds: 60), endsIn: -1).ShouldBe(SpoolWait - TimeSpan.FromSeconds(60));
        Wait(lazy, Open("other", seconds: 601), endsIn: -1).ShouldBeNull();
    }

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(24, 1, true)]
    [InlineData(25, 1, false)]
    [InlineData(1, 2, false)]
    public void A_grace_allows_one_more_use_inside_it(int age, int retries, bool goes) =>
        (Wait(new Rotation(RotationProfile.Grace, TimeSpan.FromSeconds(30), false), Open("other", age, retries), endsIn: 1000) is null).ShouldBe(goes);

    [Fact]
    public void A_token_that_may_be_used_up_is_not_risked_while_the_access_token_is_good()
    {
        Wait(Strict, Open("me", seconds: 1), endsIn: 100).ShouldBe(TimeSpan.FromSeconds(95));
        Wait(Strict, Open("other", seconds: 7200, replayed: true), endsIn: 100).ShouldBe(TimeSpan.FromSeconds(95));
        Wait(Strict, Open("me", seconds: 1), endsIn: null).ShouldBe(SpoolWait);
    }

    [Fact]
    public void The_own_attempt_of_this_node_has_ended() => Wait(Strict, Open("me", seconds: 1), endsIn: -1).ShouldBeNull();

    [Fact]
    public void A_node_that_came_back_and_told_everything_is_not_waited_for() => Wait(Strict, Open("other", seconds: 1, replayed: true), endsIn: -1).ShouldBeNull();

    [Fact]
    public void A_node_that_is_away_is_waited_for_and_not_for_ever()
    {
        Wait(Strict, Open("other", seconds: 60), endsIn: -1).ShouldBe(TimeSpan.FromMinutes(9));
        Wait(Strict, Open("other", seconds: 600), endsIn: -1).ShouldBeNull();
        Wait(Strict, Open("other", seconds: 600), endsIn: 10).ShouldNotBeNull("the access token is still good");
    }

    [Fact]
    public void Of_several_nodes_that_may_hold_an_answer_every_one_is_waited_for()
    {
        Wait(Strict, new EarlierIntent(["me", "other"], TimeSpan.FromMinutes(1), 2), endsIn: -1).ShouldBe(TimeSpan.FromMinutes(9));
        Wait(Strict, new EarlierIntent(["me"], TimeSpan.FromMinutes(1), 2), endsIn: -1).ShouldBeNull();
    }

    [Fact]
    public void Who_follows_an_open_attempt_joins_those_that_may_hold_an_answer_until_they_were_waited_for()
    {
        IntentDecision.HoldersAfter(new EarlierIntent(["other", "me"], TimeSpan.FromMinutes(1), 1), "me", SpoolWait).ShouldBe(["me", "other"]);
        IntentDecision.HoldersAfter(new EarlierIntent(["other"], SpoolWait, 1), "me", SpoolWait).ShouldBe(["me"]);
    }

    private static Rotation Strict => Rotation.Unknown;

    private static EarlierIntent Open(string node, int seconds, int retries = 1, bool replayed = false) => new(replayed ? [] : [node], TimeSpan.FromSeconds(seconds), retries);

    private static TimeSpan? Wait(Rotation rotation, EarlierIntent? earlier, int? endsIn)
    {
        var row = new GrantRow(
            new Integration { UserId = "u", Id = Guid.NewGuid(), Provider = "p", Status = IntegrationStatus.Active },
            new SealedTokens { Epoch = 1, Generation = 1, AccessToken = "", ExpiresAt = endsIn is { } seconds ? Now.AddSeconds(seconds) : null }, []);
        return IntentDecision.Wait(rotation, new Leased(row, earlier), "me", SpoolWait, Now);
    }
}
