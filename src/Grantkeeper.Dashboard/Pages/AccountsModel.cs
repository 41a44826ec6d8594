using Grantkeeper.Integrations;
using Grantkeeper.Providers;
using Grantkeeper.RedirectUris;
using Grantkeeper.Settings;

namespace Grantkeeper.Dashboard.Pages;

/// <summary>What the accounts page shows for one user.</summary>
public sealed record AccountsModel(
    string UserId, Notice? Notice, IReadOnlyList<AccountCard> Accounts, IReadOnlyList<ProviderChoice> Connectable, IReadOnlyList<UnconfiguredProvider> Unconfigured, string? ConnectTarget)
{
    internal static AccountsModel Of(
        string userId, Notice? notice, IEnumerable<Integration> integrations, ProviderCatalogue catalogue, GrantkeeperOptions options, ApiKeySource key, DateTimeOffset now)
    {
        var offered = catalogue.Offered.ToList();
        return new AccountsModel(
            userId, notice,
            [.. integrations.Where(integration => integration.Status != IntegrationStatus.Revoked).Select(integration => AccountCard.Of(integration, catalogue, options, key, now))],
            [.. offered.Where(provider => provider.IsConfigured).OrderBy(provider => provider.Manifest.Verification == Verification.Simulated ? 0 : 1).Select(ProviderChoice.Of)],
            [.. offered.Where(provider => !provider.IsConfigured).Select(provider => UnconfiguredProvider.Of(provider, options))],
            OwnPages.AreReturnedTo(options) ? null : "_blank");
    }
}

/// <summary>What became of the operator's last step.</summary>
public sealed record Notice(string Text, bool IsGood);

/// <summary>One connected account.</summary>
public sealed record AccountCard(
    Guid IntegrationId, string Provider, string Name, string Line, string Status, bool Usable, bool MayConnect, string Freshness, IReadOnlyList<string> Scopes, string Curl)
{
    internal static AccountCard Of(Integration integration, ProviderCatalogue catalogue, GrantkeeperOptions options, ApiKeySource key, DateTimeOffset now)
    {
        var provider = catalogue.Find(integration.Provider);
        var providerName = provider?.DisplayName ?? integration.Provider;
        return new AccountCard(
            integration.Id, integration.Provider,
            integration.AccountName ?? integration.AccountEmail ?? integration.AccountId ?? "Account",
            integration.AccountEmail is null ? providerName : $"{providerName} · {integration.AccountEmail}",
            StatusOf(integration.StatusAt(now)), integration.IsConnectedAt(now), provider is { IsConfigured: true },
            FreshnessOf(integration, now), integration.Scopes.ToArray(), CurlOf(integration, options, key));
    }

    private static string CurlOf(Integration integration, GrantkeeperOptions options, ApiKeySource key)
    {
        var origin = options.PublicUrl.GetLeftPart(UriPartial.Authority);
        // Only the primary account answers to provider and user; the id names any.
        var address = integration.IsPrimary
            ? $"{origin}/oauth/{integration.Provider}/token?user_id={Uri.EscapeDataString(integration.UserId)}"
            : $"{origin}/api/v1/oauth/integrations/{integration.Id}/token";
        return $"curl -s -H \"Authorization: Bearer {key.InShell}\" \"{address}\"";
    }

    private static string StatusOf(IntegrationStatus status) => status switch
    {
        IntegrationStatus.Active => "Active",
        IntegrationStatus.Pending => "Not tried yet",
        IntegrationStatus.Expired => "Expired",
        IntegrationStatus.Inactive => "Switched off",
        _ => "Needs its user",
    };

    private static string FreshnessOf(Integration integration, DateTimeOffset now)
    {
        if (!integration.IsConnectedAt(now))
        {
            return integration.ReasonDetail switch
            {
                Reasons.InvalidGrant => "The provider no longer accepts this grant: it was withdrawn there, or it has ended.",
                Reasons.AmbiguousRefresh => "A refresh was cut off on its way, and the provider no longer accepts the old token.",
                Reasons.AccountChanged => "The grant now belongs to another account at the provider.",
                _ when integration.Status == IntegrationStatus.Inactive => "No token is handed out while it is switched off.",
                _ => "Its access token has ended, and the provider gave nothing to renew it with.",
            };
        }

        if (integration.ExpiresAt is not { } end)
            return "Its access token has no stated end.";
        return (end > now, integration.HasRefreshToken) switch
        {
            (true, true) => $"Its access token is good for {Left(end - now)} and is renewed by itself.",
            (true, false) => $"Its access token is good for {Left(end - now)}; the provider gave nothing to renew it with.",
            _ => "Its access token has ended and is renewed at the next read.",
        };
    }

    private static string Left(TimeSpan time) => time.TotalDays >= 2 ? $"{(int)time.TotalDays} days"
        : time.TotalHours >= 2 ? $"{(int)time.TotalHours} hours"
        : time.TotalMinutes >= 2 ? $"{(int)time.TotalMinutes} minutes"
        : $"{Math.Max(1, (int)time.TotalSeconds)} seconds";
}

/// <summary>One provider that can be connected now.</summary>
public sealed record ProviderChoice(string Key, string DisplayName, string? Note)
{
    internal static ProviderChoice Of(Provider provider) => new(
        provider.Key, provider.DisplayName, provider.Key == "sandbox" ? "simulated, no real account is touched" : null);
}

/// <summary>One provider that waits for its client registration.</summary>
public sealed record UnconfiguredProvider(string DisplayName, string? DocsUrl, string? RedirectUri, string? RedirectUriFault, IReadOnlyList<string> Missing)
{
    internal static UnconfiguredProvider Of(Provider provider, GrantkeeperOptions options)
    {
        var redirectUri = RedirectUriPolicy.RedirectUriOf(provider.Key, provider.Client.RedirectUri, options);
        return new UnconfiguredProvider(
            provider.DisplayName, provider.Manifest.DocsUrl,
            redirectUri.IsSuccess ? redirectUri.Value : null, redirectUri.IsSuccess ? null : $"{redirectUri.Failure.Message} {redirectUri.Failure.Code.Remedy}",
            provider.Missing);
    }
}
