using System.Text.Json;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Providers;
using Grantkeeper.RedirectUris;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Integrations;

/// <summary>Providers, statuses, accounts and integrations over HTTP.</summary>
internal static class IntegrationEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var path in new[] { "/oauth/providers", "/api/v1/oauth/providers" })
            routes.SessionApi<ProviderList>("GET", path, Permissions.Read, "All providers; with user_id also whether that user is connected", Providers);
        routes.SessionApi<ConnectionStatus>("GET", "/oauth/{provider}/status", Permissions.Read, "Whether a user is connected at a provider", Status);
        routes.SessionApi<AccountList>("GET", "/oauth/{provider}/accounts", Permissions.Read, "A user's connected accounts at a provider", Accounts);
        routes.Api<IntegrationList>("GET", "/api/v1/oauth/integrations", Permissions.Read, "Integrations of a user; without user_id of all users, for administrators", List);
        routes.Api<IntegrationEntry>("GET", "/api/v1/oauth/integrations/{id}", Permissions.Read, "One integration", Get);
    }

    private static async Task<IResult> Providers(
        HttpContext http, ProviderCatalogue catalogue, FeatureCatalogue features, IntegrationStore integrations, GrantkeeperOptions options, SharedTime time,
        [FromQuery(Name = "user_id")] string? userId)
    {
        Dictionary<string, Integration>? byProvider = null;
        if (userId is not null || http.Caller().User is not null)
        {
            if (!http.Caller().UserOf(userId).TryGet(out var user, out var failure))
                return Answers.Problem(failure);
            var mine = await integrations.List(new IntegrationFilter(user, null, false, null, 1000), http.RequestAborted);
            byProvider = mine.Where(integration => integration.IsPrimary).ToDictionary(integration => integration.Provider, StringComparer.Ordinal);
        }

        var now = time.GetUtcNow();
        return Answers.Json(new ProviderList([.. catalogue.Offered.Where(provider => http.Caller().Reaches(provider.Key)).Select(provider => Entry(provider, features, byProvider, options, now))]));
    }

    private static ProviderEntry Entry(Provider provider, FeatureCatalogue features, Dictionary<string, Integration>? byProvider, GrantkeeperOptions options, DateTimeOffset now)
    {
        var manifest = provider.Manifest;
        var redirectUri = RedirectUriPolicy.RedirectUriOf(provider.Key, provider.Client.RedirectUri, options);
        var integration = byProvider?.GetValueOrDefault(provider.Key);
        var details = new Dictionary<string, object?>
        {
            ["redirect_uri"] = redirectUri.IsSuccess ? redirectUri.Value : null,
            ["missing"] = provider.Missing,
            ["docs_url"] = manifest.DocsUrl,
        };
        return new ProviderEntry(
            provider.Key, provider.DisplayName, provider.IsConfigured && redirectUri.IsSuccess,
            byProvider is null ? null : integration?.IsConnectedAt(now) ?? false,
            integration is null ? null : Words.Of(integration.StatusAt(now)),
            CapabilitiesOf(manifest),
            [.. manifest.Scopes.Select(scope => new ScopeEntry(scope.Name, scope.DisplayName, scope.Description, scope.Category, scope.Required, scope.Sensitive))],
            [.. features.Of(provider.Key).Select(feature => feature.Key)], details, provider.IsConfigured && redirectUri.Failure is { } failure ? new ErrorEntry(failure.Code.Code, failure.Message) : null);
    }

    internal static ProviderCapabilities CapabilitiesOf(ProviderManifest manifest) =>
        new(manifest.Refresh, manifest.RevocationEndpoint is not null || manifest.Discovery, manifest.Pkce, true, manifest.Resources.Count > 0, false, false);

    private static async Task<IResult> Status(
        HttpContext http, ProviderCatalogue catalogue, IntegrationStore integrations, GrantWarnings grantWarnings, SharedTime time, string provider,
        [FromQuery(Name = "user_id")] string? userId)
    {
        if (catalogue.Find(provider) is not { } known)
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.Unknown));
        if (!http.Caller().UserOf(userId).TryGet(out var user, out var failure))
            return Answers.Problem(failure);
        return Answers.Json(await StatusOf(known, user, integrations, grantWarnings, time, http.RequestAborted));
    }

    internal static async Task<ConnectionStatus> StatusOf(Provider known, string user, IntegrationStore integrations, GrantWarnings grantWarnings, SharedTime time, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var integration = await integrations.FindAt(known.Key, user, null, cancellation);
        var details = new Dictionary<string, object?>();
        List<string> warnings = [];
        if (integration is not null)
        {
            var (words, consentEndsAt) = await grantWarnings.Of(integration, known, now, cancellation);
            warnings = [.. Warnings(integration, now), .. words];
            if (consentEndsAt is not null)
                details["consent_ends_at"] = consentEndsAt;
            details["integration_id"] = integration.Id;
            details["status"] = Words.Of(integration.StatusAt(now));
            details["account"] = AccountOf(integration);
            details["scopes"] = integration.Scopes.ToArray();
            if (integration.UnaskedScopes.Count > 0)
                details["unasked_scopes"] = integration.UnaskedScopes.ToArray();
        }

        var needsUser = integration is not null && (integration.Reason == Reasons.ReauthorizationRequired || (integration.IsActive && integration.IsConsentOverAt(now)));
        return new ConnectionStatus(
            known.Key, known.DisplayName, user, integration?.IsConnectedAt(now) ?? false, integration?.ExpiresAt, integration?.HasRefreshToken ?? false, now,
            warnings, details,
            needsUser ? new ErrorEntry(ErrorCatalogue.Tokens.ReauthorizationRequired.Code, ErrorCatalogue.Tokens.ReauthorizationRequired.Cause) : null);
    }

    private static List<string> Warnings(Integration integration, DateTimeOffset now)
    {
        var warnings = new List<string>();
        if (integration.Status == IntegrationStatus.Pending)
            warnings.Add("unverified");
        if (integration.StatusAt(now) == IntegrationStatus.Expired)
            warnings.Add("expired");
        if (!integration.HasRefreshToken && integration.ExpiresAt is not null)
            warnings.Add("no_refresh_token");
        if (integration is { IsActive: true, HasRefreshToken: false, ExpiresAt: null })
            warnings.Add(GrantWarnings.EndsUnannounced);
        if (integration.Status == IntegrationStatus.Inactive)
            warnings.Add("inactive");
        if (integration.IsConsentOverAt(now))
            warnings.Add("consent_expired");
        if (integration.UnaskedScopes.Count > 0)
            warnings.Add("scope_escalated");
        return warnings;
    }

    private static async Task<IResult> Accounts(
        HttpContext http, ProviderCatalogue catalogue, IntegrationStore integrations, SharedTime time, string provider,
        [FromQuery(Name = "user_id")] string? userId)
    {
        if (catalogue.Find(provider) is not { } known)
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.Unknown));
        if (!http.Caller().UserOf(userId).TryGet(out var user, out var failure))
            return Answers.Problem(failure);
        return Answers.Json(await AccountsOf(known.Key, user, integrations, time, http.RequestAborted));
    }

    internal static async Task<AccountList> AccountsOf(string provider, string userId, IntegrationStore integrations, SharedTime time, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var mine = await integrations.List(new IntegrationFilter(userId, provider, false, null, 1000), cancellation);
        return new AccountList([.. mine.Where(integration => integration.Status != IntegrationStatus.Revoked).Select(integration => new ConnectedAccount(
            integration.AccountId, integration.AccountName ?? integration.AccountEmail, integration.AccountEmail, integration.ConnectedAt, integration.ExpiresAt,
            integration.IsConnectedAt(now), integration.IsPrimary, integration.Id))]);
    }

    private static async Task<IResult> List(
        HttpContext http, ProviderCatalogue catalogue, IntegrationStore integrations, SharedTime time, string? provider, string? cursor, string? limit,
        [FromQuery(Name = "user_id")] string? userId, [FromQuery(Name = "active_only")] string? activeOnly, string? status)
    {
        if (!http.Caller().UserOrAdministrator(userId).TryGet(out var user, out var failure))
            return Answers.Problem(failure);

        if (!Cursor.Read(cursor, limit).TryGet(out var page, out var faults))
            return Answers.Problem(faults);
        if (activeOnly is not (null or "true" or "false"))
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = ["active_only must be true or false"] });
        IntegrationStatus? only = Enum.GetValues<IntegrationStatus>().Where(each => Words.Of(each) == status).Select(each => (IntegrationStatus?)each).FirstOrDefault();
        if (status is not null && only is null)
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = [$"status must be one of {string.Join(", ", Enum.GetValues<IntegrationStatus>().Select(Words.Of))}"] });
        var key = provider is null ? null : catalogue.Find(provider)?.Key ?? provider;
        var filter = new IntegrationFilter(user, key, activeOnly == "true", page.After, page.Limit + 1) { Status = only };
        var found = await integrations.List(filter, http.RequestAborted);
        var now = time.GetUtcNow();
        var shown = found.Take(page.Limit).ToList();
        return Answers.Json(new IntegrationList([.. shown.Select(integration => EntryOf(integration, now))], found.Count > page.Limit ? Cursor.Of(shown[^1].Id) : null));
    }

    private static async Task<IResult> Get(HttpContext http, IntegrationStore integrations, SharedTime time, string id, [FromQuery(Name = "user_id")] string? userId)
    {
        if (!http.Caller().UserOrAny(userId).TryGet(out var user, out var failure))
            return Answers.Problem(failure);
        var integration = Guid.TryParse(id, out var guid) ? await integrations.Find(guid, user, http.RequestAborted) : null;
        return integration is null ? Answers.Problem(new Failure(ErrorCatalogue.Integrations.NotFound)) : Answers.Json(EntryOf(integration, time.GetUtcNow()));
    }

    internal static IntegrationEntry EntryOf(Integration integration, DateTimeOffset now) => new(
        integration.Id, integration.Provider, integration.UserId, Words.Of(integration.StatusAt(now)), integration.Reason, integration.ReasonDetail,
        integration.StatusAt(now) == IntegrationStatus.Active, integration.IsPrimary, AccountOf(integration), integration.Scopes.ToArray(),
        integration.CreatedAt, integration.UpdatedAt, integration.ExpiresAt, integration.LastSyncAt,
        JsonSerializer.Deserialize<Dictionary<string, object?>>(integration.Metadata)!, integration.Label);

    internal static AccountEntry AccountOf(Integration integration) =>
        new(integration.AccountId, integration.AccountName, integration.AccountEmail, integration.AccountAvatar);
}
