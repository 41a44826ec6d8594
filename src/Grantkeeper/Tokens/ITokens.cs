using Grantkeeper.Audit;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Identity;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Storage;

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

/// <summary>Fresh access tokens, and what is known of tokens, for code that runs in the same process.</summary>
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

    /// <summary>What is known of all of a user's tokens, never the tokens (R122, R125). Failures: <c>identity.user_invalid</c>, <c>requests.invalid</c>.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="provider">At one provider, by its key; null (default): at all.</param>
    /// <param name="expiringWithin">Only good ones that end within this, above 0 and 365 days at most; null (default): all, ended ones too.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<Result<IReadOnlyList<TokenEntry>>> List(string userId, string? provider = null, TimeSpan? expiringWithin = null, CancellationToken cancellation = default);

    /// <summary>Counts of a user's tokens, or of everybody's (R124). Failure: <c>identity.user_invalid</c>.</summary>
    /// <param name="userId">Whose; null (default): everybody's.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<Result<TokenStatistics>> Statistics(string? userId = null, CancellationToken cancellation = default);
}

/// <inheritdoc/>
internal sealed class Tokens(TokenAccess access, TokenReader reader, ProviderCatalogue catalogue, SharedTime time) : ITokens
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

    public async Task<Result<IReadOnlyList<TokenEntry>>> List(string userId, string? provider = null, TimeSpan? expiringWithin = null, CancellationToken cancellation = default)
    {
        if (expiringWithin <= TimeSpan.Zero || expiringWithin > TokenListEndpoints.LongestSpan)
            return new Failure(ErrorCatalogue.Requests.Invalid, $"expiringWithin must be above zero, {TokenListEndpoints.LongestSpan.TotalDays:N0} days at most.");
        if (!UserIds.Parse(userId).TryGet(out var user, out var failure))
            return failure;
        var rows = await reader.List(new TokenChoice(user) { Provider = provider is null ? null : catalogue.Find(provider)?.Key ?? provider, ExpiringWithin = expiringWithin }, cancellation);
        var now = time.GetUtcNow();
        return rows.ConvertAll(row => TokenListEndpoints.EntryOf(row, now));
    }

    public async Task<Result<TokenStatistics>> Statistics(string? userId = null, CancellationToken cancellation = default)
    {
        if (userId is null)
            return await reader.Count(null, cancellation);
        return UserIds.Parse(userId).TryGet(out var user, out var failure) ? await reader.Count(user, cancellation) : failure;
    }
}
