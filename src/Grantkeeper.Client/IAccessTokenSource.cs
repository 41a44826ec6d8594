using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <summary>Whose token, and what it must be good for.</summary>
/// <param name="Provider">The provider's key.</param>
/// <param name="UserId">Whose account.</param>
/// <param name="AccountId">Which of the user's accounts; null: the primary one.</param>
/// <param name="Scopes">Scopes that the user must have granted.</param>
/// <param name="MinTtl">How long the token must be good for.</param>
public sealed record AccountTokenRequest(string Provider, string UserId, string? AccountId, IReadOnlyList<string> Scopes, TimeSpan MinTtl);

/// <summary>
/// Where <c>AddConnectedAccount</c> gets its tokens: over HTTP (<c>AddGrantkeeperClient</c>) or from the engine in the same
/// process (<c>AddGrantkeeper</c>). Register your own to test an application without either.
/// </summary>
public interface IAccessTokenSource
{
    /// <summary>A fresh token, or why there is none.</summary>
    /// <param name="request">Whose token, and what it must be good for.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task<Answer<AccessTokenAnswer>> Get(AccountTokenRequest request, CancellationToken cancellation);

    /// <summary>Reports that the provider's API refused a token; the next <see cref="Get"/> renews it, once for a generation.</summary>
    /// <param name="request">The request that the token was for.</param>
    /// <param name="token">The refused token.</param>
    /// <param name="claims">What the API asked for in its challenge (<c>insufficient_claims</c>), as it stood there; null when it asked for nothing.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    Task<Answer<TokenRejectedAnswer>> Reject(AccountTokenRequest request, AccessTokenAnswer token, string? claims, CancellationToken cancellation);
}
