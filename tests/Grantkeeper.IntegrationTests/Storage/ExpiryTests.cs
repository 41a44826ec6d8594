using Grantkeeper.Integrations;
using Grantkeeper.Monitoring;
using Grantkeeper.Tokens;

namespace Grantkeeper.IntegrationTests.Storage;

/// <summary>"Expired" is said in C# and in SQL, and means one thing; and counting a user's rows reads that user's rows.</summary>
[Trait("category", "manager")]
public sealed class ExpiryTests : IAsyncLifetime
{
    private StoreKit _kit = null!;

    public async ValueTask InitializeAsync() => _kit = await StoreKit.New();

    public ValueTask DisposeAsync() => _kit.DisposeAsync();

    [Fact]
    public async Task Both_forms_agree_on_every_status_end_and_refresh_token()
    {
        var cases = 0;
        foreach (var status in Enum.GetValues<IntegrationStatus>())
        {
            foreach (var end in new[] { "NULL", "now() - interval '1 second'", "now()", "now() + interval '1 hour'" })
            {
                foreach (var refresh in new[] { "refresh-1", null })
                {
                    var id = (await _kit.Connect(account: $"acc-{cases++}", refresh: refresh)).Integration.Id;
                    await _kit.Ask($"UPDATE oauth_integrations SET status = '{status.ToString().ToLowerInvariant()}' WHERE id = '{id}'");
                    await _kit.Ask($"UPDATE oauth_tokens SET expires_at = {end} WHERE integration_id = '{id}'");
                }
            }
        }

        // One without any token.
        var bare = (await _kit.Connect(account: "bare")).Integration.Id;
        await _kit.Ask($"DELETE FROM oauth_tokens WHERE integration_id = '{bare}'");
        var now = ((DateTime)(await _kit.Ask("SELECT clock_timestamp()"))!).ToUniversalTime();
        var all = await _kit.Integrations.List(new IntegrationFilter("u1", null, false, null, 1000), default);
        all.Count.ShouldBe(cases + 1);
        all.Count(integration => integration.Status != integration.StatusAt(now)).ShouldBe(4, "active or pending, past its end, nothing to renew it");
        foreach (var status in Enum.GetValues<IntegrationStatus>())
        {
            var shown = all.Where(integration => integration.StatusAt(now) == status).Select(integration => integration.Id).ToList();
            (await _kit.Integrations.List(new IntegrationFilter("u1", null, false, null, 1000) { Status = status }, default)).Select(integration => integration.Id).ShouldBe(shown, $"{status}");
        }

        var active = all.Where(integration => integration.StatusAt(now) is IntegrationStatus.Active or IntegrationStatus.Pending).Select(integration => integration.Id);
        (await _kit.Integrations.List(new IntegrationFilter("u1", null, true, null, 1000), default)).Select(integration => integration.Id).ShouldBe(active);
        foreach (var user in new[] { "u1", null })
            (await new Summaries(_kit.Database).Of(user, default)).Totals.ShouldBe(all.CountBy(integration => integration.StatusAt(now)).ToDictionary(), ignoreOrder: true);
        var statistics = await new TokenReader(_kit.Database).Count("u1", default);
        (statistics.TotalTokens, statistics.ExpiredTokens).ShouldBe((cases, all.Count(integration => Expiry.IsPast(integration.ExpiresAt, now))));
    }

    [Fact]
    public async Task Numbers_of_one_user_are_found_by_indexes_however_many_others_there_are()
    {
        await _kit.Ask("""
            INSERT INTO oauth_integrations (user_id, id, provider, provider_account_id, status)
                SELECT CASE WHEN n <= 1000 THEN 'big' ELSE 'user_' || n / 3 END, gen_random_uuid(), 'google', 'acc-' || n, 'active' FROM generate_series(1, 20000) n;
            INSERT INTO oauth_tokens (user_id, id, integration_id, provider, access_token, refresh_token, expires_at)
                SELECT user_id, gen_random_uuid(), id, provider, repeat('a', 900), repeat('r', 600), now() + interval '1 hour' FROM oauth_integrations;
            INSERT INTO oauth_consents (user_id, id, integration_id, scopes_requested, scopes, consent_version) SELECT user_id, gen_random_uuid(), id, '{}', '{}', '1' FROM oauth_integrations;
            """);
        await _kit.Ask("ANALYZE oauth_integrations; ANALYZE oauth_tokens; ANALYZE oauth_consents");
        foreach (var statement in new[] { Summaries.Statement(isOfUser: true), TokenReader.Counting(isOfUser: true) })
        {
            // As the application runs it, in its role and in the user's context.
            var plan = string.Join('\n', await _kit.Database.ForUser("big").ReadAll($"EXPLAIN {statement}", row => row.GetString(0), default, "big"));
            plan.ShouldNotContain("Seq Scan", customMessage: plan);
            plan.ShouldNotContain("Gather", customMessage: "one user's rows are no work for several processes: " + plan);
        }

        (await new Summaries(_kit.Database).Of("big", default)).Totals.ShouldBe(new Dictionary<IntegrationStatus, int> { [IntegrationStatus.Active] = 1000 });
        (await new TokenReader(_kit.Database).Count("big", default)).ExpiringSoon.ShouldBe(new Dictionary<string, int> { ["1h"] = 1000, ["24h"] = 1000, ["7d"] = 1000 });
    }
}
