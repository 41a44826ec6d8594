using Grantkeeper.Audit;
using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.Lifecycle;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;

namespace Grantkeeper.Onboarding;

/// <summary>A platform at which a user has an account: usable, or why not.</summary>
/// <param name="Provider">The platform.</param>
/// <param name="Integration">The user's primary account there.</param>
/// <param name="Failure">Null when it is usable.</param>
internal sealed record PlatformStanding(Provider Provider, Integration Integration, Failure? Failure);

/// <summary>
/// Which platforms count for a user (C15): those of the setting whose status says connected, and whose token is good or can be
/// renewed now. Like the status, it looks at the primary account.
/// </summary>
internal sealed class Platforms(
    GrantkeeperOptions options, ProviderCatalogue catalogue, IntegrationStore integrations, ITokenVault vault, TokenAccess tokens, IntegrationSync sync, EndpointDiscovery discovery, SharedTime time)
{
    /// <summary>By what is known here; the provider is asked only for a token that has ended.</summary>
    public Task<IReadOnlyList<PlatformStanding>> Known(string userId, AuditSource source, CancellationToken cancellation) => Each(userId, (_, integration) => Renewed(integration, source, cancellation), cancellation);

    /// <summary>By what the platforms themselves say now.</summary>
    public Task<IReadOnlyList<PlatformStanding>> Live(string userId, AuditSource source, CancellationToken cancellation) => Each(userId, (provider, integration) => Asked(provider, integration, source, cancellation), cancellation);

    private async Task<IReadOnlyList<PlatformStanding>> Each(string userId, Func<Provider, Integration, Task<Failure?>> check, CancellationToken cancellation)
    {
        var allowed = options.Onboarding.Platforms.Select(catalogue.Find).OfType<Provider>().DistinctBy(provider => provider.Key);
        var standings = await Task.WhenAll(allowed.Select(async provider =>
            await integrations.FindAt(provider.Key, userId, null, cancellation) is { } integration && integration.IsConnectedAt(time.GetUtcNow())
                ? new PlatformStanding(provider, integration, await check(provider, integration)) : null));
        return [.. standings.OfType<PlatformStanding>()];
    }

    private async Task<Failure?> Renewed(Integration integration, AuditSource source, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (!Expiry.IsPast(integration.ExpiresAt, now))
            return null;
        if (await vault.Find(integration.Id, integration.UserId, cancellation) is not { Tokens: not null } row)
            return new Failure(ErrorCatalogue.Integrations.NotConnected);
        if (!Expiry.IsPast(row.Tokens.ExpiresAt, now))
            return null;
        // After failures a provider is left alone until it is due again, whoever asks.
        if (row.Tokens.FailureCount > 0 && row.Tokens.NextRefreshAt > now)
            return new Failure(ErrorCatalogue.Tokens.ProviderUnavailable) { RetryAfter = row.Tokens.NextRefreshAt - now };
        return (await tokens.Refresh(row, source, cancellation)).Failure;
    }

    /// <summary>Calls the account endpoint; without one a renewal is the only question that a platform answers.</summary>
    private async Task<Failure?> Asked(Provider provider, Integration integration, AuditSource source, CancellationToken cancellation)
    {
        if (!(await discovery.Of(provider)).TryGet(out var endpoints, out var failure))
            return failure;
        var hasEndpoint = endpoints.Userinfo is not null && provider.Manifest.Account.Source is not (AccountSource.TokenResponse or AccountSource.None);
        if (!hasEndpoint && integration.HasRefreshToken && await vault.Find(integration.Id, integration.UserId, cancellation) is { } row)
            return (await tokens.Refresh(row, source, cancellation)).Failure;
        return (await sync.One(integration.Id, integration.UserId, source, cancellation)).TryGet(out var outcome, out failure) ? outcome.Failure : failure;
    }
}
