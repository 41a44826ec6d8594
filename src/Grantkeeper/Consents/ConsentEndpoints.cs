using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Integrations;
using Grantkeeper.Providers;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Consents;

/// <summary>Scopes, consents and features over HTTP.</summary>
internal static class ConsentEndpoints
{
    private const int MostAccounts = 1000;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.SessionApi<ScopeList>("GET", "/api/v1/oauth/scopes", Permissions.Read, "The scopes that can be asked for; with user_id also which of them that user has granted", Scopes);
        routes.Api<ConsentList>("GET", "/api/v1/oauth/consents", Permissions.Read, "Consents of a user, ended ones included; without user_id of all users, for administrators", Consents);
        routes.SessionApi<FeatureList>("GET", "/api/v1/oauth/features", Permissions.Read, "The product's features, and which of them a user has unlocked", Features);
        routes.SessionApi<FeatureEntry>("GET", "/api/v1/oauth/features/{key}", Permissions.Read, "One feature, and whether a user has unlocked it", FeatureOf);
    }

    private static async Task<IResult> Scopes(HttpContext http, ProviderCatalogue catalogue, IntegrationStore integrations, SharedTime time, string? provider, [FromQuery(Name = "user_id")] string? userId)
    {
        var known = provider is null ? null : catalogue.Find(provider);
        if (provider is not null && (known is null || !http.Caller().Reaches(known.Key)))
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.Unknown));
        ILookup<string, Integration>? mine = null;
        if (userId is not null || http.Caller().User is not null)
        {
            if (!http.Caller().UserOf(userId).TryGet(out var user, out var failure))
                return Answers.Problem(failure);
            var now = time.GetUtcNow();
            mine = (await integrations.List(new IntegrationFilter(user, known?.Key, true, null, MostAccounts), http.RequestAborted)).Where(integration => integration.IsConnectedAt(now)).ToLookup(integration => integration.Provider);
        }

        var shown = known is not null ? [known] : catalogue.Offered.Where(each => http.Caller().Reaches(each.Key));
        return Answers.Json(new ScopeList([.. shown.SelectMany(each => each.Manifest.Scopes.Select(scope => new ScopeCatalogueEntry(
            each.Key, scope.Name, scope.DisplayName, scope.Description, scope.Category, scope.Required, scope.Sensitive,
            mine is null ? null : mine[each.Key].Any(integration => integration.UsableScopes.Contains(scope.Name)))))], null));
    }

    private static async Task<IResult> Consents(
        HttpContext http, ConsentReader consents, string? cursor, string? limit, [FromQuery(Name = "user_id")] string? userId, [FromQuery(Name = "integration_id")] string? integrationId)
    {
        if (!http.Caller().UserOrAdministrator(userId).TryGet(out var user, out var failure))
            return Answers.Problem(failure);
        if (!Cursor.Read(cursor, limit).TryGet(out var page, out failure))
            return Answers.Problem(failure);
        Guid? only = Guid.TryParse(integrationId, out var id) ? id : null;
        if (integrationId is not null && only is null)
            return Answers.Problem(new Failure(ErrorCatalogue.Integrations.NotFound));
        var found = await consents.List(user, only, page.After, page.Limit + 1, http.RequestAborted);
        var counts = await consents.Count(user, http.RequestAborted);
        var shown = found.Take(page.Limit).ToList();
        return Answers.Json(new ConsentList(
            [.. shown.Select(EntryOf)], SummaryOf(counts), found.Count > page.Limit ? Cursor.Of(shown[^1].Id) : null));
    }

    internal static ConsentSummary SummaryOf(ConsentCounts counts) => new(counts.Active, counts.Expired, counts.Revoked, counts.ExpiringSoon);

    internal static ConsentEntry EntryOf(Consent consent) => new(
        consent.Id, consent.UserId, consent.IntegrationId, consent.Asked.ToArray(), consent.Granted.ToArray(), consent.GrantedAt, consent.ExpiresAt, consent.Version, consent.Actor,
        consent.IpAddress, consent.UserAgent, consent.RevokedAt, consent.RevokedReason);

    private static async Task<IResult> Features(HttpContext http, FeatureStates states, [FromQuery(Name = "user_id")] string? userId)
    {
        if (!http.Caller().UserOf(userId).TryGet(out var user, out var failure) || !(await states.List(user, http.RequestAborted)).TryGet(out var list, out failure))
            return Answers.Problem(failure);
        return Answers.Json(new FeatureList([.. list.Features.Where(feature => http.Caller().Reaches(feature.Requires.Provider))]));
    }

    private static async Task<IResult> FeatureOf(HttpContext http, FeatureStates states, string key, [FromQuery(Name = "user_id")] string? userId)
    {
        if (!http.Caller().UserOf(userId).TryGet(out var user, out var failure) || !(await states.Find(key, user, http.RequestAborted)).TryGet(out var entry, out failure))
            return Answers.Problem(failure);
        return http.Caller().Reaches(entry.Requires.Provider) ? Answers.Json(entry) : Answers.Problem(new Failure(ErrorCatalogue.Consents.FeatureUnknown));
    }
}
