using Grantkeeper.Encryption;
using Grantkeeper.Failpoints;
using Grantkeeper.Outbox;
using Grantkeeper.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "models")]
public sealed class OutboxStoreTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private StoreKit _kit = null!;

    public async ValueTask InitializeAsync() => _kit = await StoreKit.New();

    public ValueTask DisposeAsync() => _kit.DisposeAsync();

    [Fact]
    public async Task An_entry_is_part_of_its_transaction_and_is_claimed_as_it_was_written()
    {
        var integration = Guid.CreateVersion7();
        var id = await _kit.Database.ForUser("u1").Transaction(db => _kit.Outbox.Add(db, "revocation", "u1", "google", integration, new Secret("payload"), false, None), None);
        await Should.ThrowAsync<InvalidTimeZoneException>(() => _kit.Database.ForUser("u1").Transaction<int>(async db =>
        {
            await _kit.Outbox.Add(db, "revocation", "u1", null, null, new Secret("never"), false, None);
            throw new InvalidTimeZoneException();
        }, None));
        var entry = (await _kit.Outbox.ClaimDue(10, None)).ShouldHaveSingleItem();
        (entry.Id, entry.Kind, entry.UserId, entry.Provider, entry.IntegrationId, entry.Payload.Reveal(), entry.Attempts).ShouldBe((id, "revocation", "u1", "google", integration, "payload", 1));
        (await _kit.Outbox.ClaimDue(10, None)).ShouldBeEmpty("it is claimed");
        await _kit.Ask("UPDATE outbox SET claimed_until = now() - interval '1 s'");
        (await _kit.Outbox.ClaimDue(10, None)).ShouldHaveSingleItem().Attempts.ShouldBe(2, "its node died");
    }

    [Fact]
    public async Task Nodes_that_claim_at_once_never_get_the_same_entry()
    {
        for (var n = 0; n < 60; n++)
            await Add();
        var claimed = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Task.Run(() => _kit.Outbox.ClaimDue(10, None))));
        claimed.SelectMany(entries => entries).Select(entry => entry.Id).Distinct().Count().ShouldBe(claimed.Sum(entries => entries.Count));
        claimed.Sum(entries => entries.Count).ShouldBe(60 - (int)(long)(await _kit.Ask("SELECT count(*) FROM outbox WHERE claimed_until IS NULL"))!);
    }

    [Fact]
    public async Task An_entry_that_another_node_works_on_is_skipped_and_not_waited_for()
    {
        var (held, free) = (await Add(), await Add());
        await using var other = new NpgsqlConnection(DatabaseUrl.ForMigration(DatabaseUrl.Parse(_kit.Db.SuperuserUrl).Value).ConnectionString);
        await other.OpenAsync();
        await using var transaction = await other.BeginTransactionAsync();
        await using var command = new NpgsqlCommand($"SELECT 1 FROM outbox WHERE id = '{held}' FOR UPDATE", other);
        await command.ExecuteNonQueryAsync();
        (await _kit.Outbox.ClaimDue(10, None)).ShouldHaveSingleItem().Id.ShouldBe(free);
    }

    [Fact]
    public async Task An_entry_that_its_writer_delivers_is_not_given_to_the_worker()
    {
        var id = await Add(claimed: true);
        (await _kit.Outbox.ClaimDue(10, None)).ShouldBeEmpty();
        var entry = (await _kit.Outbox.Claimed(id, "u1", None)).ShouldNotBeNull();
        (entry.Attempts, entry.Payload.Reveal()).ShouldBe((1, "payload"));
        (await _kit.Outbox.Claimed(id, "u2", None)).ShouldBeNull();
        await _kit.Outbox.Record(entry, new Delivered("confirmed"), None);
        (await _kit.Outbox.Claimed(id, "u1", None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_delivery_that_failed_is_tried_again_when_it_is_time()
    {
        await Add();
        var entry = (await _kit.Outbox.ClaimDue(1, None)).Single();
        await _kit.Outbox.Record(entry, new Delivered("pending", TimeSpan.FromMinutes(2)), None);
        (await _kit.Outbox.ClaimDue(1, None)).ShouldBeEmpty();
        (await _kit.Ask("SELECT next_attempt_at BETWEEN now() + interval '1 min' AND now() + interval '2 min' AND claimed_until IS NULL AND finished_at IS NULL AND payload IS NOT NULL FROM outbox")).ShouldBe(true);
        await _kit.Ask("UPDATE outbox SET next_attempt_at = now()");
        (await _kit.Outbox.ClaimDue(1, None)).ShouldHaveSingleItem().Attempts.ShouldBe(2);
    }

    [Fact]
    public async Task A_finished_entry_loses_its_payload_and_stays_finished()
    {
        await Add();
        var entry = (await _kit.Outbox.ClaimDue(1, None)).Single();
        await _kit.Outbox.Record(entry, new Delivered("confirmed"), None);
        (await _kit.Rows("SELECT payload, outcome, finished_at IS NOT NULL FROM outbox")).ShouldHaveSingleItem().ShouldBe([null, "confirmed", true]);
        await _kit.Outbox.Record(entry, new Delivered("pending", TimeSpan.Zero), None);
        (await _kit.Outbox.ClaimDue(1, None)).ShouldBeEmpty();
        (await _kit.Ask("SELECT outcome FROM outbox")).ShouldBe("confirmed");
    }

    [Fact]
    public async Task A_fault_of_ours_in_one_entry_keeps_no_other_waiting_and_is_tried_again()
    {
        var (poisoned, good) = (await Add("poison"), await Add());
        using var delivery = new OutboxDelivery(_kit.Outbox, [new Stumbling()], new NoFailpoints(), NullLogger<OutboxDelivery>.Instance);
        using var worker = new OutboxWorker(
            _kit.Outbox, delivery, new Readiness(), new() { FrontendUrl = new Uri("https://app.example"), PublicUrl = new Uri("https://app.example") }, _kit.Time, NullLogger<OutboxWorker>.Instance);
        (await worker.DeliverDue(None)).ShouldBe(2);
        (await _kit.Ask($"SELECT outcome FROM outbox WHERE id = '{good}'")).ShouldBe("confirmed");
        (await _kit.Ask($"SELECT outcome = 'pending' AND finished_at IS NULL AND payload IS NOT NULL AND next_attempt_at > now() + interval '9 min' FROM outbox WHERE id = '{poisoned}'")).ShouldBe(true);
    }

    private sealed class Stumbling : IOutboxHandler
    {
        public string Kind => "revocation";

        public Task<Delivered> Deliver(OutboxEntry entry, CancellationToken cancellation) =>
            entry.Payload.Reveal() == "poison" ? throw new InvalidTimeZoneException() : Task.FromResult(new Delivered("confirmed"));
    }

    [Fact]
    public async Task After_seven_days_an_entry_ends_as_failed()
    {
        var time = new SettableTime { Now = TimeProvider.System.GetUtcNow() };
        var outbox = new OutboxStore(_kit.Database, _kit.Box, time);
        await Add();
        time.Now += TimeSpan.FromDays(7) - TimeSpan.FromMinutes(1);
        await outbox.Record((await outbox.ClaimDue(1, None)).Single(), new Delivered("pending", TimeSpan.Zero), None);
        (await _kit.Ask("SELECT finished_at IS NULL FROM outbox")).ShouldBe(true);
        time.Now += TimeSpan.FromMinutes(2);
        await outbox.Record((await outbox.ClaimDue(1, None)).Single(), new Delivered("pending", TimeSpan.Zero), None);
        (await _kit.Rows("SELECT outcome, payload FROM outbox WHERE finished_at IS NOT NULL")).ShouldHaveSingleItem().ShouldBe(["failed", null]);
    }

    [Fact]
    public async Task A_payload_outlives_its_owners_salt_and_one_that_was_moved_is_empty()
    {
        var (first, second) = (await Add("payload-1"), await Add("payload-2"));
        await _kit.Ask("DELETE FROM owner_salts");
        (await _kit.Outbox.Claimed(first, "u1", None))!.Payload.Reveal().ShouldBe("payload-1");
        await _kit.Ask($"UPDATE outbox SET payload = (SELECT payload FROM outbox WHERE id = '{first}') WHERE id = '{second}'");
        (await _kit.Outbox.Claimed(second, "u1", None))!.Payload.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public async Task The_last_outcome_of_an_integration_is_told_to_its_user()
    {
        var integration = Guid.CreateVersion7();
        (await _kit.Outbox.LastOutcome("u1", integration, "revocation", None)).ShouldBeNull();
        await Add(integration: integration);
        (await _kit.Outbox.LastOutcome("u1", integration, "revocation", None)).ShouldBe("pending");
        await _kit.Outbox.Record((await _kit.Outbox.ClaimDue(1, None)).Single(), new Delivered("confirmed"), None);
        (await _kit.Outbox.LastOutcome("u1", integration, "revocation", None)).ShouldBe("confirmed");
        (await _kit.Outbox.LastOutcome("u2", integration, "revocation", None)).ShouldBeNull();
    }

    private Task<Guid> Add(string payload = "payload", bool claimed = false, Guid? integration = null) =>
        _kit.Database.ForUser("u1").Transaction(db => _kit.Outbox.Add(db, "revocation", "u1", "google", integration, new Secret(payload), claimed, None), None);
}
