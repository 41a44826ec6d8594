namespace Grantkeeper.Jwt;

/// <summary>Why a token was not accepted. The set is closed, and no value says anything about a key.</summary>
internal enum JwtFault
{
    /// <summary>Not three strict base64url parts with JSON objects (RFC 7515, section 7.1), or a claim of the wrong type, or <c>exp</c> is missing.</summary>
    Malformed,

    /// <summary>Longer than <see cref="JwtRules.MaxLength"/>.</summary>
    TooLong,

    /// <summary>A member of the header or of the claims comes twice (RFC 7515, section 4; RFC 7519, section 4).</summary>
    DuplicateMember,

    /// <summary>The header has <c>crit</c> (RFC 7515, section 4.1.11); no extension is understood here.</summary>
    CriticalHeader,

    /// <summary>The header's <c>typ</c> belongs to another kind of token (RFC 8725, section 3.11).</summary>
    TypeWrong,

    /// <summary><c>alg</c> is not on the list; <c>none</c> never is.</summary>
    AlgorithmNotAllowed,

    /// <summary>The key set could not be fetched, and no earlier one is held.</summary>
    KeysUnavailable,

    /// <summary>No key of the set fits <c>kid</c> and <c>alg</c>.</summary>
    KeyUnknown,

    /// <summary>The signature does not verify.</summary>
    SignatureInvalid,

    /// <summary><c>iss</c> is missing or is not an accepted issuer.</summary>
    IssuerWrong,

    /// <summary><c>aud</c> is missing or does not name us.</summary>
    AudienceWrong,

    /// <summary><c>azp</c> is missing beside several audiences, or names somebody else (OIDC Core, section 3.1.3.7).</summary>
    AuthorizedPartyWrong,

    /// <summary>The instant in <c>exp</c>, with the skew, is reached.</summary>
    Expired,

    /// <summary><c>nbf</c> or <c>iat</c> lies in the future beyond the skew.</summary>
    NotYetValid,

    /// <summary><c>nonce</c> is missing or is not the one that was sent.</summary>
    NonceWrong,

    /// <summary><c>sub</c> is missing, empty or longer than 255 characters (OIDC Core, section 2).</summary>
    SubjectMissing,
}
