using System.Net;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Two nodes that serve from memory, as nodes do, and what each change on one of them means on the other.</summary>
[Trait("category", "manager")]
public sealed class NodeCacheTests : IAsyncLifetime
{
    private static readonly Dictionary<string, string?> WithCache = new() { ["Grantkeeper:Cache:Life"] = "00:00:05" };

    private FlowWorld _world = null!;
    private FlowHost _other = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await FlowWorld.Start(HostKind.Server, WithCache);
        _other = await _world.AddNode();
        await Heard(_world.Host);
        await Heard(_other);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Second_read_comes_from_memory_and_a_stranger_gets_nothing_of_it()
    {
        var id = await _world.Connect("user_1");
        (await Read(_other, id)).Status.ShouldBe(HttpStatusCode.OK);
        // What is changed behind everybody's back is not seen: the second answer is the first one's.
        await _world.Sql($"UPDATE oauth_integrations SET scopes = ARRAY['behind'] WHERE id = '{id}'");
        Scopes(await Read(_other, id)).ShouldNotBe("behind");
        Scopes(await _other.Get("/oauth/sandbox/token?user_id=user_1")).ShouldBe("behind", "by account it was not read yet");
        Scopes(await Read(_other, id)).ShouldBe("behind");
        (await _other.Get($"/api/v1/oauth/integrations/{id}/token?user_id=user_2")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await _other.Get("/oauth/sandbox/token?user_id=user_2")).Code.ShouldBe("integrations.not_connected");
    }

