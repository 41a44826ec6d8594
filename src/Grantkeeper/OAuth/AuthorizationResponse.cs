using Grantkeeper.Encryption;

namespace Grantkeeper.OAuth;

/// <summary>How strictly a callback's <c>iss</c> is asked for (RFC 9207 section 2.4).</summary>
internal enum IssPolicy
{
    /// <summary>Compared when it comes, not missed when it does not.</summary>
    IfPresent,

    /// <summary>The provider announces it, so its absence is an attack.</summary>
    Required,

    /// <summary>Never compared: the provider sends something else under this name.</summary>
    Ignored,
}

/// <summary>What the provider sent back with the browser (RFC 6749 sections 4.1.2 and 4.1.2.1). Unknown parameters are ignored.</summary>
internal sealed record AuthorizationResponse(Secret State, Secret Code, string? Error, string? ErrorDescription, string? Iss)
{
    /// <summary>Longest parameter that is read; providers stay far below.</summary>
    public const int MaxParameterLength = 4096;

    /// <summary>What the provider says was granted, where it says so in the address; empty where it does not. Only the token response counts.</summary>
    public string Scope { get; init; } = "";

    /// <summary>Comes instead of a code where an app is installed (Wix).</summary>
    private const string SignedInstance = "signedInstance";

    private static readonly string[] Known = [OAuthNames.State, OAuthNames.Code, OAuthNames.Error, OAuthNames.ErrorDescription, OAuthNames.Iss, OAuthNames.Scope, SignedInstance];

    /// <summary>Reads the known parameters; null when one is repeated or too long (RFC 6749 section 3.1).</summary>
    public static AuthorizationResponse? Read(IEnumerable<KeyValuePair<string, string?>> parameters)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in parameters)
        {
            if (!Known.Contains(name))
                continue;
            if ((value?.Length ?? 0) > MaxParameterLength || !found.TryAdd(name, value ?? ""))
                return null;
        }

        string? Get(string name) => found.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
        return new AuthorizationResponse(
            new Secret(Get(OAuthNames.State)), new Secret(Get(OAuthNames.Code) ?? Get(SignedInstance)),
            Get(OAuthNames.Error), Get(OAuthNames.ErrorDescription), Get(OAuthNames.Iss))
        {
            Scope = Get(OAuthNames.Scope) ?? "",
        };
    }

    /// <summary>
    /// Compares <c>iss</c> by simple string comparison (RFC 9207 section 2.4), also on error answers.
    /// Without a known issuer there is nothing to compare; the callback path of its own per provider protects then.
    /// </summary>
    public bool IssuerMatches(string? issuer, IssPolicy policy) => policy switch
    {
        IssPolicy.Ignored => true,
        _ when Iss is null => policy != IssPolicy.Required,
        _ => issuer is null || string.Equals(Iss, issuer, StringComparison.Ordinal),
    };
}
