using Grantkeeper.Audit;
using Grantkeeper.OAuth;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "models")]
public sealed class AuditLogTests : IAsyncLifetime
{
    private StoreKit _kit = null!;

    public async ValueTask InitializeAsync() => _kit = await StoreKit.New();

    public ValueTask DisposeAsync() => _kit.DisposeAsync();

    [Fact]
    public async Task A_row_holds_every_member_of_its_event()
    {
        var integration = Guid.CreateVersion7();
        await Write(new AuditEvent(AuditAction.ProviderRevocation, "u1", StoreKit.Caller)
        {
            IntegrationId = integration, Provider = "google", Scopes = ScopeSet.Of(["a", "b"]), Success = false, Code = "failed",
            Duration = TimeSpan.FromMilliseconds(1234.9), Count = 3, Node = "node-1", NodeSequence = 9,
        });
        (await _kit.Rows("""
            SELECT user_id, integration_id, action, provider, array_to_string(scopes, ' '), success, code, duration_ms, event_count, node, node_sequence, actor, caller, host(ip_address), user_agent, correlation_id
            FROM oauth_audit_log
            """)).ShouldHaveSingleItem().ShouldBe(["u1", integration, "provider_revocation", "google", "a b", false, "failed", 1234, 3, "node-1", 9L, "agent-7", "key-1", "203.0.113.9", "browser", "trace-1"]);
    }

    [Fact]
    public async Task Every_action_can_be_written()
    {
        foreach (var action in Enum.GetValues<AuditAction>())
            await Write(new AuditEvent(action, "u1", AuditSource.Background));
        (await _kit.Ask("SELECT count(DISTINCT action) = count(*) AND bool_and(action ~ '^[a-z_]+$') FROM oauth_audit_log")).ShouldBe(true);
    }

    [Theory]
    [InlineData("one\r\nline\u0000 \u001b[31m", "oneline [31m")]
    [InlineData("", "")]
    [InlineData(null, null)]
    public async Task A_user_agent_is_one_line_whatever_the_stranger_sent(string? sent, string? kept)
    {
        await Write(new AuditEvent(AuditAction.Connect, "u1", StoreKit.Caller with { UserAgent = sent, IpAddress = "no address" }));
        (await _kit.Rows("SELECT user_agent, ip_address FROM oauth_audit_log")).ShouldHaveSingleItem().ShouldBe([kept, null]);
    }

    [Fact]
    public async Task A_user_agent_that_is_cut_inside_a_character_loses_that_character()
    {
        await Write(new AuditEvent(AuditAction.Connect, "u1", StoreKit.Caller with { UserAgent = new string('x', 299) + "😀😀" }));
        (await _kit.Ask("SELECT user_agent FROM oauth_audit_log")).ShouldBe(new string('x', 299));
    }

    [Fact]
    public async Task Rows_of_one_user_are_in_the_order_of_writing()
    {
        for (var n = 0; n < 5; n++)
            await Write(new AuditEvent(AuditAction.Refresh, "u1", AuditSource.Background) { Count = n });
        (await _kit.Ask("SELECT string_agg(event_count::text, '' ORDER BY created_at) FROM oauth_audit_log")).ShouldBe("01234");
        (await _kit.Ask("SELECT count(DISTINCT txid) FROM oauth_audit_log")).ShouldBe(5L);
    }

    private Task Write(AuditEvent entry) => _kit.Audit.Write(_kit.Database.ForUser("u1"), entry, default);
}
