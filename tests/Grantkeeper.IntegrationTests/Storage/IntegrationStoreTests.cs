using Grantkeeper.Integrations;

namespace Grantkeeper.IntegrationTests.Storage;

[Trait("category", "manager")]
public sealed class IntegrationStoreTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private StoreKit _kit = null!;

    public async ValueTask InitializeAsync() => _kit = await StoreKit.New();

    public ValueTask DisposeAsync() => _kit.DisposeAsync();

    [Fact]
    public async Task An_integration_is_found_by_id_for_its_user_and_for_a_service_key()
    {
        var row = await _kit.Connect();
        var id = row.Integration.Id;
        foreach (var found in (Integration?[])[await _kit.Integrations.Find(id, "u1", None), await _kit.Integrations.Find(id, null, None), await _kit.Integrations.FindAt("google", "u1", null, None)])
        {
            var integration = found.ShouldNotBeNull();
            (integration.Id, integration.AccountEmail, integration.AccountName, integration.HasRefreshToken, integration.Status).ShouldBe((id, "user@example.test", "User", true, IntegrationStatus.Active));
            integration.ConnectedAt.ShouldNotBeNull();
            integration.CreatedAt.Offset.ShouldBe(TimeSpan.Zero);
            integration.ExpiresAt.ShouldNotBeNull();
        }

        (await _kit.Integrations.Find(id, "u2", None)).ShouldBeNull("a foreign id is as an unknown one");
        (await _kit.Integrations.Find(Guid.CreateVersion7(), "u1", None)).ShouldBeNull();
        (await _kit.Integrations.FindAt("google", "u2", "acc-1", None)).ShouldBeNull();
    }

    [Fact]
    public async Task A_list_is_narrowed_by_user_provider_and_activity()
    {
        await _kit.Connect("u1", "google", "a");
        await _kit.Connect("u1", "google", "b");
        await _kit.Connect("u1", "microsoft", "a");
        await _kit.Connect("u2", "google", "a");
        await _kit.Ask("UPDATE oauth_integrations SET status = 'error' WHERE user_id = 'u1' AND provider_account_id = 'b'");
        await _kit.Ask("UPDATE oauth_integrations SET status = 'pending' WHERE provider = 'microsoft'");

        (await Names(new(null, null, false, null, 10))).ShouldBe(["u1 google a", "u1 google b", "u1 microsoft a", "u2 google a"]);
        (await Names(new("u1", null, false, null, 10))).ShouldBe(["u1 google a", "u1 google b", "u1 microsoft a"]);
        (await Names(new("u1", "google", false, null, 10))).ShouldBe(["u1 google a", "u1 google b"]);
        (await Names(new("u1", null, true, null, 10))).ShouldBe(["u1 google a", "u1 microsoft a"]);
        (await Names(new(null, "google", true, null, 10))).ShouldBe(["u1 google a", "u2 google a"]);
        (await Names(new("u3", null, false, null, 10))).ShouldBeEmpty();
    }

    [Fact]
    public async Task Pages_are_in_the_order_of_ids_without_gap_or_repetition_also_while_rows_are_added()
    {
        for (var n = 0; n < 7; n++)
            await _kit.Connect("u1", account: $"acc-{n}");
        var seen = new List<Integration>();
        Guid? after = null;
        for (var page = 0; page < 3; page++)
        {
            var rows = await _kit.Integrations.List(new IntegrationFilter("u1", null, false, after, 3), None);
            rows.Count.ShouldBe(3);
            seen.AddRange(rows);
            after = rows[^1].Id;
            if (page == 0)
            {
                await _kit.Connect("u1", account: "acc-7");
                await _kit.Connect("u1", account: "acc-8");
            }
        }

        (await _kit.Integrations.List(new IntegrationFilter("u1", null, false, after, 3), None)).ShouldBeEmpty();
        seen.Select(integration => integration.AccountId).ShouldBe(Enumerable.Range(0, 9).Select(n => $"acc-{n}"));
    }

    [Fact]
    public async Task An_integration_without_tokens_is_shown_without_an_end()
    {
        await _kit.Connect();
        await _kit.Ask("DELETE FROM oauth_tokens");
        var integration = (await _kit.Integrations.FindAt("google", "u1", null, None)).ShouldNotBeNull();
        (integration.ExpiresAt, integration.HasRefreshToken).ShouldBe((null, false));
        (await _kit.Vault.FindAt("google", "u1", null, None)).ShouldNotBeNull().Tokens.ShouldBeNull();
    }

    private async Task<string[]> Names(IntegrationFilter filter) =>
        [.. (await _kit.Integrations.List(filter, None)).Select(integration => $"{integration.UserId} {integration.Provider} {integration.AccountId}").Order()];
}
