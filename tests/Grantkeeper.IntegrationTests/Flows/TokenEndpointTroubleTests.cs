using System.Net;
using Grantkeeper.Audit;
using Grantkeeper.Integrations;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>What becomes of a grant when its provider answers wrongly, late, or not at all: at the exchange and at the refresh.</summary>
[Trait("category", "services")]
public sealed class TokenEndpointTroubleTests(ServerWorld fixture) : IClassFixture<ServerWorld>
{
    private const string Unavailable = "tokens.provider_unavailable";
    private const string Unreadable = "tokens.provider_unreadable";
    private const string Reauthorize = "tokens.reauthorization_required";
    private const string ClientRejected = "providers.client_rejected";

    private readonly long _reuses = fixture.World.Counters[Counter.ReuseDetected];

    private FlowWorld World => fixture.World;

    private long Refreshes => World.Counters[Counter.RefreshRequests];

    private static string NewUser() => $"user_{Guid.NewGuid():N}";

    /// <summary>Fault, status, code, retryable, Retry-After.</summary>
    public static TheoryData<Fault, int, string, bool, string> ExchangeTroubles => new()
    {
        { At(FaultEndpoint.Token, FaultMode.Html), 502, "connect.exchange_unreadable", false, "" },
        { At(FaultEndpoint.Token, FaultMode.Html, 400), 502, "connect.exchange_unreadable", false, "" },
        { At(FaultEndpoint.Token, FaultMode.Html, 403), 502, "connect.exchange_unreadable", false, "" },
        { At(FaultEndpoint.Token, FaultMode.Empty), 502, "connect.exchange_unreadable", false, "" },
        { At(FaultEndpoint.Token, FaultMode.Huge), 502, "connect.exchange_unreadable", false, "" },
        { At(FaultEndpoint.Token, FaultMode.Cut), 503, "connect.exchange_failed", false, "" },
        { At(FaultEndpoint.Token, FaultMode.LoseAnswer), 503, "connect.exchange_failed", false, "" },
        { At(FaultEndpoint.Token, FaultMode.Status, 400), 503, "connect.exchange_failed", false, "" },
        { At(FaultEndpoint.Token, FaultMode.Status, 403), 503, "connect.exchange_failed", false, "" },
        { At(FaultEndpoint.Token, FaultMode.Status, 500), 503, "connect.exchange_failed", false, "" },
        { At(FaultEndpoint.Token, FaultMode.Status, 503), 503, "connect.exchange_failed", false, "" },
        { At(FaultEndpoint.Token, FaultMode.RetryAfter) with { RetryAfter = "7" }, 503, "connect.exchange_failed", false, "7" },
        { At(FaultEndpoint.Token, FaultMode.BadSignature), 502, "connect.id_token_invalid", false, "" },
        { At(FaultEndpoint.Token, FaultMode.WrongNonce), 502, "connect.id_token_invalid", false, "" },
        // The operation ran and was refused: 200 with success false.
        { At(FaultEndpoint.Token, FaultMode.OkWithError), 200, "connect.code_rejected", false, "" },
        { At(FaultEndpoint.Token, FaultMode.Html, 401), 200, ClientRejected, false, "" },
    };

    [Theory]
    [MemberData(nameof(ExchangeTroubles))]
    public async Task Trouble_at_the_exchange_ends_the_flow_and_sends_the_code_once(Fault fault, int status, string code, bool retryable, string retryAfter)
    {
        World.Sandbox.Faults.Clear();
        var user = NewUser();
        var (browser, callback, flowId) = await World.ReachCallback(user);
        browser.Dispose();
        World.Break(fault);
        var reply = await HandIn(callback, user);

        ((int)reply.Status).ShouldBe(status, reply.Body);
        if (status == 200)
        {
            ((bool)reply.Json["success"]!).ShouldBeFalse();
            ((bool)reply.Json["connected"]!).ShouldBeFalse();
            ((string)reply.Json["error"]!["code"]!).ShouldBe(code);
        }
        else
        {
            reply.Code.ShouldBe(code);
            ((bool)reply.Json["retryable"]!).ShouldBe(retryable);
            reply.Header("Retry-After").ShouldBe(retryAfter);
        }

        (await HandIn(callback, user)).Code.ShouldBe("connect.state_used");
        World.Counters.ExchangesOf(callback.Get("code")).ShouldBe(1);
        ((string)(await World.Flow(flowId, user)).Json["error"]!["code"]!).ShouldBe(code);
        (await World.Sql($"SELECT count(*) FROM oauth_integrations WHERE user_id = '{user}'")).ShouldBe(0L);
        (await World.Sql($"SELECT count(*) FROM oauth_audit_log WHERE user_id = '{user}' AND action = 'connect_failed' AND code = '{code}' AND NOT success")).ShouldBe(1L);
        (await World.Connect(user)).ShouldNotBe(Guid.Empty, "the next try is not hindered");
    }

