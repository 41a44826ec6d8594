using System.Text.Json.Nodes;
using Grantkeeper.Encryption;
using Grantkeeper.OAuth;
using Grantkeeper.Spool;
using Grantkeeper.Tokens;

namespace Grantkeeper.Tests.Tokens;

[Trait("category", "services")]
public sealed class SpooledAnswerTests
{
    private static readonly SpooledAnswer Answer = new(
        Guid.NewGuid(), "user", Guid.NewGuid(), "sandbox", 2, 7,
        new TokenSet(new Secret("at"), new Secret("rt"), new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), TimeSpan.FromHours(1), ScopeSet.Of(["a", "b"])),
        new DateTimeOffset(2026, 1, 2, 2, 4, 5, TimeSpan.Zero), TimeSpan.FromMilliseconds(12.5), RotationEvidence.NewToken);

    [Fact]
    public void An_answer_is_read_as_it_was_written()
    {
        var read = SpooledAnswer.Read(Answer.ToRecord()).ShouldNotBeNull();
        (read with { Tokens = Answer.Tokens }).ShouldBe(Answer);
        (read.Tokens.AccessToken.Reveal(), read.Tokens.RefreshToken.Reveal(), read.Tokens.ExpiresAt, read.Tokens.Lifetime, read.Tokens.Scopes.ToString())
            .ShouldBe(("at", "rt", Answer.Tokens.ExpiresAt, Answer.Tokens.Lifetime, "a b"));
        var refusing = Answer with { Tokens = Answer.Tokens with { RefusedScopes = ScopeSet.Of(["c"]) } };
        (read.Tokens.RefusedScopes.Count, SpooledAnswer.Read(refusing.ToRecord())!.Tokens.RefusedScopes.ToString()).ShouldBe((0, "c"));
        (read.Attempt.Class, read.Attempt.Code).ShouldBe(("refreshed", "new_token"));
    }

    [Theory]
    [InlineData("user_id"), InlineData("integration_id"), InlineData("provider"), InlineData("epoch"), InlineData("generation"), InlineData("access_token"), InlineData("scopes"), InlineData("sent_at"), InlineData("duration_ms")]
    public void A_record_of_another_release_is_no_answer_and_no_crash(string member)
    {
        foreach (var value in new JsonNode?[] { null, new JsonObject(), "nonsense", 1e300 })
        {
            var json = JsonNode.Parse(Answer.ToRecord().Answer.Reveal())!.AsObject();
            json[member] = value?.DeepClone();
            Should.NotThrow(() => SpooledAnswer.Read(new SpoolRecord(Guid.NewGuid(), new Secret(json.ToJsonString()))));
            json.Remove(member);
            SpooledAnswer.Read(new SpoolRecord(Guid.NewGuid(), new Secret(json.ToJsonString()))).ShouldBeNull();
        }

        SpooledAnswer.Read(new SpoolRecord(Guid.NewGuid(), new Secret("[]"))).ShouldBeNull();
    }
}
