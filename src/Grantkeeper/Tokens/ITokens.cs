using Grantkeeper.Audit;
using Grantkeeper.Errors;
using Grantkeeper.Identity;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;

namespace Grantkeeper.Tokens;

/// <summary>What a caller wants of a token.</summary>
public sealed record TokenOptions
{
    /// <summary>How long the token must be good for: 0 to 1 hour, 60 seconds by default.</summary>
    public TimeSpan MinTtl { get; init; } = TokenAccess.DefaultMinTtl;

    /// <summary>Scopes that the user must have granted; an assertion, nothing is narrowed. Default: none.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Which of the user's accounts; null (default) is the primary one.</summary>
    public string? AccountId { get; init; }
}

/// <summary>Fresh access tokens for code that runs in the same process.</summary>
public interface ITokens
{
    /// <summary>
    /// A fresh access token for a user's account. Failures: <c>providers.unknown</c>, <c>integrations.not_connected</c>,
    /// <c>tokens.reauthorization_required</c>, <c>tokens.provider_unavailable</c>, <c>consents.insufficient_scope</c>.
    /// </summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="userId">Whose account.</param>
    /// <param name="options">What is wanted; null for the defaults.</param>
    /// <param name="cancellation">Ends the wait; a refresh that is under way goes on.</param>
    Task<Result<TokenGrant>> Get(string provider, string userId, TokenOptions? options = null, CancellationToken cancellation = default);
}

/// <inheritdoc/>
internal sealed class Tokens(TokenAccess access, ProviderCatalogue catalogue) : ITokens
{
    private static readonly AuditSource Process = new("process", null, null, null, null);

    public async Task<Result<TokenGrant>> Get(string provider, string userId, TokenOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new TokenOptions();
        if (catalogue.Find(provider) is not { } known)
            return new Failure(ErrorCatalogue.Providers.Unknown);
        if (options.MinTtl < TimeSpan.Zero || options.MinTtl > TokenAccess.LongestMinTtl)
            return new Failure(ErrorCatalogue.Requests.Invalid, $"MinTtl must be between zero and {TokenAccess.LongestMinTtl}.");
        return UserIds.Parse(userId).TryGet(out var user, out var failure)
            ? await access.GetAt(known.Key, user, options.AccountId, options.MinTtl, ScopeSet.Of(options.Scopes), Process, cancellation)
            : failure;
    }
}