    [Fact]
    public async Task Keys_of_somebody_else_make_the_identity_invalid()
    {
        World.Sandbox.Faults.Clear();
        var fresh = await World.AddNode();
        var user = NewUser();
        var (browser, callback, _) = await World.ReachCallback(user);
        browser.Dispose();
        World.Break(At(FaultEndpoint.Jwks, FaultMode.BadSignature, count: 0));
        (await HandIn(callback, user, fresh)).Code.ShouldBe("connect.id_token_invalid");
        World.Sandbox.Faults.Clear();
    }

    [Theory]
    [InlineData(FaultMode.NoExpiresIn, false, true)]
    [InlineData(FaultMode.AbsurdExpiresIn, false, true)]
    [InlineData(FaultMode.StringExpiresIn, true, true)]
    [InlineData(FaultMode.NoRefreshToken, true, false)]
    public async Task Odd_answer_at_the_exchange_is_taken_for_what_it_says(FaultMode mode, bool hasEnd, bool refreshable)
    {
        World.Sandbox.Faults.Clear();
        var user = NewUser();
        World.Break(At(FaultEndpoint.Token, mode));
        var id = await World.Connect(user);
        var status = await World.Host.Get($"/oauth/sandbox/status?user_id={user}");
        ((bool)status.Json["connected"]!).ShouldBeTrue();
        ((bool)status.Json["refreshable"]!).ShouldBe(refreshable);
        (status.Json["expires_at"] is not null).ShouldBe(hasEnd);
        (await Read(id)).Status.ShouldBe(HttpStatusCode.OK);
        if (refreshable)
            return;
        await World.Expire(id);
        var ended = await Read(id);
        ended.Code.ShouldBe(Reauthorize);
        ((string)ended.Json["reason"]!).ShouldBe("expired_without_refresh");
        (await World.Host.Post($"/api/v1/oauth/integrations/{id}/refresh")).Code.ShouldBe("tokens.refresh_unsupported");
    }

    /// <summary>Fault, status, code, Retry-After, and whether the refresh token may have been used.</summary>
    public static TheoryData<Fault, int, string, string, bool> RefreshTroubles => new()
    {
        { At(FaultEndpoint.Refresh, FaultMode.Html), 502, Unreadable, "1", true },
        { At(FaultEndpoint.Refresh, FaultMode.Html, 400), 502, Unreadable, "1", false },
        { At(FaultEndpoint.Refresh, FaultMode.Html, 403), 502, Unreadable, "1", false },
        { At(FaultEndpoint.Refresh, FaultMode.Empty), 502, Unreadable, "1", true },
        { At(FaultEndpoint.Refresh, FaultMode.Huge), 502, Unreadable, "1", true },
        { At(FaultEndpoint.Refresh, FaultMode.Cut), 503, Unavailable, "1", true },
        { At(FaultEndpoint.Refresh, FaultMode.Status, 400), 503, Unavailable, "1", false },
        { At(FaultEndpoint.Refresh, FaultMode.Status, 401), 503, Unavailable, "1", false },
        { At(FaultEndpoint.Refresh, FaultMode.Status, 403), 503, Unavailable, "1", false },
        { At(FaultEndpoint.Refresh, FaultMode.Status, 500), 503, Unavailable, "1", true },
        { At(FaultEndpoint.Refresh, FaultMode.Status, 503), 503, Unavailable, "1", false },
        { At(FaultEndpoint.Refresh, FaultMode.RetryAfter) with { RetryAfter = "7" }, 503, Unavailable, "7", false },
        { At(FaultEndpoint.Refresh, FaultMode.Html, 401), 503, ClientRejected, "", false },
    };

