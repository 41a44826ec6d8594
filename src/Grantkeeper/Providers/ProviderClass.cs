using System.Text.Json;

namespace Grantkeeper.Providers;

/// <summary>
/// A provider in code, for what a manifest cannot say. Derive from it, give the manifest, override what is different, and
/// register the class with <c>services.AddGrantkeeperProvider&lt;T&gt;()</c>. One instance serves the whole process.
/// </summary>
/// <remarks>
/// The overrides are pure functions: they run often, at the same time, and must not wait. None is given a token, a code, a
/// state, a verifier or the client's secret. One that throws ends its request with <c>providers.class_failed</c>; when it
/// reads a token answer, the tokens are stored as if it had said nothing, since they may be the only copy.
/// </remarks>
public abstract class ProviderClass
{
    /// <summary>The manifest as YAML, as a file of GRANTKEEPER_PROVIDERS_PATH holds it; a file there with the same key takes its place. Read at the start.</summary>
    public abstract string Manifest { get; }

    /// <summary>
    /// Parameters of one authorization request, beside those of the manifest; one of the same name wins. Names that the
    /// request sends by itself (RFC 6749 section 4.1.1, RFC 7636 section 4.3) are refused. Default: none.
    /// </summary>
    /// <param name="request">What is asked for.</param>
    public virtual IReadOnlyDictionary<string, string> AuthorizationParameters(AuthorizationFacts request) => new Dictionary<string, string>();

    /// <summary>
    /// Parameters and headers of one token request, beside those of the manifest; one of the same name wins. What carries the
    /// grant or the client's proof is refused: grant_type, code, refresh_token, redirect_uri, code_verifier, the client's own
    /// parameters, and the header Authorization. Default: none.
    /// </summary>
    /// <param name="request">What is asked for.</param>
    public virtual TokenRequestAdditions TokenRequest(TokenRequestFacts request) => TokenRequestAdditions.None;

    /// <summary>
    /// Reads what a token answer says in the provider's own way. Default: null, which leaves the answer as RFC 6749 section 5.1
    /// and the manifest read it.
    /// </summary>
    /// <param name="members">The answer without its tokens: members whose name speaks of a token or secret, and texts that hold one, are left out.</param>
    public virtual TokenAnswerFacts? TokenAnswer(JsonElement members) => null;

    /// <summary>Reads whose account it is. Default: null, which leaves it to <c>account</c> of the manifest.</summary>
    /// <param name="members">What the account's source says (userinfo answer, id_token, token answer), without tokens as above.</param>
    public virtual AccountFacts? Account(JsonElement members) => null;
}

/// <summary>What an authorization request asks for.</summary>
/// <param name="Scopes">The scopes that are asked for.</param>
/// <param name="RedirectUri">Where the browser comes back.</param>
/// <param name="LoginHint">The account to preselect; null when the caller named none.</param>
/// <param name="IsReconnect">True when an integration is connected again.</param>
public sealed record AuthorizationFacts(IReadOnlyList<string> Scopes, string RedirectUri, string? LoginHint, bool IsReconnect);

/// <summary>What a token request asks for.</summary>
/// <param name="IsRefresh">True for a refresh, false for the exchange of a code.</param>
/// <param name="ClientId">The client's public name.</param>
public sealed record TokenRequestFacts(bool IsRefresh, string ClientId);

/// <summary>What is added to a token request.</summary>
public sealed record TokenRequestAdditions
{
    /// <summary>Nothing.</summary>
    public static TokenRequestAdditions None { get; } = new();

    /// <summary>Members of the body.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Headers.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
}

/// <summary>What a token answer says beside its tokens.</summary>
/// <param name="ExpiresIn">How long the access token lives, more than zero and at most ten years; null: as the engine reads it.</param>
/// <param name="Scopes">What was granted, by the names that are asked with; null: as the engine reads it.</param>
public sealed record TokenAnswerFacts(TimeSpan? ExpiresIn = null, IReadOnlyList<string>? Scopes = null);

/// <summary>Whose account it is.</summary>
/// <param name="Id">Names the account for good, 1 to 255 characters.</param>
/// <param name="DisplayName">What people call it.</param>
/// <param name="Email">Its e-mail address.</param>
public sealed record AccountFacts(string Id, string? DisplayName = null, string? Email = null);
