using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Grants;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>What becomes of a refresh token when it is used.</summary>
internal enum Renewal
{
    /// <summary>It is replaced, and showing it again ends the grant.</summary>
    Rotates,

    /// <summary>It is replaced, and stays good beside the new one.</summary>
    RotatesAndKeeps,

    /// <summary>It stays, and the answer does not name it.</summary>
    Stable,

    /// <summary>It stays, and the answer names it again.</summary>
    StableAndNamed,
}

/// <summary>How a platform differs from OAuth by the book. What an application does wrong fails here and not first at the platform.</summary>
/// <param name="Key">Its key, as the manifests name it.</param>
/// <param name="DisplayName">Its name.</param>
internal sealed record Profile(string Key, string DisplayName)
{
    /// <summary>What its paths begin with; nothing for the platform at the root.</summary>
    public string Prefix { get; init; } = "/" + Key;

    /// <summary>What can be granted, in the order in which the consent page lists it; empty where a platform has no scopes.</summary>
    public IReadOnlyList<ScopeDescription> Scopes { get; init; } = [];

    /// <summary>Whether every request must carry a code_challenge.</summary>
    public bool RequiresPkce { get; init; }

    /// <summary>Whether a request may carry one.</summary>
    public bool AcceptsPkce { get; init; } = true;

    /// <summary>Whether the token and revocation endpoints take JSON, and only that; else a form, and only that.</summary>
    public bool TakesJson { get; init; }

    /// <summary>How a client may authenticate; empty: as it is registered.</summary>
    public IReadOnlyList<string> ClientMethods { get; init; } = [];

    /// <summary>What becomes of a refresh token when it is used.</summary>
    public Renewal Renewal { get; init; }

    /// <summary>Whether a grant comes with a refresh token, by the authorization request.</summary>
    public Func<RequestForm, IReadOnlyList<string>, bool> GivesRefreshToken { get; init; } = (_, _) => true;

    /// <summary>What else is wrong with an authorization request, if anything.</summary>
    public Func<RequestForm, string?> ObjectionTo { get; init; } = _ => null;

    /// <summary>The granted scopes as the answer names them; null: it does not.</summary>
    public Func<IReadOnlyList<string>, string?> Echo { get; init; } = ScopeList.Join;

    /// <summary>Whether an answer says how long its access token lives.</summary>
    public bool TellsLifetime { get; init; } = true;

    /// <summary>Whether the callback names the issuer (RFC 9207).</summary>
    public bool SendsIss { get; init; }

    /// <summary>How long a code is good.</summary>
    public TimeSpan CodeLifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>After how long without use a refresh token ends; null: never.</summary>
    public TimeSpan? RefreshIdle { get; init; }

    /// <summary>How long a refresh token lives while the application is in its testing phase, by the granted scopes; null: as long as otherwise.</summary>
    public Func<IReadOnlyList<string>, TimeSpan?> TestingLife { get; init; } = _ => null;

    /// <summary>How many refresh tokens a person and a client have together; one more ends the oldest. Null: no limit.</summary>
    public int? MostRefreshTokens { get; init; }

    /// <summary>Adds what else stands in a token answer.</summary>
    public Action<JsonObject, IssuedTokens, Person> Shape { get; init; } = (_, _, _) => { };

    /// <summary>What else the callback carries.</summary>
    public Func<Person, IReadOnlyDictionary<string, string>> CallbackExtras { get; init; } = _ => new Dictionary<string, string>();

    /// <summary>By what other names parameters of the authorization request go here, and only by these; an empty name: it is not sent.</summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether a grant of the scope openid comes with an id_token, and under which issuer, below the origin.</summary>
    public Func<Person, string>? IdTokenIssuer { get; init; }

    /// <summary>Further claims of an id_token.</summary>
    public Func<Person, JsonObject> Claims { get; init; } = _ => [];

    /// <summary>Whether a revocation ends every grant of the person and not only the token's.</summary>
    public bool RevokesAll { get; init; }

    /// <summary>Whether a comma separates scopes too.</summary>
    public bool SplitsAtCommas { get; init; }

    /// <summary>The scopes of a request.</summary>
    public IReadOnlyList<string> ScopesOf(string? text) => ScopeList.Split(SplitsAtCommas ? text?.Replace(',', ' ') : text);

    /// <summary>The descriptions of some scopes, in the listed order.</summary>
    public IReadOnlyList<ScopeDescription> Describe(IEnumerable<string> names) => [.. Scopes.IntersectBy(names, scope => scope.Name)];

    /// <summary>Reads the body of a request to the token or revocation endpoint.</summary>
    public Task<RequestForm> ReadBody(HttpRequest request) => TakesJson ? RequestForm.ReadJson(request) : RequestForm.ReadBody(request);
}
