using Grantkeeper.Integrations;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "models")]
public sealed class GrantStoreTests : IAsyncLifetime
{
    private StoreKit _kit = null!;

    public async ValueTask InitializeAsync() => _kit = await StoreKit.New();

    public ValueTask DisposeAsync() => _kit.DisposeAsync();

    [Fact]
    public async Task A_connect_writes_integration_tokens_consent_audit_and_the_flows_end_together()
    {
        var flow = await _kit.AddFlow();
        var id = (await _kit.Store(flow)).Value;
        (await _kit.Rows("SELECT id, status, is_primary, epoch, provider_account_id, account_email FROM oauth_integrations")).ShouldHaveSingleItem()
            .ShouldBe([id, "active", true, 1, "acc-1", "user@example.test"]);
        (await _kit.Rows("SELECT integration_id, epoch, generation, scope, is_active FROM oauth_tokens")).ShouldHaveSingleItem().ShouldBe([id, 1, 1L, "openid mail", true]);
        (await _kit.Rows("SELECT integration_id, is_revoked, actor, host(ip_address) FROM oauth_consents")).ShouldHaveSingleItem().ShouldBe([id, false, "agent-7", "203.0.113.9"]);
        (await _kit.Rows("SELECT integration_id, action, actor, caller, duration_ms, success FROM oauth_audit_log WHERE action <> 'connect_started'")).ShouldHaveSingleItem().ShouldBe([id, "connect", "agent-7", "key-1", 12, true]);
        (await _kit.Rows("SELECT integration_id, status, code_verifier FROM oauth_state")).ShouldHaveSingleItem().ShouldBe([id, "completed", null]);
    }

    [Fact]
    public async Task The_same_account_again_is_the_same_integration_in_a_new_epoch()
    {
        var first = await _kit.Connect();
        var again = await _kit.Connect(access: "access-2", refresh: "refresh-2");
        again.Integration.Id.ShouldBe(first.Integration.Id);
        (again.Integration.Epoch, again.Tokens!.Epoch, again.Tokens.Generation).ShouldBe((2, 2, 2L));
        again.OpenAccessToken(_kit.Box)!.Value.Reveal().ShouldBe("access-2");
        again.OpenRefreshToken(_kit.Box)!.Value.Reveal().ShouldBe("refresh-2");
        (await _kit.Ask("SELECT count(*) FROM oauth_tokens")).ShouldBe(1L);
        (await _kit.Rows("SELECT is_revoked, revoked_reason FROM oauth_consents ORDER BY epoch")).Select(row => string.Join(' ', row)).ShouldBe(["True superseded", "False "]);
    }

    [Fact]
    public async Task Another_account_is_a_second_integration_and_the_first_stays_primary()
    {
        var first = await _kit.Connect(account: "acc-1");
        var second = await _kit.Connect(account: "acc-2", access: "access-2");
        second.Integration.Id.ShouldNotBe(first.Integration.Id);
        second.Integration.IsPrimary.ShouldBeFalse();
        (await _kit.Vault.FindAt("google", "u1", null, default))!.Integration.Id.ShouldBe(first.Integration.Id);
        (await _kit.Vault.FindAt("google", "u1", "acc-2", default))!.OpenAccessToken(_kit.Box)!.Value.Reveal().ShouldBe("access-2");
        (await _kit.Connect(provider: "microsoft", account: "acc-1")).Integration.IsPrimary.ShouldBeTrue();
        (await _kit.Connect("u2")).Integration.IsPrimary.ShouldBeTrue();
    }

