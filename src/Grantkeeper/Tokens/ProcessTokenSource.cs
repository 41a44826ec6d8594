using Grantkeeper.Audit;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Links;
using Grantkeeper.Providers;
using Grantkeeper.Storage;

namespace Grantkeeper.Tokens;

/// <summary>Tokens for <c>AddConnectedAccount</c> in an application that embeds Grantkeeper: no request, the same answers.</summary>
internal sealed class ProcessTokenSource(ITokens tokens, ITokenVault vault, ConnectLinks links) : IAccessTokenSource
{
    private static readonly AuditSource Process = new("process", null, null, null, null);

    public async Task<Answer<AccessTokenAnswer>> Get(AccountTokenRequest request, CancellationToken cancellation)
    {
        try
        {
            var wanted = new TokenOptions { MinTtl = request.MinTtl, Scopes = request.Scopes, AccountId = request.AccountId };
            return (await tokens.Get(request.Provider, request.UserId, wanted, cancellation)).TryGet(out var grant, out var failure)
                ? TokenEndpoints.AnswerOf(grant, links)
                : ProblemOf(failure);
        }
        catch (StorageUnavailableException)
        {
            return ProblemOf(new Failure(ErrorCatalogue.Storage.Unavailable));
        }
    }

    public async Task<Answer<TokenRejectedAnswer>> Reject(AccountTokenRequest request, AccessTokenAnswer token, string? claims, CancellationToken cancellation)
    {
        var challenge = claims is null ? null : ClaimsRequest.Read(claims);
        if (claims is not null && challenge is null)
            return ProblemOf(new Failure(ErrorCatalogue.Requests.Invalid));
        try
        {
            return await vault.Find(token.IntegrationId, request.UserId, cancellation) is { Tokens: not null } row
                ? new TokenRejectedAnswer(await vault.Suspect(row, token.Generation, challenge, Process, cancellation))
                : ProblemOf(new Failure(ErrorCatalogue.Integrations.NotFound));
        }
        catch (StorageUnavailableException)
        {
            return ProblemOf(new Failure(ErrorCatalogue.Storage.Unavailable));
        }
    }

    private static Problem ProblemOf(Failure failure) => new(failure.Code.Code, failure.Code.Title, $"{failure.Message} {failure.Code.Remedy}")
    {
        Status = failure.Code.Status,
        Retryable = failure.Code.Retryable,
        Reason = failure.Reason,
        ReconnectUrl = failure.ReconnectUrl,
        RetryAfter = failure.RetryAfter,
        Errors = failure.Items,
    };
}
