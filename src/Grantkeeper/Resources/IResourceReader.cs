using Grantkeeper.Audit;
using Grantkeeper.Errors;
using Grantkeeper.Tokens;

namespace Grantkeeper.Resources;

/// <summary>Something that an account opens.</summary>
/// <param name="Id">Its id at the provider.</param>
/// <param name="Type">calendar, site, blog, channel, page.</param>
/// <param name="Name">What people call it; its id when it has no name.</param>
/// <param name="Url">Where it is; null when the provider does not say.</param>
/// <param name="Permission">What the account may do with it, in the provider's word; null when it does not say.</param>
internal sealed record Resource(string Id, string Type, string Name, string? Url, string? Permission);

/// <summary>What an account opens, as far as it could be read.</summary>
/// <param name="Resources">In the provider's order.</param>
/// <param name="Problems">The kinds that could not be read, and why.</param>
/// <param name="IsComplete">False when there are more than are read.</param>
internal sealed record ResourceReading(IReadOnlyList<Resource> Resources, IReadOnlyList<(string Type, Failure Failure)> Problems, bool IsComplete);

/// <summary>Reads what an account opens (R26, R187).</summary>
internal interface IResourceReader
{
    /// <summary>Failures: <c>providers.resources_unsupported</c>; what is wrong with one kind is told with the others.</summary>
    Task<Result<ResourceReading>> Read(GrantRow row, AuditSource source, CancellationToken cancellation);
}
