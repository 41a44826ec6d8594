using Grantkeeper.Lifecycle;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "models")]
public sealed class BulkOperationsTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private StoreKit _kit = null!;

    public async ValueTask InitializeAsync() => _kit = await StoreKit.New();

    public ValueTask DisposeAsync() => _kit.DisposeAsync();

    [Fact]
    public async Task A_page_that_two_nodes_did_is_counted_once()
    {
        var operations = new BulkOperations(_kit.Database, _kit.Audit, _kit.Time);
        var (first, second) = ((await _kit.Connect()).Integration.Id, (await _kit.Connect(account: "acc-2")).Integration.Id);
        await operations.Begin(BulkAction.Refresh, "u1", null, StoreKit.Caller, None);
        var slow = (await operations.Take(None))!;
        // Its node needed longer for the page than a claim lasts.
        await _kit.Ask("UPDATE bulk_operations SET claimed_until = now() - interval '1 second'");
        var fast = (await operations.Take(None))!;
        var advanced = await operations.Advance(fast, first, 1, [], isFinished: false, None);
        (advanced!.Succeeded, advanced.After).ShouldBe((1, first));
        (await operations.Advance(slow, first, 1, [], isFinished: false, None)).ShouldBeNull("the other node goes on alone");
        (await operations.Advance(advanced, second, 1, [], isFinished: true, None))!.Succeeded.ShouldBe(2);
    }
}
