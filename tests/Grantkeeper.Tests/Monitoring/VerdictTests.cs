using Grantkeeper.Integrations;
using Grantkeeper.Monitoring;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Tokens;
using static Grantkeeper.Tests.Providers.SomeManifest;

namespace Grantkeeper.Tests.Monitoring;

/// <summary>"Why is this broken?", decided from rows alone.</summary>
[Trait("category", "services")]
public sealed class VerdictTests
{
    private static readonly DateTimeOffset Now = new(2026, 9, 30, 12, 0, 0, TimeSpan.Zero);
    private static readonly Provider Configured = Catalogue([("acme.yaml", Good)], ("ACME_CLIENT_ID", "id"), ("ACME_CLIENT_SECRET", "s")).Find("acme")!;
    private static readonly Provider Unconfigured = Catalogue([("acme.yaml", Good)]).Find("acme")!;

    private static GrantRow Row(
        IntegrationStatus status = IntegrationStatus.Active, string? detail = null, double ends = 3600, bool renewable = true, int failures = 0, bool intent = false, long? suspect = null) => new(
        new Integration
        {
            UserId = "user-1", Id = Guid.Empty, Provider = "acme", Status = status, Reason = detail is null ? null : Reasons.ReauthorizationRequired, ReasonDetail = detail,
            Scopes = ScopeSet.Parse("read"), ExpiresAt = Now.AddSeconds(ends), HasRefreshToken = renewable,
        },
        new SealedTokens
        {
            Epoch = 1, Generation = 4, AccessToken = "gk1.a", RefreshToken = renewable ? "gk1.r" : null, ExpiresAt = Now.AddSeconds(ends), Lifetime = TimeSpan.FromHours(1),
            FailureCount = failures, IntentId = intent ? Guid.NewGuid() : null, SuspectGeneration = suspect,
        },
        []);

    private static Verdict Of(GrantRow row, TimelineFacts? facts = null, Provider? provider = null) => Verdict.Of(row, facts ?? TimelineFacts.None, provider ?? Configured, Now);

    [Theory]
    [InlineData(IntegrationStatus.Active, null, VerdictKind.Healthy, VerdictActor.Nobody, "fresh")]
    [InlineData(IntegrationStatus.Pending, null, VerdictKind.Unverified, VerdictActor.Nobody, "earlier system")]
    [InlineData(IntegrationStatus.Inactive, null, VerdictKind.SwitchedOff, VerdictActor.Operator, "switched it off")]
    [InlineData(IntegrationStatus.Inactive, Reasons.AccountChanged, VerdictKind.SwitchedOff, VerdictActor.User, "another account")]
    [InlineData(IntegrationStatus.Error, Reasons.InvalidGrant, VerdictKind.NeedsUser, VerdictActor.User, "(invalid_grant)")]
    [InlineData(IntegrationStatus.Error, Reasons.AmbiguousRefresh, VerdictKind.NeedsUser, VerdictActor.User, "answer was lost")]
    [InlineData(IntegrationStatus.Error, Reasons.AccountChanged, VerdictKind.NeedsUser, VerdictActor.User, "another account")]
    [InlineData(IntegrationStatus.Error, Reasons.ExpiredWithoutRefresh, VerdictKind.NeedsUser, VerdictActor.User, "nothing to renew it with")]
    [InlineData(IntegrationStatus.Error, "something_new", VerdictKind.NeedsUser, VerdictActor.User, "(something_new)")]
    [InlineData(IntegrationStatus.Error, null, VerdictKind.NeedsUser, VerdictActor.User, "not written down")]
    [InlineData(IntegrationStatus.Revoked, null, VerdictKind.Disconnected, VerdictActor.Nobody, "destroyed here")]
    internal void A_status_is_explained(IntegrationStatus status, string? detail, VerdictKind kind, VerdictActor actor, string part)
    {
        var verdict = Of(Row(status, detail));
        (verdict.Kind, verdict.Actor).ShouldBe((kind, actor));
        verdict.Cause.ShouldContain(part);
        verdict.Cause.ShouldEndWith(".");
    }

    [Theory]
    [InlineData("transient", "status_503", VerdictKind.Retrying, VerdictActor.Provider, "(status_503)")]
    [InlineData("unreadable", "html", VerdictKind.Retrying, VerdictActor.Provider, "no token response (html)")]
    [InlineData("misconfigured", "invalid_client", VerdictKind.Misconfigured, VerdictActor.Operator, "(invalid_client)")]
    internal void A_failing_refresh_says_who_must_act(string @class, string code, VerdictKind kind, VerdictActor actor, string part)
    {
        var facts = new TimelineFacts { LastClass = @class, LastCode = code };
        var served = Of(Row(failures: 1), facts);
        (served.Kind, served.Actor).ShouldBe((kind, actor));
        served.Cause.ShouldContain(part);
        served.Summary.ShouldBe("Renewing failed once; the access token in hand is still good and is handed out.");
        Of(Row(failures: 3, ends: -1), facts).Summary.ShouldBe("Renewing failed 3 times in a row, and no token can be handed out right now.");
    }