    [Theory]
    [MemberData(nameof(RefreshTroubles))]
    public async Task Trouble_at_the_refresh_of_an_ended_token_keeps_the_grant_and_backs_off(Fault fault, int status, string code, string retryAfter, bool mayHaveRotated)
    {
        _ = mayHaveRotated;
        World.Sandbox.Faults.Clear();
        var id = await World.Connect(NewUser());
        await World.Expire(id);
        World.Break(fault);
        var before = Refreshes;

        var failed = await Read(id);
        ((int)failed.Status).ShouldBe(status, failed.Body);
        failed.Code.ShouldBe(code);
        ((bool)failed.Json["retryable"]!).ShouldBe(code != ClientRejected);
        failed.Header("Retry-After").ShouldBe(retryAfter);
        Refreshes.ShouldBe(before + 1, "one attempt, one request");

        await World.Sql($"UPDATE oauth_tokens SET next_refresh_at = now() + interval '1 minute' WHERE integration_id = '{id}'");
        var waiting = await Read(id);
        waiting.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        waiting.Code.ShouldBe(Unavailable);
        int.Parse(waiting.Header("Retry-After")).ShouldBeInRange(50, 61);
        Refreshes.ShouldBe(before + 1, "a read inside the back-off asks nobody");

        await IsKept(id, 1);
        await BackOffEnds(id);
        var again = await Read(id);
        again.Status.ShouldBe(HttpStatusCode.OK, again.Body);
        ((long)again.Json["generation"]!).ShouldBe(2);
        again.Json["warning"].ShouldBeNull();
        (await World.Sql($"SELECT failure_count = 0 AND intent_id IS NULL FROM oauth_tokens WHERE integration_id = '{id}'")).ShouldBe(true);
    }

    [Theory]
    [MemberData(nameof(RefreshTroubles))]
    public async Task Trouble_at_the_refresh_of_a_good_token_serves_it_with_a_warning(Fault fault, int status, string code, string retryAfter, bool mayHaveRotated)
    {
        _ = (status, code, retryAfter);
        World.Sandbox.Faults.Clear();
        var id = await World.Connect(NewUser());
        await EndsSoon(id);
        World.Break(fault);
        var before = Refreshes;

        for (var reads = 0; reads < 3; reads++)
        {
            var served = await Read(id);
            served.Status.ShouldBe(HttpStatusCode.OK, served.Body);
            ((string)served.Json["warning"]!).ShouldBe("refresh_failed");
            ((long)served.Json["generation"]!).ShouldBe(1);
            Refreshes.ShouldBe(before + 1, "reads inside the back-off ask nobody");
        }

        await IsKept(id, 1);
        // A refresh token that may be used up is not shown again while the access token is good.
        (await World.Sql($"SELECT next_refresh_at > now() + interval '15 seconds' FROM oauth_tokens WHERE integration_id = '{id}'")).ShouldBe(mayHaveRotated);
        if (mayHaveRotated)
        {
            await BackOffEnds(id);
            ((string)(await Read(id)).Json["warning"]!).ShouldBe("refresh_failed");
            (await World.Host.Post($"/api/v1/oauth/integrations/{id}/refresh")).Code.ShouldBe(Unavailable, "not even on demand");
            Refreshes.ShouldBe(before + 1);
            await World.Expire(id);
        }

        await BackOffEnds(id);
        ((long)(await Read(id)).Json["generation"]!).ShouldBe(2);
        Refreshes.ShouldBe(before + 2);
        World.Counters[Counter.ReuseDetected].ShouldBe(_reuses, "no token was shown twice");
    }

