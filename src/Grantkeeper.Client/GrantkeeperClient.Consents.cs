using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <content>Scopes, consents and features.</content>
public sealed partial class GrantkeeperClient
{
    /// <summary>The scopes that can be asked for. Permission <c>oauth:read</c>.</summary>
    /// <param name="provider">At one provider; null: at all.</param>
    /// <param name="userId">Whose grants are shown with them; null: nobody's.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ScopeList>> ListScopes(string? provider = null, string? userId = null, CancellationToken cancellation = default) =>
        Get<ScopeList>(At("api/v1/oauth/scopes", ("provider", provider), ("user_id", userId)), cancellation);

    /// <summary>A page of consents, oldest first. Permission <c>oauth:read</c>, without a user <c>oauth:admin</c> too.</summary>
    /// <param name="userId">Whose; null: everybody's.</param>
    /// <param name="integrationId">Of one integration; null: of all.</param>
    /// <param name="cursor">The page before's <c>NextCursor</c>; null for the first.</param>
    /// <param name="pageSize">The most entries, 1 to 200; null: 50.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<ConsentList>> ListConsents(string? userId, Guid? integrationId = null, string? cursor = null, int? pageSize = null, CancellationToken cancellation = default) =>
        Get<ConsentList>(At(
            "api/v1/oauth/consents", ("user_id", userId), ("integration_id", integrationId?.ToString()), ("cursor", cursor), ("limit", pageSize?.ToString(System.Globalization.CultureInfo.InvariantCulture))), cancellation);

    /// <summary>The product's features, as they stand for a user. Permission <c>oauth:read</c>.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<FeatureList>> ListFeatures(string userId, CancellationToken cancellation = default) =>
        Get<FeatureList>(At("api/v1/oauth/features", ("user_id", userId)), cancellation);

    /// <summary>One feature, as it stands for a user. Permission <c>oauth:read</c>.</summary>
    /// <param name="key">The feature's key.</param>
    /// <param name="userId">The user.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<FeatureEntry>> GetFeature(string key, string userId, CancellationToken cancellation = default) =>
        Get<FeatureEntry>(At($"api/v1/oauth/features/{Segment(key)}", ("user_id", userId)), cancellation);

    /// <summary>Starts a connection for what a feature is missing; send the user's browser to the link. Permission <c>oauth:connect</c>.</summary>
    /// <param name="key">The feature's key.</param>
    /// <param name="request">Whose it is, and how the browser comes back.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<Answer<UnlockAnswer>> UnlockFeature(string key, UnlockRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Post<UnlockAnswer>($"api/v1/oauth/features/{Segment(key)}/unlock", request, cancellation);
    }
}