    [Fact]
    public void A_lost_answer_is_told() =>
        Of(Row(failures: 1, intent: true), new TimelineFacts { LastClass = "transient" }).Cause.ShouldContain("may have replaced the refresh token already");

    [Fact]
    public void An_end_that_nothing_moves()
    {
        Of(Row(renewable: false)).Kind.ShouldBe(VerdictKind.Ending);
        Of(Row(renewable: false, ends: -1)).Kind.ShouldBe(VerdictKind.NeedsUser);
        Of(Row(ends: -1)).ShouldBe(Of(Row(ends: -2)));
        Of(Row(ends: -1)).Cause.ShouldContain("renewed with the next read");
    }

    [Fact]
    public void What_was_not_granted_is_named()
    {
        var verdict = Of(Row(), new TimelineFacts { Asked = ScopeSet.Parse("read write") });
        (verdict.Kind, verdict.Actor).ShouldBe((VerdictKind.Limited, VerdictActor.User));
        verdict.Cause.ShouldBe("The user did not grant write.");
    }

    [Fact]
    public void A_refused_token_is_renewed() => Of(Row(suspect: 4)).Summary.ShouldContain("renewed with the next read");

    [Fact]
    public void A_provider_without_a_client_is_the_operators_business()
    {
        (Of(Row(), provider: Unconfigured).Kind, Of(Row(), provider: Unconfigured).Actor).ShouldBe((VerdictKind.Misconfigured, VerdictActor.Operator));
        Verdict.Of(Row(), TimelineFacts.None, null, Now).Cause.ShouldContain("acme");
        // Who needs its user needs him first.
        Of(Row(IntegrationStatus.Error, Reasons.InvalidGrant), provider: Unconfigured).Kind.ShouldBe(VerdictKind.NeedsUser);
    }

    [Theory]
    [InlineData(Revocations.Confirmed, "confirmed that the grant is gone"), InlineData(Revocations.Pending, "asked again"), InlineData(Revocations.Withheld, "end another connected account"), InlineData(Revocations.Failed, "refused"), InlineData(null, "no way to revoke")]
    public void A_disconnect_tells_what_the_provider_said(string? word, string part) =>
        Of(Row(IntegrationStatus.Revoked), new TimelineFacts { Revocation = word }).Cause.ShouldContain(part);

    [Fact]
    public void Every_audit_action_has_a_sentence()
    {
        foreach (var action in Enum.GetValues<Grantkeeper.Audit.AuditAction>())
        {
            var sentence = TimelineWords.Of(new TimelineRow(Guid.Empty, Now, Timelines.AuditRow, System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName($"{action}"), true, null, null, null, null, null, null, [], [], null, null, null, null));
            sentence.ShouldNotBeNullOrWhiteSpace();
            // Of what happens to integrations, none is shown as a bare word.
            if (action is not (Grantkeeper.Audit.AuditAction.TokenRead or Grantkeeper.Audit.AuditAction.ApiKeyCreated or Grantkeeper.Audit.AuditAction.ApiKeyRevoked or Grantkeeper.Audit.AuditAction.SignIn
                or Grantkeeper.Audit.AuditAction.ClientChanged or Grantkeeper.Audit.AuditAction.ClientRemoved
                or Grantkeeper.Audit.AuditAction.ProviderChanged or Grantkeeper.Audit.AuditAction.ProviderRemoved))
                sentence.ShouldEndWith(".", customMessage: $"{action}");
        }
    }

    [Theory]
    [InlineData("refreshed", null, null, "generation 5 replaced generation 4"), InlineData("rejected", "invalid_grant", "refused", "refused the refresh token (invalid_grant)"), InlineData("misconfigured", "invalid_client", "refused", "our client or request (invalid_client)")]
    [InlineData("unreadable", "html", "ambiguous", "could not be read"), InlineData("transient", "timeout", "ambiguous", "not known"), InlineData("transient", "status_503", "not_processed", "did not renew the token for now")]
    public void Every_attempt_has_a_sentence(string @class, string? code, string? delivery, string part) =>
        TimelineWords.Of(new TimelineRow(Guid.Empty, Now, Timelines.Attempt, @class, code is null, 1, 4, code, delivery, 12, null, [], [], null, null, null, null)).ShouldContain(part);

    [Fact]
    public void A_consent_says_what_is_missing()
    {
        string Of(string[] asked, string[] granted, string? ended) => TimelineWords.Of(new TimelineRow(Guid.Empty, Now, Timelines.Consent, "consent", true, 1, null, null, null, null, null, asked, granted, null, null, null, ended));
        Of(["a", "b"], ["a", "b"], null).ShouldBe("The user consented to everything that was asked for.");
        Of(["a", "b"], ["a"], "superseded").ShouldBe("The user consented, but not to 1 of 2 scopes. A later consent took its place.");
        Of(["a"], ["a"], "operator").ShouldEndWith("It has ended since.");
    }
}
