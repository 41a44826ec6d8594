namespace Grantkeeper.Testing.Peers;

/// <summary>How an <see cref="OidcProviderPeer"/> behaves.</summary>
public sealed record OidcProviderOptions
{
    /// <summary>The redirect URIs of every client. Default: one that nobody serves, for tests that read the Location header.</summary>
    public IReadOnlyList<string> RedirectUris { get; init; } = [OidcProviderPeer.UnservedRedirectUri];

    /// <summary>How long access tokens live. Default: 60 s; whole seconds.</summary>
    public TimeSpan AccessTokenLifetime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long refresh tokens live. Default: 1 h; whole seconds.</summary>
    public TimeSpan RefreshTokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long authorization codes live. Default: 60 s; whole seconds.</summary>
    public TimeSpan CodeLifetime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether a refresh replaces the refresh token (never for the client <c>norotate</c>). Default: true.</summary>
    public bool Rotate { get; init; } = true;

    /// <summary>Whether a refresh token comes without the scope <c>offline_access</c>, which in turn needs <c>prompt=consent</c>. Default: false.</summary>
    public bool AlwaysIssueRefreshTokens { get; init; }

    /// <summary>Whether a person signs in and consents on pages, instead of the login hint deciding at once. Default: false.</summary>
    public bool Interactive { get; init; }

    /// <summary>The public keys of the client <c>pkjwt</c>, as a JSON list of JWKs. Default: it has none.</summary>
    public string? ClientKeys { get; init; }

    /// <summary>Whether HTTP Basic is read as it stands, without form-decoding id and secret. Default: false, as RFC 6749 section 2.3.1 has it.</summary>
    public bool ReadsBasicRaw { get; init; }
}