    [Fact]
    public async Task A_reconnect_insists_on_its_account_and_leaves_the_old_tokens_otherwise()
    {
        var first = await _kit.Connect();
        (await _kit.TryConnect(account: "acc-2", access: "stranger", reconnect: first.Integration.Id)).Failure.ShouldNotBeNull().Code.Code.ShouldBe("integrations.account_mismatch");
        var row = (await _kit.Vault.Find(first.Integration.Id, "u1", default))!;
        (row.Integration.Epoch, row.Integration.AccountId).ShouldBe((1, "acc-1"));
        row.OpenAccessToken(_kit.Box)!.Value.Reveal().ShouldBe("access-1");
        (await _kit.Ask("SELECT count(*) FROM oauth_integrations")).ShouldBe(1L);

        (await _kit.TryConnect(account: "acc-1", access: "mine", reconnect: first.Integration.Id)).Value.ShouldBe(first.Integration.Id);
        (await _kit.TryConnect(user: "u2", reconnect: first.Integration.Id)).Failure.ShouldNotBeNull().Code.Code.ShouldBe("integrations.not_found");
        (await _kit.TryConnect(reconnect: Guid.CreateVersion7())).Failure.ShouldNotBeNull().Code.Code.ShouldBe("integrations.not_found");
    }

    [Fact]
    public async Task A_reconnect_that_may_replace_the_account_takes_nothing_of_the_old_one_along()
    {
        var first = await _kit.Connect();
        (await _kit.TryConnect(account: "acc-2", access: "access-2", refresh: null, reconnect: first.Integration.Id, replace: true)).Value.ShouldBe(first.Integration.Id);
        var row = (await _kit.Vault.Find(first.Integration.Id, "u1", default))!;
        (row.Integration.AccountId, row.Integration.Epoch).ShouldBe(("acc-2", 2));
        row.OpenAccessToken(_kit.Box)!.Value.Reveal().ShouldBe("access-2");
        row.Tokens!.RefreshToken.ShouldBeNull("the old account's refresh token would renew into the old account");
    }

    [Fact]
    public async Task A_reconnect_cannot_replace_its_account_by_one_that_is_connected_already()
    {
        var first = await _kit.Connect(account: "acc-1");
        var second = await _kit.Connect(account: "acc-2", access: "access-2");
        (await _kit.TryConnect(account: "acc-2", reconnect: first.Integration.Id, replace: true)).Failure.ShouldNotBeNull().Code.Code.ShouldBe("integrations.account_mismatch");
        (await _kit.Vault.Find(first.Integration.Id, "u1", default))!.Integration.AccountId.ShouldBe("acc-1");
        (await _kit.Vault.Find(second.Integration.Id, "u1", default))!.OpenAccessToken(_kit.Box)!.Value.Reveal().ShouldBe("access-2");
    }

    [Fact]
    public async Task A_consent_without_a_refresh_token_keeps_the_good_one()
    {
        await _kit.Connect();
        var again = await _kit.Connect(access: "access-2", refresh: null);
        again.OpenAccessToken(_kit.Box)!.Value.Reveal().ShouldBe("access-2");
        again.OpenRefreshToken(_kit.Box)!.Value.Reveal().ShouldBe("refresh-1");

        await _kit.Ask("UPDATE oauth_integrations SET status = 'inactive', reason = 'switched_off'");
        (await _kit.Connect(access: "access-2b", refresh: null)).OpenRefreshToken(_kit.Box)!.Value.Reveal().ShouldBe("refresh-1", "it was switched off and good");

        await _kit.Ask("UPDATE oauth_integrations SET status = 'error', reason = 'reauthorization_required'");
        var after = await _kit.Connect(access: "access-3", refresh: null);
        after.Tokens!.RefreshToken.ShouldBeNull("the provider had refused it");
        (after.Integration.Status, after.Integration.Reason).ShouldBe((IntegrationStatus.Active, null));
    }

    [Fact]
    public async Task A_tombstone_is_revived_by_a_new_consent_and_is_primary_again_when_there_is_no_other()
    {
        var first = await _kit.Connect();
        await _kit.Ask("DELETE FROM oauth_tokens; UPDATE oauth_integrations SET status = 'revoked', reason = 'disconnected', epoch = epoch + 1, is_primary = false, revoked_at = now()");
        var revived = await _kit.Connect(access: "access-2");
        revived.Integration.Id.ShouldBe(first.Integration.Id);
        (revived.Integration.Status, revived.Integration.Epoch, revived.Integration.IsPrimary, revived.Integration.Reason).ShouldBe((IntegrationStatus.Active, 3, true, null));
        (await _kit.Ask("SELECT revoked_at FROM oauth_integrations")).ShouldBeNull();
        revived.OpenAccessToken(_kit.Box)!.Value.Reveal().ShouldBe("access-2");
    }

