namespace Grantkeeper.Client.Contracts;

/// <summary>Answer of <c>GET /oauth/{provider}/resources</c>.</summary>
/// <param name="ProviderKey">The provider's key.</param>
/// <param name="IntegrationId">The integration whose account was asked.</param>
/// <param name="Resources">What the account opens, 1,000 at most.</param>
/// <param name="Problems">The kinds that could not be read, and why.</param>
/// <param name="IsComplete">False when there are more than are told here.</param>
public sealed record ResourceList(string ProviderKey, Guid IntegrationId, IReadOnlyList<ResourceEntry> Resources, IReadOnlyList<ResourceProblem> Problems, bool IsComplete);

/// <summary>Something that an account opens.</summary>
/// <param name="Id">Its id at the provider.</param>
/// <param name="Type">calendar, site, blog, channel or page.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Url">Where it is; null when the provider does not say.</param>
/// <param name="Permission">What the account may do with it, in the provider's word; null when it does not say.</param>
/// <param name="IntegrationId">The integration that opens it.</param>
public sealed record ResourceEntry(string Id, string Type, string Name, string? Url, string? Permission, Guid IntegrationId);

/// <summary>A kind of resource that could not be read.</summary>
/// <param name="Type">The kind.</param>
/// <param name="Code">The stable code of the reason.</param>
/// <param name="Message">The reason for people.</param>
public sealed record ResourceProblem(string Type, string Code, string Message);