    [Fact]
    public async Task Lost_answer_waits_for_the_end_of_the_access_token_and_then_tries_once()
    {
        World.Sandbox.Faults.Clear();
        var user = NewUser();
        var id = await World.Connect(user);
        await EndsSoon(id);
        World.Break(At(FaultEndpoint.Refresh, FaultMode.LoseAnswer));
        var before = Refreshes;
        var first = await Read(id);
        ((string)first.Json["warning"]!).ShouldBe("refresh_failed");

        await BackOffEnds(id);
        for (var reads = 0; reads < 5; reads++)
            ((string)(await Read(id)).Json["warning"]!).ShouldBe("refresh_failed");
        (await World.Host.Post("/oauth/sandbox/refresh", new { user_id = user })).Code.ShouldBe(Unavailable);
        Refreshes.ShouldBe(before + 1, "the old refresh token is not risked while the access token is good");
        (await CallApi(first)).ShouldBe(HttpStatusCode.OK);

        await World.Expire(id);
        await BackOffEnds(id);
        var late = await Read(id);
        Refreshes.ShouldBe(before + 2);
        await NeedsItsUser(late, id, "ambiguous_refresh");
        await NeedsItsUser(await Read(id), id, "ambiguous_refresh");
        Refreshes.ShouldBe(before + 2, "one late attempt, not more");

        (await World.Connect(user, more: new { integration_id = id })).ShouldBe(id);
        (await Read(id)).Status.ShouldBe(HttpStatusCode.OK, "the same integration works again");
    }

    [Fact]
    public async Task Lost_answer_is_still_remembered_when_the_late_attempt_meets_other_trouble()
    {
        World.Sandbox.Faults.Clear();
        var id = await World.Connect(NewUser());
        await World.Expire(id);
        World.Break(At(FaultEndpoint.Refresh, FaultMode.LoseAnswer));
        World.Break(At(FaultEndpoint.Refresh, FaultMode.Status, 503));
        (await Read(id)).Code.ShouldBe(Unavailable);
        await BackOffEnds(id);
        (await Read(id)).Code.ShouldBe(Unavailable);
        await BackOffEnds(id);
        await NeedsItsUser(await Read(id), id, "ambiguous_refresh");
    }

    [Fact]
    public async Task Refresh_that_brings_another_accounts_tokens_freezes_the_integration()
    {
        World.Sandbox.Faults.Clear();
        var id = await World.Connect(NewUser());
        await World.Expire(id);
        World.Break(new Fault(FaultEndpoint.Refresh, FaultMode.OtherSubject, Count: 1));
        var before = Refreshes;
        var read = await Read(id);
        (read.Code, (string)read.Json["reason"]!).ShouldBe(("tokens.reauthorization_required", "account_changed"));
        for (var reads = 0; reads < 3; reads++)
            (await Read(id)).Code.ShouldBe("tokens.reauthorization_required");
        Refreshes.ShouldBe(before + 1, "what is frozen is not tried again");
        (await World.Sql($"SELECT generation FROM oauth_tokens WHERE integration_id = '{id}'")).ShouldBe(1L, "another person's tokens are not stored");
        (await World.Sql($"SELECT count(*) FROM outbox WHERE integration_id = '{id}'")).ShouldBe(0L, "nor revoked: they may be another integration's");
        (await World.Sql($"SELECT status || ' ' || reason_detail FROM oauth_integrations WHERE id = '{id}'")).ShouldBe("error account_changed");
    }

