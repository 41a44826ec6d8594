using Grantkeeper.Monitoring;
using Grantkeeper.Storage;

namespace Grantkeeper.IntegrationTests.Storage;

/// <summary>What has served its time goes; what must be told or kept stays.</summary>
[Trait("category", "manager")]
public sealed class CleanupTests
{
    [Fact]
    public async Task Only_what_has_served_its_time_is_removed()
    {
        await using var kit = await StoreKit.New();
        (await StoreKit.Migrate(kit.Db.Url, Migrator.Platform)).IsSuccess.ShouldBeTrue();
        var row = await kit.Connect();
        await kit.AddFlow();
        await kit.AddFlow();
        await kit.Ask("UPDATE oauth_state SET expires_at = now() - interval '25 hours' WHERE id = (SELECT max(id::text)::uuid FROM oauth_state)");
        await kit.Ask("UPDATE oauth_state SET expires_at = now() - interval '23 hours' WHERE expires_at > now()");
        foreach (var days in new[] { 29, 31 })
        {
            await kit.Ask($"INSERT INTO refresh_attempts (user_id, id, integration_id, epoch, generation, class, started_at, duration_ms) VALUES ('u1', gen_random_uuid(), '{row.Integration.Id}', 1, 1, 'refreshed', now() - interval '{days} days', 1)");
            await kit.Ask($"INSERT INTO outbox (id, user_id, kind, finished_at) VALUES (gen_random_uuid(), 'u1', 'revocation', now() - interval '{days} days')");
        }

        await kit.Ask("INSERT INTO outbox (id, user_id, kind, created_at) VALUES (gen_random_uuid(), 'u1', 'revocation', now() - interval '90 days')");
        await kit.Ask("INSERT INTO superseded_answers (user_id, id, integration_id, epoch, generation, answer, created_at) SELECT 'u1', gen_random_uuid(), gen_random_uuid(), 1, 1, 'x', now() - d * interval '1 day' FROM unnest(ARRAY[29, 31]) AS d");
        await kit.Ask("INSERT INTO provider_hours (provider, hour, ended, refreshes) SELECT 'google', now() - d * interval '1 day', 'refreshed', 1 FROM unnest(ARRAY[89, 91]) AS d");
        await kit.Ask("INSERT INTO sign_in_links (handle_hash, expires_at) VALUES ('old', now() - interval '2 days'), ('new', now())");

        var cleanup = new Cleanup(kit.Database, new PlatformDatabase(kit.Database), kit.Audit);
        var swept = await cleanup.Sweep(CancellationToken.None);
        (swept.Tokens, swept.Flows, swept.Sessions, swept.Attempts, swept.Deliveries, swept.SignInLinks, swept.Superseded, swept.Hours).ShouldBe((0, 1, 0, 1, 1, 1, 1, 1));
        (await kit.Ask("SELECT count(*) FROM oauth_state")).ShouldBe(2L, "a replay within a day is told that its state was used or is too old");
        (await kit.Ask("SELECT count(*) FROM outbox WHERE finished_at IS NULL")).ShouldBe(1L, "what is not delivered stays");
        (await kit.Ask("SELECT count(*) FROM oauth_tokens")).ShouldBe(1L);
        (await kit.Ask("SELECT count(*) > 0 FROM oauth_audit_log")).ShouldBe(true);
        (await cleanup.Sweep(CancellationToken.None)).Total.ShouldBe(0);
    }

    [Fact]
    public async Task An_access_token_that_nothing_renews_goes_a_month_after_its_end_and_one_with_a_refresh_token_never()
    {
        await using var kit = await StoreKit.New();
        (await StoreKit.Migrate(kit.Db.Url, Migrator.Platform)).IsSuccess.ShouldBeTrue();
        var (ended, fresh, idle) = (await kit.Connect("ended"), await kit.Connect("fresh"), await kit.Connect("idle"));
        await kit.Connect("off");
        await kit.Ask("UPDATE oauth_integrations SET status = 'inactive', reason = 'switched_off' WHERE user_id = 'off'");
        await kit.Ask("UPDATE oauth_tokens SET refresh_token = NULL WHERE user_id <> 'idle'");
        await kit.Ask("UPDATE oauth_tokens SET expires_at = now() - interval '31 days' WHERE user_id IN ('ended', 'off')");
        await kit.Ask("UPDATE oauth_tokens SET expires_at = now() - interval '29 days' WHERE user_id = 'fresh'");
        await kit.Ask("UPDATE oauth_tokens SET expires_at = now() - interval '400 days' WHERE user_id = 'idle'");
        (await new Cleanup(kit.Database, new PlatformDatabase(kit.Database), kit.Audit).Sweep(CancellationToken.None)).Tokens.ShouldBe(2);
        (await kit.Ask("SELECT concat_ws(' ', status, reason, reason_detail) FROM oauth_integrations WHERE user_id = 'off'")).ShouldBe("inactive switched_off expired_without_refresh");
        (await kit.Ask("SELECT string_agg(user_id, ' ' ORDER BY user_id) FROM oauth_tokens")).ShouldBe("fresh idle");
        (await kit.Ask($"SELECT concat_ws(' ', status, reason, reason_detail) FROM oauth_integrations WHERE id = '{ended.Integration.Id}'")).ShouldBe("expired reauthorization_required expired_without_refresh");
        (await kit.Ask($"SELECT count(*) FROM oauth_integrations WHERE status = 'active' AND id IN ('{fresh.Integration.Id}', '{idle.Integration.Id}')")).ShouldBe(2L);
        (await kit.Ask($"SELECT action FROM oauth_audit_log WHERE integration_id = '{ended.Integration.Id}' ORDER BY id DESC LIMIT 1")).ShouldBe("token_removed");
    }
}
