using Grantkeeper.Identity;
using Grantkeeper.Storage;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "models")]
public sealed class ApiKeysTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private sealed class SteppedTime : TimeProvider
    {
        public TimeSpan Elapsed { get; set; }

        public TimeSpan Step { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Elapsed.Ticks;

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Elapsed + Step;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Revoked_key_is_refused_on_every_node_a_minute_later_also_when_a_clock_was_set(int hours)
    {
        await using var kit = await StoreKit.New();
        (await StoreKit.Migrate(kit.Db.Url, Migrator.Platform)).IsSuccess.ShouldBeTrue();
        var time = new SteppedTime();
        var (here, elsewhere) = (Keys(TimeProvider.System), Keys(time));
        var (key, text) = await here.Create("worker", [Permissions.Read], null, StoreKit.Caller, None);
        (await elsewhere.Verify(text.Reveal(), None)).IsSuccess.ShouldBeTrue();
        (await here.Revoke(key.Id, StoreKit.Caller, None)).IsSuccess.ShouldBeTrue();
        (await here.Verify(text.Reveal(), None)).Failure!.Code.Code.ShouldBe("identity.key_invalid");

        time.Step = TimeSpan.FromHours(hours);
        time.Elapsed = TimeSpan.FromSeconds(59);
        (await elsewhere.Verify(text.Reveal(), None)).IsSuccess.ShouldBeTrue("it has not asked again");
        time.Elapsed = TimeSpan.FromSeconds(60);
        (await elsewhere.Verify(text.Reveal(), None)).Failure!.Code.Code.ShouldBe("identity.key_invalid");

        ApiKeys Keys(TimeProvider clock) => new(new PlatformDatabase(kit.Database), kit.Database, kit.Audit, new() { FrontendUrl = new Uri("https://app.example"), PublicUrl = new Uri("https://app.example") }, clock);
    }

    [Fact]
    public async Task Key_with_an_end_is_good_until_then_and_no_longer()
    {
        await using var kit = await StoreKit.New();
        (await StoreKit.Migrate(kit.Db.Url, Migrator.Platform)).IsSuccess.ShouldBeTrue();
        var time = new SteppedTime();
        var keys = new ApiKeys(new PlatformDatabase(kit.Database), kit.Database, kit.Audit, new() { FrontendUrl = new Uri("https://app.example"), PublicUrl = new Uri("https://app.example") }, time);
        var (key, text) = await keys.Create("worker", [Permissions.Read], TimeProvider.System.GetUtcNow().AddSeconds(30), StoreKit.Caller, None);
        (await keys.Verify(text.Reveal(), None)).IsSuccess.ShouldBeTrue();
        time.Elapsed = TimeSpan.FromSeconds(31);
        await kit.Ask($"UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = '{key.Id}'");
        (await keys.Verify(text.Reveal(), None)).Failure!.Code.Code.ShouldBe("identity.key_invalid");
    }
}
