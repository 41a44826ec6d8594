using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;

namespace Grantkeeper.Consents;

/// <summary>The product's features, and what of them a user's grants unlock, for code that runs in the same process.</summary>
public interface IFeatures
{
    /// <summary>Every feature, as it stands for a user. Failure: <c>identity.user_invalid</c>.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<Result<FeatureList>> List(string userId, CancellationToken cancellation = default);

    /// <summary>One feature, as it stands for a user. Failures: <c>identity.user_invalid</c>, <c>consents.feature_unknown</c>.</summary>
    /// <param name="key">The feature's key.</param>
    /// <param name="userId">The user.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<Result<FeatureEntry>> Find(string key, string userId, CancellationToken cancellation = default);

    /// <summary>
    /// The feature when it is active, else why not: <c>consents.insufficient_scope</c> with the missing scopes and the address
    /// where they are asked for. Failures beside it: <c>identity.user_invalid</c>, <c>consents.feature_unknown</c>.
    /// </summary>
    /// <param name="key">The feature's key.</param>
    /// <param name="userId">The user.</param>
    /// <param name="cancellation">Gives up.</param>
    Task<Result<FeatureEntry>> Require(string key, string userId, CancellationToken cancellation = default);
}
