using Grantkeeper.Audit;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Links;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Tokens;

/// <summary>Token reads for back ends, and refreshes, over HTTP.</summary>
internal static class TokenEndpoints
{
    /// <summary>How long a client may keep a token without asking again.</summary>
    private const int CacheSeconds = 60;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Api<AccessTokenAnswer>("GET", "/oauth/{provider}/token", Permissions.TokenRead, "A fresh access token for a user's account at a provider", ReadAt);
        routes.Api<AccessTokenAnswer>("GET", "/api/v1/oauth/integrations/{id}/token", Permissions.TokenRead, "A fresh access token of an integration", Read);
        routes.Api<TokenRejectedAnswer>("POST", "/api/v1/oauth/integrations/{id}/token/rejected", Permissions.TokenRead, "Reports that the provider's API refused a token", Rejected)
            .Accepts<TokenRejectedRequest>("application/json");
        routes.Api<RefreshAnswer>("POST", "/oauth/{provider}/refresh", Permissions.Refresh, "Renews a user's token now", RefreshAt).Accepts<RefreshRequest>("application/json").Limited();
        routes.Api<RefreshAnswer>("POST", "/api/v1/oauth/integrations/{id}/refresh", Permissions.Refresh, "Renews an integration's token now", Refresh).Limited();
    }

    internal static async Task<IResult> ReadAt(
        HttpContext http, TokenAccess tokens, ProviderCatalogue catalogue, ConnectLinks links, string provider, string? scopes,
        [FromQuery(Name = "user_id")] string? userId, [FromQuery(Name = "min_ttl")] string? minTtl, [FromQuery(Name = "account_id")] string? accountId)
    {
        if (catalogue.Find(provider) is not { } known)
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.Unknown));
        if (!http.Caller().UserOf(userId).TryGet(out var user, out var failure) || !MinTtl(minTtl).TryGet(out var ttl, out failure))
            return Answers.Problem(failure);
        return Answer(await tokens.GetAt(known.Key, user, accountId, ttl, ScopeSet.Parse(scopes), http.Source(), http.RequestAborted), links);
    }

    private static async Task<IResult> Read(
        HttpContext http, TokenAccess tokens, ConnectLinks links, string id, string? scopes,
        [FromQuery(Name = "user_id")] string? userId, [FromQuery(Name = "min_ttl")] string? minTtl)
    {
        if (!http.Caller().UserOrAny(userId).TryGet(out var user, out var unusable))
            return Answers.Problem(unusable);
        if (!MinTtl(minTtl).TryGet(out var ttl, out var failure))
            return Answers.Problem(failure);
        return Guid.TryParse(id, out var guid)
            ? Answer(await tokens.Get(guid, user, ttl, ScopeSet.Parse(scopes), http.Source(), http.RequestAborted), links)
            : Answers.Problem(new Failure(ErrorCatalogue.Integrations.NotFound));
    }

    private static async Task<IResult> Rejected(HttpContext http, ITokenVault vault, string id, [FromQuery(Name = "user_id")] string? userId)
    {
        if (!(await http.Body<TokenRejectedRequest>()).TryGet(out var body, out var failure))
            return Answers.Problem(failure);
        if (!http.Caller().UserOrAny(userId).TryGet(out var user, out var unusable))
            return Answers.Problem(unusable);
        if (body.Generation is not { } generation)
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = ["generation is required"] });
        var claims = body.Claims is { Length: > 0 } challenge ? ClaimsRequest.Read(challenge) : null;
        if (body.Claims is { Length: > 0 } && claims is null)
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = [$"claims must be the claims of the API's challenge: a JSON object with access_token alone, in base64 or as it is, of {ClaimsRequest.Longest} characters at most"] });
        if (!Guid.TryParse(id, out var guid) || await vault.Find(guid, user, http.RequestAborted) is not { Tokens: not null } row)
            return Answers.Problem(new Failure(ErrorCatalogue.Integrations.NotFound));
        return Answers.Json(new TokenRejectedAnswer(await vault.Suspect(row, generation, claims, http.Source(), http.RequestAborted)));
    }

    private static async Task<IResult> RefreshAt(HttpContext http, TokenAccess tokens, TokenVault vault, ProviderCatalogue catalogue, string provider)
    {
        if (catalogue.Find(provider) is not { } known)
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.Unknown));
        if (!(await http.Body<RefreshRequest>()).TryGet(out var body, out var failure) || !http.Caller().UserOf(body.UserId).TryGet(out var user, out failure))
            return Answers.Problem(failure);
        if (await http.Limited(LimitedOperation.Refresh, user) is { } limited)
            return Answers.Problem(limited);
        return Answer(await RefreshedAt(known, user, body.AccountId, tokens, vault, http.Source(), http.RequestAborted));
    }

    private static async Task<IResult> Refresh(HttpContext http, TokenAccess tokens, TokenVault vault, string id, [FromQuery(Name = "user_id")] string? userId)
    {
        if (!http.Caller().UserOrAny(userId).TryGet(out var user, out var unusable))
            return Answers.Problem(unusable);
        if (!Guid.TryParse(id, out var guid) || await vault.Find(guid, user, http.RequestAborted) is not { } row)
            return Answers.Problem(new Failure(ErrorCatalogue.Integrations.NotFound));
        return await http.Limited(LimitedOperation.Refresh, row.Integration.UserId) is { } limited
            ? Answers.Problem(limited)
            : Answer(await Refreshed(row, tokens, http.Source(), http.RequestAborted));
    }

    /// <summary>Renews the named account's token, or the primary one's.</summary>
    internal static async Task<Result<RefreshAnswer>> RefreshedAt(
        Provider known, string user, string? accountId, TokenAccess tokens, TokenVault vault, AuditSource source, CancellationToken cancellation) =>
        await vault.FindAt(known.Key, user, accountId, cancellation) is { } row
            ? await Refreshed(row, tokens, source, cancellation)
            : new Failure(ErrorCatalogue.Integrations.NotConnected);

    private static async Task<Result<RefreshAnswer>> Refreshed(GrantRow row, TokenAccess tokens, AuditSource source, CancellationToken cancellation)
    {
        var wasUsable = row.Integration.IsActive;
        if ((await tokens.Refresh(row, source, cancellation)).TryGet(out var newer, out var failure))
            return new RefreshAnswer(true, row.Integration.Provider, newer.Tokens!.LastRefreshedAt, newer.Tokens.ExpiresAt, null);
        // The provider was asked and refused: the operation ran. Everything else could not be tried.
        var ran = wasUsable && (failure.Code == ErrorCatalogue.Tokens.ReauthorizationRequired || failure.Code == ErrorCatalogue.Providers.ClientRejected);
        return ran
            ? new RefreshAnswer(false, row.Integration.Provider, null, row.Tokens?.ExpiresAt, new ErrorEntry(failure.Code.Code, failure.Message))
            : failure;
    }

    private static IResult Answer(Result<RefreshAnswer> result) => result.TryGet(out var answer, out var failure) ? Answers.Json(answer) : Answers.Problem(failure);

    private static IResult Answer(Result<TokenGrant> result, ConnectLinks links) =>
        result.TryGet(out var grant, out var failure) ? Answers.Json(AnswerOf(grant, links)) : Answers.Problem(failure);

    internal static AccessTokenAnswer AnswerOf(TokenGrant grant, ConnectLinks links) => new()
    {
        AccessToken = grant.AccessToken.Reveal(),
        TokenType = "Bearer",
        ExpiresAt = grant.ExpiresAt,
        Scopes = grant.Scopes,
        IntegrationId = grant.IntegrationId,
        Generation = grant.Generation,
        CacheSeconds = CacheSeconds,
        Warning = grant.Warning,
        ReconnectUrl = links.Reconnect(grant.IntegrationId),
    };

    /// <summary>Reads <c>min_ttl</c>, whole seconds. Failure: <c>requests.invalid</c>.</summary>
    internal static Result<TimeSpan> MinTtl(string? text)
    {
        if (text is null)
            return TokenAccess.DefaultMinTtl;
        return int.TryParse(text, out var seconds) && seconds >= 0 && seconds <= TokenAccess.LongestMinTtl.TotalSeconds
            ? TimeSpan.FromSeconds(seconds)
            : new Failure(ErrorCatalogue.Requests.Invalid) { Items = [$"min_ttl must be whole seconds from 0 to {TokenAccess.LongestMinTtl.TotalSeconds}"] };
    }
}
