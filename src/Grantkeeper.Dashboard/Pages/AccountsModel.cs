using Grantkeeper.Integrations;
using Grantkeeper.Providers;
using Grantkeeper.RedirectUris;
using Grantkeeper.Settings;

namespace Grantkeeper.Dashboard.Pages;

/// <summary>What the accounts page shows for one user.</summary>
public sealed record AccountsModel(
    string UserId, string? Notice, IReadOnlyList<AccountCard> Accounts, IReadOnlyList<ProviderChoice> Connectable, IReadOnlyList<UnconfiguredProvider> Unconfigured)
{
    internal static AccountsModel Of(string userId, string? notice, IEnumerable<Integration> integrations, ProviderCatalogue catalogue, GrantkeeperOptions options, DateTimeOffset now)
    {
        var offered = catalogue.Offered.ToList();
        return new AccountsModel(
            userId, notice,
            [.. integrations.Where(integration => integration.Status != IntegrationStatus.Revoked).Select(integration => AccountCard.Of(integration, catalogue, options, now))],
            [.. offered.Where(provider => provider.IsConfigured).Select(provider => new ProviderChoice(provider.Key, provider.DisplayName))],
            [.. offered.Where(provider => !provider.IsConfigured).Select(provider => UnconfiguredProvider.Of(provider, options))]);
    }
}

/// <summary>One connected account.</summary>
public sealed record AccountCard(
    Guid IntegrationId, string Provider, string Name, string Line, string Status, bool Usable, string Freshness, IReadOnlyList<string> Scopes, string Curl)
{
    internal static AccountCard Of(Integration integration, ProviderCatalogue catalogue, GrantkeeperOptions options, DateTimeOffset now)
    {
        var providerName = catalogue.Find(integration.Provider)?.DisplayName ?? integration.Provider;
        return new AccountCard(
            integration.Id, integration.Provider,
            integration.AccountName ?? integration.AccountEmail ?? integration.AccountId ?? "Account",
            integration.AccountEmail is null ? providerName : $"{providerName} · {integration.AccountEmail}",
            Words.Of(integration.StatusAt(now)), integration.IsConnectedAt(now), FreshnessOf(integration, now), integration.Scopes.ToArray(), CurlOf(integration, options));
    }

    private static string CurlOf(Integration integration, GrantkeeperOptions options)
    {
        var key = options.Environment == DeployEnvironment.Development ? "$(cat .grantkeeper/api-key)" : "$GRANTKEEPER_API_KEY";
        var address = $"{options.PublicUrl.GetLeftPart(UriPartial.Authority)}/oauth/{integration.Provider}/token?user_id={Uri.EscapeDataString(integration.UserId)}";
        return $"curl -s -H \"Authorization: Bearer {key}\" \"{address}\"";
    }

    private static string FreshnessOf(Integration integration, DateTimeOffset now)
    {
        if (!integration.IsConnectedAt(now))
            return integration.ReasonDetail is null ? "Needs its user again." : $"Needs its user again ({integration.ReasonDetail}).";
        if (integration.ExpiresAt is not { } end)
            return "The provider states no end.";
        var left = end > now ? $"Fresh for {Left(end - now)}" : "Expired";
        return integration.HasRefreshToken ? $"{left}, refreshes itself." : $"{left}, and nothing to refresh it with.";
    }

    private static string Left(TimeSpan time) => time.TotalHours >= 2 ? $"{(int)time.TotalHours} hours" : time.TotalMinutes >= 2 ? $"{(int)time.TotalMinutes} min" : $"{(int)time.TotalSeconds} s";
}

/// <summary>One provider that can be connected now.</summary>
public sealed record ProviderChoice(string Key, string DisplayName);

/// <summary>One provider that waits for its client registration.</summary>
public sealed record UnconfiguredProvider(string DisplayName, string? DocsUrl, string RedirectUri, IReadOnlyList<string> Missing)
{
    internal static UnconfiguredProvider Of(Provider provider, GrantkeeperOptions options)
    {
        var redirectUri = RedirectUriPolicy.RedirectUriOf(provider.Key, provider.Client.RedirectUri, options);
        return new UnconfiguredProvider(provider.DisplayName, provider.Manifest.DocsUrl, redirectUri.IsSuccess ? redirectUri.Value : redirectUri.Failure.Message, provider.Missing);
    }
}

/// <summary>One operation of the API, for people.</summary>
public sealed record Operation(string Method, string Path, string Summary, string? Permission);
