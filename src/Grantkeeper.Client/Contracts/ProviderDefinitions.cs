namespace Grantkeeper.Client.Contracts;

/// <summary>Body of <c>PUT /api/v1/oauth/admin/providers/{provider}</c>.</summary>
/// <param name="Manifest">The manifest, YAML or JSON, at most 32,768 characters. Required.</param>
public sealed record PutProviderRequest(string? Manifest);

/// <summary>Body of <c>POST /api/v1/oauth/admin/providers/{provider}/add</c>.</summary>
/// <param name="Confirmed">What somebody has compared with the provider's documentation: <c>endpoints</c>, <c>pkce</c> and <c>refresh</c>, all three.</param>
public sealed record AddProviderRequest(IReadOnlyList<string>? Confirmed);

/// <summary>Answer of <c>GET /api/v1/oauth/admin/providers</c>.</summary>
/// <param name="Providers">All of them, by key.</param>
/// <param name="Faults">Why what lies in the folder of manifests, or is stored, is not in force; empty when all is.</param>
/// <param name="NextCursor">Always null: all come at once.</param>
public sealed record ProviderDefinitionList(IReadOnlyList<ProviderDefinition> Providers, IReadOnlyList<string> Faults, string? NextCursor);

/// <summary>A page of the provider's documentation.</summary>
/// <param name="Page">Its address.</param>
/// <param name="Read">The day on which it was read.</param>
/// <param name="Facts">The members of the manifest that it states.</param>
public sealed record ProviderSource(string Page, DateOnly Read, IReadOnlyList<string> Facts);

/// <summary>What is known of a provider, without its client.</summary>
public sealed record ProviderDefinition
{
    /// <summary>The provider's key.</summary>
    public required string Provider { get; init; }

    /// <summary>Its name for people.</summary>
    public required string DisplayName { get; init; }

    /// <summary><c>simulated</c>, <c>documented</c> (each fact has the provider's page and the day it was read) or <c>draft</c>.</summary>
    public required string Verification { get; init; }

    /// <summary><c>shipped</c>, <c>file</c> (in the folder of manifests) or <c>stored</c> (over this API).</summary>
    public required string Origin { get; init; }

    /// <summary>Whether users and pages see it.</summary>
    public required bool Offered { get; init; }

    /// <summary>Whether it has a client and every setting.</summary>
    public required bool Configured { get; init; }

    /// <summary>The settings that are missing.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>The issuer; null when none is known.</summary>
    public required string? Issuer { get; init; }

    /// <summary>Null where the issuer's metadata names it.</summary>
    public required string? AuthorizationEndpoint { get; init; }

    /// <summary>Null where the issuer's metadata names it.</summary>
    public required string? TokenEndpoint { get; init; }

    /// <summary>Null where there is none, or the issuer's metadata names it.</summary>
    public required string? RevocationEndpoint { get; init; }

    /// <summary>Whether a code_challenge is sent.</summary>
    public required bool Pkce { get; init; }

    /// <summary>Whether it gives refresh tokens.</summary>
    public required bool Refresh { get; init; }

    /// <summary>What becomes of a used refresh token: <c>strict</c> (also where nobody knows), <c>none</c>, <c>lazy</c>, <c>grace</c>.</summary>
    public required string Rotation { get; init; }

    /// <summary>How the client proves itself; null: as the issuer's metadata says, else <c>post</c>.</summary>
    public required string? ClientAuthentication { get; init; }

    /// <summary>The provider's guide; null when it is not known.</summary>
    public required string? DocsUrl { get; init; }

    /// <summary>The pages on which its facts rest.</summary>
    public required IReadOnlyList<ProviderSource> Sources { get; init; }

    /// <summary>The manifest as it was stored; null for one from a file or a release.</summary>
    public required string? Manifest { get; init; }

    /// <summary>When it was stored, or added; null otherwise.</summary>
    public required DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>Who stored or added it.</summary>
    public required string? UpdatedBy { get; init; }
}
