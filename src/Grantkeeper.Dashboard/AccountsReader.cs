using Grantkeeper.Administration;
using Grantkeeper.Consents;
using Grantkeeper.Dashboard.Pages;
using Grantkeeper.Http;
using Grantkeeper.Integrations;
using Grantkeeper.Monitoring;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Storage;

namespace Grantkeeper.Dashboard;

/// <summary>Puts together what the accounts page shows of one user: four small reads, whatever the number of accounts.</summary>
internal sealed class AccountsReader(
    IntegrationStore integrations, Summaries summaries, ConsentReader consents, Timelines timelines, ProviderCatalogue catalogue, SandboxControls sandbox, GrantkeeperOptions options, ApiKeySource key, SharedTime time)
{
    public async Task<AccountsModel> Read(string userId, Notice? notice, (Guid Id, RunAnswer Answer)? ran, CancellationToken cancellation)
    {
        var mine = await integrations.List(new IntegrationFilter(userId, null, false, null, Cursor.MaxLimit), cancellation);
        var given = await consents.Live(userId, cancellation);
        var failing = await timelines.Failing(userId, cancellation);
        var offered = catalogue.Offered.ToList();
        var live = mine.Where(integration => integration.Status != IntegrationStatus.Revoked).ToList();
        var connected = live.Select(integration => integration.Provider).ToHashSet(StringComparer.Ordinal);
        var now = time.GetUtcNow();
        return new AccountsModel(
            userId, notice, AccountsModel.SentenceOf(await summaries.Of(userId, cancellation)),
            [.. live.Select(integration => AccountCard.Of(
                integration, catalogue.Find(integration.Provider), given.GetValueOrDefault(integration.Id),
                failing.TryGetValue(integration.Id, out var trouble) ? trouble : null, sandbox.Reach(integration), ran is { } run && run.Id == integration.Id ? run.Answer : null, options, key, now))],
            [.. mine.Where(integration => integration.Status == IntegrationStatus.Revoked).Select(integration => new DisconnectedAccount(
                integration.Id, integration.AccountName ?? integration.AccountEmail ?? integration.AccountId ?? "Account", catalogue.Find(integration.Provider)?.DisplayName ?? integration.Provider))],
            [.. offered.Where(provider => provider.IsConfigured).OrderBy(provider => provider.Key == "sandbox" ? 0 : 1).Select(provider => ProviderChoice.Of(provider, connected.Contains(provider.Key)))],
            offered.Any(provider => !provider.IsConfigured), OwnPages.ConnectTarget(options));
    }
}
