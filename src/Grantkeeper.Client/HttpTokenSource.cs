using Grantkeeper.Client.Contracts;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.Client;

/// <summary>Tokens from a Grantkeeper server.</summary>
internal sealed class HttpTokenSource(IHttpClientFactory http) : IAccessTokenSource
{
    public Task<Answer<AccessTokenAnswer>> Get(AccountTokenRequest request, CancellationToken cancellation) => Client().GetToken(
        request.Provider, request.UserId, new TokenRequirements { MinTtl = request.MinTtl, Scopes = request.Scopes, AccountId = request.AccountId }, cancellation);

    public Task<Answer<TokenRejectedAnswer>> Reject(AccountTokenRequest request, AccessTokenAnswer token, string? claims, CancellationToken cancellation) =>
        Client().ReportRejected(token.IntegrationId, token.Generation, request.UserId, claims, cancellation);

    // Made for each call, as the factory asks for; the connections are the factory's.
    private GrantkeeperClient Client() => new(http.CreateClient(GrantkeeperClientServiceCollectionExtensions.HttpClientName));
}
