using Grantkeeper.OAuth;
using Grantkeeper.Resilience;
using Grantkeeper.Testing.Time;

namespace Grantkeeper.Tests.Resilience;

[Trait("category", "services")]
public sealed class ClientStandingTests
{
    private static readonly TokenFailure Refused = new(TokenFailureKind.Misconfigured, Delivery.Refused, "invalid_client");
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Three_refusals_in_a_row_mean_the_client_and_each_further_one_waits_longer()
    {
        var standing = new ClientStanding(_time);
        standing.Tell(Refused);
        standing.Tell(Refused);
        standing.Remaining.ShouldBeNull();
        standing.Tell(Refused);
        standing.Remaining.ShouldBe(TimeSpan.FromSeconds(10));
        _time.Advance(TimeSpan.FromSeconds(10));
        standing.Remaining.ShouldBeNull("one may try");
        standing.Tell(Refused);
        standing.Remaining.ShouldBe(TimeSpan.FromSeconds(20));
        for (var more = 0; more < 20; more++)
            standing.Tell(Refused);
        standing.Remaining.ShouldBe(TimeSpan.FromMinutes(5));
        standing.Tell(null);
        standing.Remaining.ShouldBeNull();
    }

    [Fact]
    public void Answers_about_a_grant_or_about_nothing_are_no_refusals_of_the_client()
    {
        var standing = new ClientStanding(_time);
        for (var count = 0; count < 10; count++)
        {
            standing.Tell(new TokenFailure(TokenFailureKind.Misconfigured, Delivery.Refused, "invalid_scope"));
            standing.Tell(new TokenFailure(TokenFailureKind.Transient, Delivery.Ambiguous, "timeout"));
        }

        standing.Remaining.ShouldBeNull();
        standing.Tell(Refused);
        standing.Tell(Refused);
        standing.Tell(new TokenFailure(TokenFailureKind.Rejected, Delivery.Refused, "invalid_grant"));
        standing.Tell(Refused);
        standing.Remaining.ShouldBeNull("a dead grant says that the client is taken");
    }
}