    [Fact]
    public async Task Refresh_on_one_node_reaches_the_other()
    {
        var id = await _world.Connect("user_1");
        await Read(_other, id);
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _other.Services.GetRequiredService<INodeSignals>().Changes += changed => { if (changed == id) heard.TrySetResult(); };
        (await _world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh")).Status.ShouldBe(HttpStatusCode.OK);
        await heard.Task.WaitAsync(TestContext.Current.CancellationToken);
        ((long)(await Read(_other, id)).Json["generation"]!).ShouldBe(2);
    }

    [Fact]
    public async Task After_a_disconnect_no_node_serves()
    {
        for (var round = 0; round < 5; round++)
        {
            var id = await _world.Connect($"user_{round}");
            (await Read(_other, id)).Status.ShouldBe(HttpStatusCode.OK);
            (await _world.Host.Delete($"/api/v1/oauth/integrations/{id}")).Status.ShouldBe(HttpStatusCode.OK);
            (await Read(_other, id)).Code.ShouldBe("integrations.not_connected");
            (await Read(_world.Host, id)).Code.ShouldBe("integrations.not_connected");
        }
    }

    [Fact]
    public async Task Generation_that_an_api_refused_is_served_by_no_node()
    {
        var id = await _world.Connect("user_1");
        ((long)(await Read(_other, id)).Json["generation"]!).ShouldBe(1);
        (await _world.Host.Post($"/api/v1/oauth/integrations/{id}/token/rejected", new { generation = 1 })).Status.ShouldBe(HttpStatusCode.OK);
        ((long)(await Read(_other, id)).Json["generation"]!).ShouldBe(2);
    }

    [Fact]
    public async Task Reconnected_account_is_served_with_its_new_tokens()
    {
        var id = await _world.Connect("user_1");
        var before = (string)(await Read(_other, id)).Json["access_token"]!;
        (await _world.Connect("user_1")).ShouldBe(id, "the same account is the same integration");
        ((string)(await Read(_other, id)).Json["access_token"]!).ShouldNotBe(before);
    }

    [Fact]
    public async Task Node_that_does_not_hear_reads_the_database_and_recovers()
    {
        var id = await _world.Connect("user_1");
        await Read(_other, id);
        var signals = _other.Services.GetRequiredService<INodeSignals>();
        var cleared = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        signals.Changes += changed => { if (changed is null) cleared.TrySetResult(); };
        await _world.Sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'grantkeeper-signals'");
        await _world.Sql($"UPDATE oauth_integrations SET scopes = ARRAY['behind'] WHERE id = '{id}'");
        await cleared.Task.WaitAsync(TestContext.Current.CancellationToken);
        Scopes(await Read(_other, id)).ShouldBe("behind", "what it knew before the break is forgotten");
        await Heard(_other);
        ((string)(await _other.Get("/oauth/health")).Json["components"]!["signals"]!["status"]!).ShouldBe("healthy");
        (await _world.Host.Delete($"/api/v1/oauth/integrations/{id}")).Status.ShouldBe(HttpStatusCode.OK);
        (await Read(_other, id)).Code.ShouldBe("integrations.not_connected");
    }

    [Fact]
    public async Task Read_that_began_before_a_change_puts_nothing_back_after_it()
    {
        var id = await _world.Connect("user_1");
        var vault = new HeldVault(_world.Host.Services.GetRequiredService<ITokenVault>());
        var signals = new HeardSignals();
        var cache = new GrantCache(vault, signals, _world.Host.Services.GetRequiredService<Settings.GrantkeeperOptions>() with { CacheLife = TimeSpan.FromSeconds(5) }, TimeProvider.System);
        var read = cache.Find(id, null, TestContext.Current.CancellationToken).AsTask();
        await vault.Asked;
        signals.Changes!(id);
        vault.Release();
        (await read).ShouldNotBeNull();
        await cache.Find(id, null, TestContext.Current.CancellationToken);
        vault.Reads.ShouldBe(2, "the first answer was not kept");
        await cache.Find(id, null, TestContext.Current.CancellationToken);
        vault.Reads.ShouldBe(2, "the second one was");
        signals.Changes(null);
        await cache.Find(id, null, TestContext.Current.CancellationToken);
        vault.Reads.ShouldBe(3);
        signals.IsHeard = false;
        await cache.Find(id, null, TestContext.Current.CancellationToken);
        vault.Reads.ShouldBe(4, "a node that hears nothing trusts nothing");
    }

    private static string Scopes(FlowReply reply) => string.Join(' ', reply.Json["scopes"]!.AsArray().Select(scope => (string)scope!));

    private static Task<FlowReply> Read(FlowHost node, Guid id) => node.Get($"/api/v1/oauth/integrations/{id}/token");

    private static async Task Heard(FlowHost node)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!node.Services.GetRequiredService<INodeSignals>().IsHeard)
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }

    private sealed class HeardSignals : INodeSignals
    {
        public bool IsHeard { get; set; } = true;

        public Action<Guid?>? Changes { get; set; }

        public void Changed(Guid integrationId) => Changes?.Invoke(integrationId);

        public Task ChangedEverywhere(Guid integrationId) => Task.CompletedTask;
    }

    /// <summary>A store whose first read waits.</summary>
    private sealed class HeldVault(ITokenVault vault) : ITokenVault
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Reads { get; private set; }

        public Task Asked => _asked.Task;

        public void Release() => _released.SetResult();

        public async Task<GrantRow?> Find(Guid integrationId, string? userId, CancellationToken cancellation)
        {
            Reads++;
            var row = await vault.Find(integrationId, userId, cancellation);
            _asked.TrySetResult();
            await _released.Task;
            return row;
        }

        public Task<GrantRow?> FindAt(string provider, string userId, string? accountId, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<Leased?> TakeLease(string userId, Guid integrationId, int epoch, Guid owner, string node, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<bool> TakeOver(GrantRow row, Guid attemptId, IReadOnlyList<string> holders, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<bool> Extend(GrantRow row, CancellationToken cancellation) => throw new NotSupportedException();

        public Task Release(GrantRow row, Guid owner, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<SaveOutcome> SaveRefreshed(GrantRow row, TokenSet tokens, Guid attemptId, RefreshAttempt attempt, Audit.AuditSource source, string node, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<bool> SaveFailure(GrantRow row, Guid attemptId, RefreshAttempt attempt, FailedRefresh failed, Audit.AuditSource source, string node, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<bool> Suspect(GrantRow row, long generation, string? claimsChallenge, Audit.AuditSource source, CancellationToken cancellation) => throw new NotSupportedException();

        public Task AnnounceReplay(string node, CancellationToken cancellation) => throw new NotSupportedException();
    }
}