    [Fact]
    public async Task A_provider_without_account_ids_gets_an_integration_for_each_connect_and_a_named_reconnect_keeps_its_own()
    {
        var first = (await _kit.TryConnect(account: null)).Value;
        var second = (await _kit.TryConnect(account: null)).Value;
        second.ShouldNotBe(first);
        (await _kit.Ask($"SELECT provider_account_id FROM oauth_integrations WHERE id = '{first}'")).ShouldBe(first.ToString());
        (await _kit.TryConnect(account: null, access: "again", reconnect: first)).Value.ShouldBe(first);
        (await _kit.Ask($"SELECT provider_account_id || epoch FROM oauth_integrations WHERE id = '{first}'")).ShouldBe($"{first}2");
    }

    [Fact]
    public async Task Connects_of_one_account_at_once_are_one_integration_with_one_token_row()
    {
        var flows = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _kit.AddFlow()));
        var stored = await Task.WhenAll(flows.Select((flow, n) => Task.Run(() => _kit.Store(flow, access: $"access-{n}"))));
        stored.Select(result => result.Value).Distinct().Count().ShouldBe(1);
        (await _kit.Rows("SELECT count(*), max(epoch) FROM oauth_integrations")).ShouldHaveSingleItem().ShouldBe([1L, 20]);
        (await _kit.Ask("SELECT count(*) FROM oauth_tokens")).ShouldBe(1L);
        (await _kit.Ask("SELECT count(*) FROM oauth_consents WHERE NOT is_revoked")).ShouldBe(1L);
        (await _kit.Vault.FindAt("google", "u1", null, default))!.OpenAccessToken(_kit.Box).ShouldNotBeNull();
    }

    [Fact]
    public async Task First_connects_of_several_accounts_at_once_leave_one_primary()
    {
        var flows = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _kit.AddFlow()));
        await Task.WhenAll(flows.Select((flow, n) => Task.Run(() => _kit.Store(flow, account: $"acc-{n}"))));
        (await _kit.Rows("SELECT count(*), count(*) FILTER (WHERE is_primary) FROM oauth_integrations")).ShouldHaveSingleItem().ShouldBe([10L, 1L]);
    }

    [Fact]
    public async Task A_store_whose_commit_is_not_confirmed_is_not_done_twice()
    {
        await using var proxy = new WireProxy(_kit.Db.Cluster.Port);
        await using var kit = await StoreKit.New(db: _kit.Db, change: builder => (builder.Port, builder.SslMode, builder.MinPoolSize) = (proxy.Port, SslMode.Disable, 0));
        var flow = await kit.AddFlow();
        proxy.LoseAnswerTo = "COMMIT\0";
        var id = (await kit.Store(flow, account: null)).Value;
        proxy.Losses.ShouldBe(0);
        (await _kit.Rows("SELECT id, epoch FROM oauth_integrations")).ShouldHaveSingleItem().ShouldBe([id, 1]);
        (await _kit.Ask("SELECT count(*) FROM oauth_audit_log WHERE action = 'connect'")).ShouldBe(1L);
    }

    [Fact]
    public async Task A_store_that_the_database_refuses_leaves_nothing_behind()
    {
        await _kit.Ask("ALTER TABLE oauth_consents ADD CHECK (scopes = '{}')");
        await Should.ThrowAsync<PostgresException>(() => _kit.TryConnect());
        (await _kit.Ask("SELECT (SELECT count(*) FROM oauth_integrations) + (SELECT count(*) FROM oauth_tokens) + (SELECT count(*) FROM oauth_audit_log WHERE action <> 'connect_started')")).ShouldBe(0L);
    }
}
