using System.Text;
using Grantkeeper.Encryption;

namespace Grantkeeper.OAuth;

/// <summary>The authorization request as a URL (RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID Connect Core section 3.1.2.1).</summary>
internal sealed record AuthorizationRequest
{
    /// <summary>What the request sends by itself; a parameter must not come twice (RFC 6749 section 3.1).</summary>
    public static readonly IReadOnlyList<string> OwnParameters =
    [
        OAuthNames.ResponseType, OAuthNames.ClientId, OAuthNames.RedirectUri, OAuthNames.Scope, OAuthNames.State, OAuthNames.CodeChallenge,
        OAuthNames.CodeChallengeMethod, OAuthNames.Nonce, OAuthNames.LoginHint, OAuthNames.ResponseMode,
    ];

    public required Uri AuthorizationEndpoint { get; init; }

    public required string ClientId { get; init; }

    /// <summary>By what name the id goes.</summary>
    public string ClientIdParameter { get; init; } = OAuthNames.ClientId;

    public required string RedirectUri { get; init; }

    public required ScopeSet Scopes { get; init; }

    public required Secret State { get; init; }

    /// <summary>What separates scopes at this provider; a blank by the RFC, a comma at some.</summary>
    public string ScopeSeparator { get; init; } = " ";

    /// <summary>S256 challenge; null only where a manifest says that the provider takes no PKCE.</summary>
    public string? CodeChallenge { get; init; }

    public Secret Nonce { get; init; }

    public string? LoginHint { get; init; }

    public string? ResponseMode { get; init; }

    /// <summary>By what other names parameters go at this provider; an empty name leaves the parameter out.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();

    /// <summary>The provider's own parameters, for example <c>access_type=offline</c>.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = new Dictionary<string, string>();

    /// <summary>The URL; a secret as long as its state is not redeemed.</summary>
    public Secret ToUrl()
    {
        var url = new StringBuilder(AuthorizationEndpoint.AbsoluteUri.TrimEnd('?'));
        var separator = AuthorizationEndpoint.Query.Length > 1 ? '&' : '?';
        foreach (var (known, value) in Parameters())
        {
            var name = Names.GetValueOrDefault(known, known);
            if (name.Length == 0)
                continue;
            url.Append(separator).Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
            separator = '&';
        }

        return new Secret(url.ToString());
    }

    private IEnumerable<KeyValuePair<string, string>> Parameters()
    {
        yield return new(OAuthNames.ResponseType, OAuthNames.Code);
        yield return new(ClientIdParameter, ClientId);
        yield return new(OAuthNames.RedirectUri, RedirectUri);
        if (Scopes.Count > 0)
            yield return new(OAuthNames.Scope, Scopes.ToString(ScopeSeparator));
        yield return new(OAuthNames.State, State.Reveal());
        if (CodeChallenge is not null)
        {
            yield return new(OAuthNames.CodeChallenge, CodeChallenge);
            yield return new(OAuthNames.CodeChallengeMethod, OAuthNames.S256);
        }

        if (!Nonce.IsEmpty)
            yield return new(OAuthNames.Nonce, Nonce.Reveal());
        if (LoginHint is not null)
            yield return new(OAuthNames.LoginHint, LoginHint);
        if (ResponseMode is not null)
            yield return new(OAuthNames.ResponseMode, ResponseMode);
        foreach (var extra in Extra)
            yield return extra;
    }
}
