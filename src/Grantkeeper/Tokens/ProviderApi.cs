using System.Net;
using System.Net.Http.Headers;
using Grantkeeper.Audit;
using Grantkeeper.Client;
using Grantkeeper.Egress;
using Grantkeeper.Errors;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;

namespace Grantkeeper.Tokens;

/// <summary>An API's answer, and the token that it was asked with.</summary>
/// <param name="Response">The answer, whatever its status.</param>
/// <param name="Grant">The token.</param>
/// <param name="WasRenewed">True when the first token was refused and a fresh one was tried.</param>
internal sealed record ApiCall(EgressResponse Response, TokenGrant Grant, bool WasRenewed);

/// <summary>
/// Calls an API of a provider for an integration, as a back end would: with a fresh token, and once more after a 401, which
/// is reported and forces one refresh; but where a live check reads the refusal, it is handed on as it came. The token does
/// not leave this process.
/// </summary>
internal sealed class ProviderApi(TokenAccess tokens, ITokenVault vault, IEgress egress)
{
    /// <summary>Failures: those of a token read, <c>egress.address_not_allowed</c>, <c>providers.api_unreachable</c>.</summary>
    /// <param name="row">The integration.</param>
    /// <param name="provider">Its provider.</param>
    /// <param name="endpoints">The provider's endpoints, which say whose addresses may be called.</param>
    /// <param name="make">Makes the request without its token; called once for each try.</param>
    /// <param name="limits">Time and size.</param>
    /// <param name="source">Who asks.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<Result<ApiCall>> Call(
        GrantRow row, Provider provider, ProviderEndpoints endpoints, Func<HttpRequestMessage> make, EgressLimits limits, AuditSource source, CancellationToken cancellation)
    {
        for (var wasRenewed = false; ; wasRenewed = true)
        {
            if (!(await tokens.Get(row.Integration.Id, row.Integration.UserId, TokenAccess.DefaultMinTtl, ScopeSet.Empty, source, cancellation)).TryGet(out var grant, out var failure))
                return failure;
            using var request = make();
            Authorize(request, provider.Manifest, grant);
            var outcome = await egress.Send(request, endpoints.TrustOf(request.RequestUri!), limits, cancellation);
            if (!outcome.IsAnswer)
                return new Failure(outcome.Fault == EgressFault.AddressNotAllowed ? ErrorCatalogue.Egress.AddressNotAllowed : ErrorCatalogue.Providers.ApiUnreachable);
            var isRefused = outcome.Response.Status == HttpStatusCode.Unauthorized && !wasRenewed && provider.Manifest.LiveCheck is null;
            if (isRefused && await vault.Suspect(row, grant.Generation, BearerChallenge.Of(outcome.Response.Challenges).Claims is { } claims ? ClaimsRequest.Read(claims) : null, source, cancellation))
                continue;
            return new ApiCall(outcome.Response, grant, wasRenewed);
        }
    }

    private static void Authorize(HttpRequestMessage request, ProviderManifest manifest, TokenGrant grant)
    {
        if (manifest.SendsBearer)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", grant.AccessToken.Reveal());
        else
            request.Headers.TryAddWithoutValidation("Authorization", grant.AccessToken.Reveal());
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        foreach (var (name, value) in manifest.RequestHeaders)
            request.Headers.TryAddWithoutValidation(name, value);
    }
}
