using System.Globalization;
using System.Runtime.CompilerServices;
using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <content>Fresh access tokens, and what is known of tokens.</content>
public sealed partial class GrantkeeperClient
{
    /// <summary>A fresh access token for a user's account. Permission <c>oauth:token:read</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="userId">Whose account.</param>
    /// <param name="requirements">What is wanted; null for the defaults.</param>
    /// <param name="cancellation">Gives up waiting; a refresh that is under way goes on.</param>
    public Task<Answer<AccessTokenAnswer>> GetToken(string provider, string userId, TokenRequirements? requirements = null, CancellationToken cancellation = default) =>
        Get<AccessTokenAnswer>(At(
            $"oauth/{Segment(provider)}/token", ("user_id", userId), ("account_id", requirements?.AccountId), ("min_ttl", Seconds(requirements)), ("scopes", Words(requirements?.Scopes))), cancellation);

    /// <summary>A fresh access token of an integration. Permission <c>oauth:token:read</c>.</summary>
    /// <param name="integrationId">The integration.</param>
    /// <param name="userId">When given, an integration of somebody else answers as an unknown one.</param>
    /// <param name="requirements">What is wanted; null for the defaults. The account is the integration's.</param>
    /// <param name="cancellation">Gives up waiting; a refresh that is under way goes on.</param>
    public Task<Answer<AccessTokenAnswer>> GetToken(Guid integrationId, string? userId = null, TokenRequirements? requirements = null, CancellationToken cancellation = default) =>
        Get<AccessTokenAnswer>(At(
            $"api/v1/oauth/integrations/{integrationId}/token", ("user_id", userId), ("min_ttl", Seconds(requirements)), ("scopes", Words(requirements?.Scopes))), cancellation);

    /// <summary>Reports that the provider's API refused a token; the next read renews it. Honoured once per generation. Permission <c>oauth:token:read</c>.</summary>
    /// <param name="integrationId">The integration that the token came from.</param>
    /// <param name="generation">The token's generation.</param>
    /// <param name="userId">When given, an integration of somebody else answers as an unknown one.</param>
    /// <param name="claims">The claims of the API's challenge (<c>insufficient_claims</c>), as they stood there: the next token is asked for with them.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<TokenRejectedAnswer>> ReportRejected(Guid integrationId, long generation, string? userId = null, string? claims = null, CancellationToken cancellation = default) =>
        Post<TokenRejectedAnswer>(At($"api/v1/oauth/integrations/{integrationId}/token/rejected", ("user_id", userId)), new TokenRejectedRequest(generation, claims), cancellation);

    /// <summary>Renews a user's token now, whatever its age. A refusal by the provider is an answer with <c>Success</c> false. Permission <c>oauth:refresh</c>.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="userId">Whose account.</param>
    /// <param name="accountId">Which of the user's accounts; null: the primary one.</param>
    /// <param name="cancellation">Gives up waiting; the refresh goes on.</param>
    public Task<Answer<RefreshAnswer>> Refresh(string provider, string userId, string? accountId = null, CancellationToken cancellation = default) =>
        Post<RefreshAnswer>($"oauth/{Segment(provider)}/refresh", new RefreshRequest(userId, accountId), cancellation);

    /// <summary>Renews an integration's token now, whatever its age. A refusal by the provider is an answer with <c>Success</c> false. Permission <c>oauth:refresh</c>.</summary>
    /// <param name="integrationId">The integration.</param>
    /// <param name="userId">When given, an integration of somebody else answers as an unknown one.</param>
    /// <param name="cancellation">Gives up waiting; the refresh goes on.</param>
    public Task<Answer<RefreshAnswer>> Refresh(Guid integrationId, string? userId = null, CancellationToken cancellation = default) =>
        Post<RefreshAnswer>(At($"api/v1/oauth/integrations/{integrationId}/refresh", ("user_id", userId)), new object(), cancellation);

    /// <summary>A page of what is known of tokens, never the tokens. Permission <c>oauth:read</c>, without a user <c>oauth:admin</c> too.</summary>
    /// <param name="filter">Which; null: all.</param>
    /// <param name="cursor">The page before's <c>NextCursor</c>; null for the first.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<TokenList>> ListTokens(TokenFilter? filter = null, string? cursor = null, CancellationToken cancellation = default) => Get<TokenList>(At(
        "api/v1/oauth/tokens", ("user_id", filter?.UserId), ("provider", filter?.Provider),
        ("expiring_within_hours", filter?.ExpiringWithin is { } span ? ((decimal)span.Ticks / TimeSpan.TicksPerHour).ToString(CultureInfo.InvariantCulture) : null),
        ("cursor", cursor), ("limit", filter?.PageSize?.ToString(CultureInfo.InvariantCulture))), cancellation);

    /// <summary>What is known of tokens, page after page. A refusal is the last answer. Permission as <see cref="ListTokens"/>.</summary>
    /// <param name="filter">Which; null: all.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async IAsyncEnumerable<Answer<TokenEntry>> AllTokens(TokenFilter? filter = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        string? cursor = null;
        do
        {
            if (!(await ListTokens(filter, cursor, cancellation)).TryGet(out var page, out var problem))
            {
                yield return problem;
                yield break;
            }

            foreach (var entry in page.Tokens)
                yield return entry;
            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    /// <summary>Counts of a user's tokens. Permission <c>oauth:read</c>, without a user <c>oauth:admin</c> too.</summary>
    /// <param name="userId">Whose; null: everybody's.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<TokenStatistics>> GetTokenStatistics(string? userId = null, CancellationToken cancellation = default) =>
        Get<TokenStatistics>(At("api/v1/oauth/tokens/statistics", ("user_id", userId)), cancellation);

    private static string? Seconds(TokenRequirements? requirements) => requirements?.MinTtl is { } minTtl ? ((long)Math.Ceiling(minTtl.TotalSeconds)).ToString(CultureInfo.InvariantCulture) : null;
}