    [Fact]
    public async Task Attempt_of_a_node_that_died_is_not_repeated_while_the_access_token_is_good()
    {
        World.Sandbox.Faults.Clear();
        var id = await World.Connect(NewUser());
        await EndsSoon(id);
        await World.Sql($"UPDATE oauth_tokens SET fence = fence + 1, lease_owner = gen_random_uuid(), lease_until = now() - interval '1 second', intent_id = gen_random_uuid(), intent_generation = 1, intent_nodes = ARRAY['dead'], intent_at = now() WHERE integration_id = '{id}'");
        var before = Refreshes;
        for (var reads = 0; reads < 3; reads++)
            ((string)(await Read(id)).Json["warning"]!).ShouldBe("refresh_failed");
        Refreshes.ShouldBe(before);
        (await World.Sql($"SELECT array_to_string(intent_nodes, ' ') FROM oauth_tokens WHERE integration_id = '{id}'")).ShouldBe("dead");
        await World.Expire(id);
        (await Read(id)).Code.ShouldBe("tokens.answer_awaited", "that node may hold the answer");
        Refreshes.ShouldBe(before);
        await World.Sql($"UPDATE oauth_tokens SET intent_at = now() - interval '11 minutes' WHERE integration_id = '{id}'");
        ((long)(await Read(id)).Json["generation"]!).ShouldBe(2);
        Refreshes.ShouldBe(before + 1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Refusal_of_the_grant_needs_its_user(bool stillGood)
    {
        World.Sandbox.Faults.Clear();
        var user = NewUser();
        var id = await World.Connect(user);
        await (stillGood ? EndsSoon(id) : World.Expire(id));
        World.Break(At(FaultEndpoint.Refresh, FaultMode.OkWithError));
        var before = Refreshes;
        await NeedsItsUser(await Read(id), id, "invalid_grant");
        await NeedsItsUser(await Read(id), id, "invalid_grant");
        (await World.Host.Post("/oauth/sandbox/refresh", new { user_id = user })).Code.ShouldBe(Reauthorize);
        Refreshes.ShouldBe(before + 1, "a dead grant is not tried again");
        var status = await World.Host.Get($"/oauth/sandbox/status?user_id={user}");
        ((bool)status.Json["connected"]!).ShouldBeFalse();
        ((string)status.Json["error"]!["code"]!).ShouldBe(Reauthorize);
        (await World.Sql($"SELECT count(*) FROM oauth_audit_log WHERE integration_id = '{id}' AND action = 'refresh_failed' AND code = 'invalid_grant'")).ShouldBe(1L);
    }

    [Fact]
    public async Task Refused_client_never_condemns_a_grant()
    {
        World.Sandbox.Faults.Clear();
        var wrong = await World.AddNode(new Dictionary<string, string?> { ["SANDBOX_CLIENT_SECRET"] = "not-the-secret-of-this-client" });
        var id = await World.Connect(NewUser());
        var forced = await wrong.Post($"/api/v1/oauth/integrations/{id}/refresh");
        forced.Status.ShouldBe(HttpStatusCode.OK);
        ((bool)forced.Json["success"]!).ShouldBeFalse();
        ((string)forced.Json["error"]!["code"]!).ShouldBe(ClientRejected);
        (await wrong.Get($"/api/v1/oauth/integrations/{id}/token")).Status.ShouldBe(HttpStatusCode.OK);
        await World.Expire(id);
        for (var tries = 0; tries < 5; tries++)
        {
            await BackOffEnds(id);
            var refused = await wrong.Get($"/api/v1/oauth/integrations/{id}/token");
            refused.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
            refused.Code.ShouldBe(ClientRejected);
            ((bool)refused.Json["retryable"]!).ShouldBeFalse();
        }

        await IsKept(id, 1);
        await BackOffEnds(id);
        ((long)(await Read(id)).Json["generation"]!).ShouldBe(2, "with the right secret the same refresh token works");
    }

    [Theory]
    [InlineData(FaultMode.NoExpiresIn)]
    [InlineData(FaultMode.AbsurdExpiresIn)]
    [InlineData(FaultMode.StringExpiresIn)]
    [InlineData(FaultMode.NoRefreshToken)]
    [InlineData(FaultMode.NoRotation)]
    public async Task Odd_answer_at_the_refresh_renews_and_what_it_leaves_out_stays_as_it_was(FaultMode mode)
    {
        World.Sandbox.Faults.Clear();
        var id = await World.Connect(NewUser());
        await World.Expire(id);
        World.Break(At(FaultEndpoint.Refresh, mode));
        var read = await Read(id);
        read.Status.ShouldBe(HttpStatusCode.OK, read.Body);
        ((long)read.Json["generation"]!).ShouldBe(2);
        read.Json["expires_at"]!.GetValue<DateTimeOffset>().ShouldBe(TimeProvider.System.GetUtcNow().AddHours(1), TimeSpan.FromMinutes(1), "the lifetime that was stated last");
        (await CallApi(read)).ShouldBe(HttpStatusCode.OK);
        var next = await World.Host.Post($"/api/v1/oauth/integrations/{id}/refresh");
        ((bool)next.Json["success"]!).ShouldBeTrue("the refresh token is the new one, or the old one where none came");
    }

    [Fact]
    public async Task Identity_of_somebody_else_at_a_refresh_does_not_rename_the_account()
    {
        World.Sandbox.Faults.Clear();
        var id = await World.Connect(NewUser());
        var before = (await World.Host.Get($"/api/v1/oauth/integrations/{id}")).Json["account"]!.ToJsonString();
        World.Break(At(FaultEndpoint.Refresh, FaultMode.OtherSubject));
        await World.Host.Post($"/api/v1/oauth/integrations/{id}/refresh");
        (await World.Host.Get($"/api/v1/oauth/integrations/{id}")).Json["account"]!.ToJsonString().ShouldBe(before);
    }

    [Fact]
    public async Task Provider_whose_metadata_is_away_keeps_its_grants()
    {
        World.Sandbox.Faults.Clear();
        var id = await World.Connect(NewUser());
        var fresh = await World.AddNode();
        World.Break(At(FaultEndpoint.Discovery, FaultMode.Status, 503, count: 0));
        var before = Refreshes;
        var started = await fresh.Post("/api/v1/oauth/initiate", new { provider = "sandbox", user_id = NewUser() });
        started.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
        started.Code.ShouldBe("providers.discovery_failed");
        ((bool)started.Json["retryable"]!).ShouldBeTrue();
        started.Header("Retry-After").ShouldNotBe("");

        await EndsSoon(id);
        ((string)(await fresh.Get($"/api/v1/oauth/integrations/{id}/token")).Json["warning"]!).ShouldBe("refresh_failed");
        await World.Expire(id);
        (await fresh.Get($"/api/v1/oauth/integrations/{id}/token")).Code.ShouldBe("providers.discovery_failed");
        Refreshes.ShouldBe(before);
        await IsKept(id, 1);
        World.Sandbox.Faults.Clear();
        ((long)(await fresh.Get($"/api/v1/oauth/integrations/{id}/token")).Json["generation"]!).ShouldBe(2);
    }

    [Fact]
    public async Task Forced_refresh_is_not_swallowed_by_a_plain_one()
    {
        World.Sandbox.Faults.Clear();
        var user = NewUser();
        var id = await World.Connect(user);
        await World.Expire(id);
        var held = World.Tap.Hold(ProviderTap.Token);
        var before = Refreshes;
        var plain = Read(id);
        await held.Arrived;
        var row = (await World.Host.Services.GetRequiredService<TokenVault>().Find(id, user, TestContext.Current.CancellationToken))!;
        var refresher = World.Host.Services.GetRequiredService<TokenRefresher>();
        var joined = refresher.Refresh(row, force: false, AuditSource.Background);
        var forced = refresher.Refresh(row, force: true, AuditSource.Background);
        var forcedToo = refresher.Refresh(row, force: true, AuditSource.Background);
        held.Release();

        ((long)(await plain).Json["generation"]!).ShouldBe(2);
        (await joined).Row.Tokens!.Generation.ShouldBe(2);
        (await forced).Row.Tokens!.Generation.ShouldBe(3);
        (await forcedToo).Row.Tokens!.Generation.ShouldBe(3, "at most one waits");
        Refreshes.ShouldBe(before + 2);
    }

    [Fact]
    public async Task Caller_that_goes_away_does_not_stop_the_refresh()
    {
        World.Sandbox.Faults.Clear();
        var id = await World.Connect(NewUser());
        await World.Expire(id);
        var held = World.Tap.Hold(ProviderTap.Token);
        using var gone = new CancellationTokenSource();
        var read = World.Host.Send(HttpMethod.Get, $"/api/v1/oauth/integrations/{id}/token", null, FlowHost.ApiKey, gone.Token);
        await held.Arrived;
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(read);
        held.Release();
        await World.Host.Services.GetRequiredService<TokenRefresher>().Drained();
        (await World.Sql($"SELECT generation FROM oauth_tokens WHERE integration_id = '{id}'")).ShouldBe(2L);
        (await Read(id)).Json["warning"].ShouldBeNull();
    }

    [Fact]
    public async Task Browser_that_goes_away_does_not_stop_the_exchange()
    {
        World.Sandbox.Faults.Clear();
        var user = NewUser();
        var (browser, callback, flowId) = await World.ReachCallback(user, confirm: false);
        using var _b = browser;
        var exchange = World.Tap.Hold(ProviderTap.Token);
        using var gone = new CancellationTokenSource();
        var opened = browser.Send(new HttpRequestMessage(HttpMethod.Get, callback), gone.Token);
        await exchange.Arrived;
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(opened);
        exchange.Release();
        await World.Until($"SELECT status = 'completed' FROM oauth_state WHERE id = '{flowId}'");
        ((string)(await World.Flow(flowId, user)).Json["status"]!).ShouldBe("completed");
    }

    [Fact]
    public async Task Reported_token_is_renewed_once_per_generation()
    {
        World.Sandbox.Faults.Clear();
        var id = await World.Connect(NewUser());
        var before = Refreshes;
        async Task<bool> Report(long generation) => (bool)(await World.Host.Post($"/api/v1/oauth/integrations/{id}/token/rejected", new { generation })).Json["accepted"]!;
        (await Report(2)).ShouldBeFalse();
        (await Report(1)).ShouldBeTrue();
        (await Report(1)).ShouldBeFalse();
        ((long)(await Read(id)).Json["generation"]!).ShouldBe(2);
        (await Report(1)).ShouldBeFalse("an old report says nothing about the new token");
        ((long)(await Read(id)).Json["generation"]!).ShouldBe(2);
        Refreshes.ShouldBe(before + 1);
    }

    [Fact]
    public async Task Reported_token_is_not_served_when_it_cannot_be_renewed()
    {
        World.Sandbox.Faults.Clear();
        var id = await World.Connect(NewUser());
        await World.Host.Post($"/api/v1/oauth/integrations/{id}/token/rejected", new { generation = 1 });
        World.Break(At(FaultEndpoint.Refresh, FaultMode.Status, 503));
        (await Read(id)).Code.ShouldBe(Unavailable);
    }

    private static Fault At(FaultEndpoint endpoint, FaultMode mode, int? status = null, int count = 1) => new(endpoint, mode, status, Count: count);

    private Task<FlowReply> Read(Guid id) => World.Host.Get($"/api/v1/oauth/integrations/{id}/token");

    private Task<FlowReply> HandIn(Uri callback, string user, FlowHost? node = null) => (node ?? World.Host).Post(
        "/oauth/sandbox/callback", new { code = callback.Get("code"), state = callback.Get("state"), iss = callback.Get("iss"), user_id = user });

    /// <summary>Good for another half minute: less than a caller asks for.</summary>
    private Task EndsSoon(Guid id) => World.Sql($"UPDATE oauth_tokens SET expires_at = now() + interval '30 seconds' WHERE integration_id = '{id}'");

    private Task BackOffEnds(Guid id) => World.Sql($"UPDATE oauth_tokens SET next_refresh_at = now() - interval '1 second' WHERE integration_id = '{id}'");

    private async Task IsKept(Guid id, long generation)
    {
        (await World.Sql($"SELECT generation FROM oauth_tokens WHERE integration_id = '{id}' AND refresh_token IS NOT NULL")).ShouldBe(generation);
        (await World.Sql($"SELECT status FROM oauth_integrations WHERE id = '{id}'")).ShouldBe("active");
    }

    private async Task NeedsItsUser(FlowReply reply, Guid id, string reason)
    {
        reply.Status.ShouldBe(HttpStatusCode.Conflict, reply.Body);
        reply.Code.ShouldBe(Reauthorize);
        ((bool)reply.Json["retryable"]!).ShouldBeFalse();
        reply.Header("Retry-After").ShouldBe("");
        ((string)reply.Json["reason"]!).ShouldBe(reason);
        ((string)reply.Json["reconnect_url"]!).ShouldBe($"{World.Host.Origin}/connect/integrations/{id}");
        var integration = await World.Host.Get($"/api/v1/oauth/integrations/{id}");
        ((string)integration.Json["status"]!).ShouldBe("error");
        ((string)integration.Json["reason"]!).ShouldBe(Reasons.ReauthorizationRequired);
        ((string)integration.Json["reason_detail"]!).ShouldBe(reason);
    }

    private async Task<HttpStatusCode> CallApi(FlowReply token)
    {
        using var browser = new FlowBrowser();
        var request = new HttpRequestMessage(HttpMethod.Get, World.SandboxOrigin + "/api/me");
        request.Headers.Authorization = new("Bearer", (string)token.Json["access_token"]!);
        return (await browser.Send(request)).Status;
    }
}
