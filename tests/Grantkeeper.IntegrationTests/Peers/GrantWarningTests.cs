using System.Net;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Peers;

/// <summary>What is said before a provider ends a grant without a word, and what is said when it has.</summary>
[Trait("category", "monitoring")]
public sealed class GrantWarningTests
{
    private static readonly Dictionary<string, string?> Limits = new()
    {
        [$"Grantkeeper:Providers:{PeerWorld.Provider}:grant_limits:lifetime_member"] = "refresh_token_expires_in",
        [$"Grantkeeper:Providers:{PeerWorld.Provider}:grant_limits:trial_days"] = "7",
        [$"Grantkeeper:Providers:{PeerWorld.Provider}:grant_limits:trial_name"] = "status Testing",
        [$"Grantkeeper:Providers:{PeerWorld.Provider}:grant_limits:per_account"] = "2",
        [$"Grantkeeper:Providers:{PeerWorld.Provider}:refresh_token_idle_days"] = "100",
    };

    [Theory]
    [InlineData(604799, "consent_ends client_on_trial"), InlineData(2592000, "consent_ends"), InlineData(null, "")]
    public async Task Consent_for_a_limited_time_is_told_from_its_first_day_on(int? seconds, string words)
    {
        await using var world = await Plain(seconds);
        var status = await Status(world);
        status.Warnings.ShouldBe(words);
        status.ConsentEndsAt.HasValue.ShouldBe(seconds is not null);
        // By the database's clock, which is known here to within half a round trip.
        if (seconds is { } lifetime)
            (status.ConsentEndsAt!.Value - TimeProvider.System.GetUtcNow()).TotalSeconds.ShouldBeInRange(lifetime - 300, lifetime + 1);
    }

    [Theory]
    [InlineData(7, "after 7 days while our client is on trial there (status Testing)", "warn")]
    [InlineData(3, "withdraws access", "ok")]
    [InlineData(101, "had not been used for 100 days", "ok")]
    public async Task Refused_refresh_names_what_its_age_says(int days, string cause, string verdict)
    {
        await using var world = await Plain(null);
        await world.Sql($"UPDATE oauth_consents SET granted_at = granted_at - interval '{days} days'");
        await world.Expire();
        await world.Peer.Fault(OidcProviderPeer.TokenPath, PeerFault.Answer(400, """{"error":"invalid_grant"}"""));
        (await world.ReadToken()).Code.ShouldBe("tokens.reauthorization_required");

        var id = (Guid)(await world.Sql("SELECT id FROM oauth_integrations"))!;
        var timeline = await world.Host.Get($"/api/v1/oauth/integrations/{id}/timeline");
        ((string)timeline.Json["verdict"]!["cause"]!).ShouldContain(cause);
        var attempt = timeline.Json["timeline"]!.AsArray().Single(entry => (string)entry!["kind"]! == "attempt")!;
        ((string)attempt["summary"]!).Contains(cause, StringComparison.Ordinal).ShouldBe(days != 3, (string)attempt["summary"]!);
        var doctor = await world.Host.Get($"/api/v1/oauth/admin/diagnostics?provider={PeerWorld.Provider}");
        var finding = doctor.Json["findings"]!.AsArray().Single(finding => (string)finding!["check"]! == "consents")!;
        ((string)finding["verdict"]!).ShouldBe(verdict, doctor.Body);
    }

    [Fact]
    public async Task Refresh_token_that_nobody_used_for_long_is_told_before_its_end()
    {
        await using var world = await Plain(null);
        await world.Sql("UPDATE oauth_consents SET granted_at = granted_at - interval '79 days'");
        (await Status(world)).Warnings.ShouldBe("");
        await world.Sql("UPDATE oauth_consents SET granted_at = granted_at - interval '2 days'");
        (await Status(world)).Warnings.ShouldBe("refresh_token_idle");
        await world.Sql("UPDATE oauth_tokens SET last_refreshed_at = now() - interval '10 days'");
        (await Status(world)).Warnings.ShouldBe("");
    }

    [Fact]
    public async Task Consents_of_one_account_are_counted_as_the_provider_counts_them()
    {
        await using var world = await PeerWorld.Start(more: Limits);
        await world.Connect();
        (await Status(world)).Warnings.ShouldBe("");
        // The one that is replaced lives on at the provider.
        await world.Connect();
        (await Status(world)).Warnings.ShouldBe("grant_limit_near");
        // One that nobody used for as long as the provider keeps it does not.
        await world.Sql("UPDATE oauth_consents SET granted_at = granted_at - interval '101 days' WHERE is_revoked");
        (await Status(world)).Warnings.ShouldBe("");
    }

    /// <summary>A grant whose token answer was made up, since the peer's has no such member.</summary>
    private static async Task<PeerWorld> Plain(int? refreshTokenLife)
    {
        var world = await PeerWorld.Start(plain: true, more: new Dictionary<string, string?>(Limits) { [$"Grantkeeper:Providers:{PeerWorld.Provider}:account:source"] = "none" });
        var life = refreshTokenLife is null ? "" : $",\"refresh_token_expires_in\":{refreshTokenLife}";
        await world.Peer.Fault(OidcProviderPeer.TokenPath, PeerFault.Answer(200, $$"""{"access_token":"a","refresh_token":"r","token_type":"Bearer","expires_in":3600{{life}}}"""));
        await world.Connect();
        return world;
    }

    private static async Task<(string Warnings, DateTimeOffset? ConsentEndsAt)> Status(PeerWorld world)
    {
        var status = await world.Host.Get($"/oauth/{PeerWorld.Provider}/status?user_id={PeerWorld.User}");
        status.Status.ShouldBe(HttpStatusCode.OK, status.Body);
        return (string.Join(' ', status.Json["warnings"]!.AsArray().Select(word => (string)word!)), (DateTimeOffset?)status.Json["details"]!["consent_ends_at"]);
    }
}
