using System.Text.RegularExpressions;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>How far the facts of a manifest can be trusted.</summary>
internal enum Verification
{
    /// <summary>Collected, not checked; shipped but not offered.</summary>
    Draft,

    /// <summary>Each fact rests on the provider's own documentation.</summary>
    Documented,

    /// <summary>Documented, and exercised against a simulator of the platform.</summary>
    Simulated,
}

/// <summary>A page of the provider.</summary>
/// <param name="Url">The page.</param>
/// <param name="Read">The day on which it was read.</param>
/// <param name="Facts">The members of the manifest that it states.</param>
internal sealed record FactSource(Uri Url, DateOnly Read, IReadOnlyList<string> Facts);

/// <summary>A listing of what an account opens.</summary>
/// <param name="Type">calendar, site, blog, channel or page.</param>
/// <param name="Url">Where it is read.</param>
/// <param name="IsPost">True where it is asked for with a JSON body.</param>
/// <param name="Scopes">Any one of them opens it; empty: every grant does.</param>
/// <param name="Items">The place of the list in the answer, or of the one item; empty: the answer itself.</param>
/// <param name="Id">The place of the id in an item.</param>
/// <param name="Name">The places that may hold a name.</param>
/// <param name="Link">The place of an address; null when there is none.</param>
/// <param name="Permission">The place of what the account may do; null when there is none.</param>
/// <param name="Next">How the next page is asked for; null: all comes at once.</param>
internal sealed record ResourceListing(
    string Type, Uri Url, bool IsPost, IReadOnlyList<string> Scopes, string Items, string Id, IReadOnlyList<string> Name, string? Link, string? Permission, NextPage? Next);

/// <summary>How the next page of a listing is asked for.</summary>
/// <param name="From">The place of the cursor or address in the answer.</param>
/// <param name="Parameter">The parameter that carries a cursor; null: what the answer holds is an address.</param>
internal sealed record NextPage(string From, string? Parameter);

/// <summary>What a revocation at the provider ends.</summary>
internal enum RevocationScope
{
    /// <summary>The token, and its grant at most.</summary>
    Token,

    /// <summary>Every token of the grant between this user and this client.</summary>
    Grant,

    /// <summary>Every token of this user for the whole project, over all its clients.</summary>
    Project,
}

/// <summary>What becomes of the old refresh token when a refresh answers: it decides whether an attempt may be repeated whose end is unknown.</summary>
internal enum RotationProfile
{
    /// <summary>It is used up at once, and showing it again may end the grant (RFC 9700 section 4.14.2). Also where nobody knows.</summary>
    Strict,

    /// <summary>It stays good, whether or not a new one comes.</summary>
    None,

    /// <summary>It stays good until the new tokens are used for the first time.</summary>
    Lazy,

    /// <summary>It may be shown again for a while and gives the same answer.</summary>
    Grace,
}

/// <summary>How a provider rotates refresh tokens.</summary>
/// <param name="Profile">What becomes of the old one.</param>
/// <param name="Grace">How long it may be shown again under <see cref="RotationProfile.Grace"/>.</param>
/// <param name="Companion">True when the old access token dies together with its refresh token.</param>
internal sealed record Rotation(RotationProfile Profile, TimeSpan Grace, bool Companion)
{
    public static readonly Rotation Unknown = new(RotationProfile.Strict, TimeSpan.Zero, false);
}

/// <summary>How many requests a provider takes from one client.</summary>
/// <param name="Requests">This many.</param>
/// <param name="Per">In any span of this length.</param>
internal sealed record RateLimit(int Requests, TimeSpan Per)
{
    /// <summary>What is used of the limit: requests bunch up on the way, and the provider may count others of ours.</summary>
    private const double Used = 0.85;

    /// <summary>The time between two requests.</summary>
    public TimeSpan Every => Per / (Requests * Used);

    /// <summary>How many may follow one another at once after a pause: with the even flow they stay within the limit.</summary>
    public int Burst => Math.Max(1, Requests / 10);
}

/// <summary>Where the account behind a grant is read.</summary>
internal enum AccountSource
{
    /// <summary>The validated id_token; the userinfo endpoint when none came.</summary>
    IdToken,

    /// <summary>The userinfo endpoint.</summary>
    Userinfo,

    /// <summary>Members of the token response itself.</summary>
    TokenResponse,

    /// <summary>The provider names no account: the integration's own id stands in.</summary>
    None,
}

/// <summary>How an integration comes about.</summary>
internal enum ConnectionFlow
{
    /// <summary>The authorization code grant (RFC 6749 section 4.1).</summary>
    Code,

    /// <summary>
    /// Wix: the person installs an app, and the browser comes back with the signed id of the installation; tokens are minted
    /// for that id by client credentials, again and again, and there is no refresh token
    /// (https://dev.wix.com/docs/build-apps/develop-your-app/access/authentication/about-oauth).
    /// </summary>
    AppInstance,
}

/// <summary>Codes beside the error word that say more than it does, in a member of the error answer.</summary>
/// <param name="Member">The member: a number, a text, or a list of them.</param>
/// <param name="Transient">Codes of trouble that passes.</param>
/// <param name="Misconfigured">Codes of a wrong client or request.</param>
/// <param name="Rejected">Codes of a grant that has ended.</param>
internal sealed record ErrorCodes(string Member, IReadOnlyList<string> Transient, IReadOnlyList<string> Misconfigured, IReadOnlyList<string> Rejected);

/// <summary>How a provider signs and writes what it tells by itself. The whole body is a signed token; places are written as names joined by dots, and a text on the way is read as JSON.</summary>
/// <param name="Algorithm">The one signature algorithm that is accepted: RS256, PS256 or ES256.</param>
/// <param name="Issuer">What <c>iss</c> is where it stands; null: anything.</param>
/// <param name="Type">The place of the event's type.</param>
/// <param name="Account">The place of the account's id, as integrations name it.</param>
/// <param name="Time">The place of the time: seconds since 1970, or a date and time.</param>
/// <param name="Ends">The types that say that an account's grants have ended.</param>
internal sealed record EventForm(string Algorithm, string? Issuer, string Type, string Account, string Time, IReadOnlyList<string> Ends);

/// <summary>Whom a client's assertion is for.</summary>
internal enum AssertionAudience
{
    /// <summary>The address of the token endpoint (RFC 7523 section 3).</summary>
    TokenEndpoint,

    /// <summary>The issuer; the revision of RFC 7523 asks for it, and new servers take nothing else.</summary>
    Issuer,
}

/// <summary>By what name an assertion goes in requests.</summary>
internal enum AssertionParameter
{
    /// <summary><c>client_assertion</c>, beside its type (RFC 7523 section 2.2).</summary>
    ClientAssertion,

    /// <summary><c>client_secret</c>: the server takes a signed statement for a secret, as Apple does.</summary>
    ClientSecret,
}

/// <summary>How assertions are made under <c>private_key_jwt</c>.</summary>
/// <param name="Audience">Whom they are for.</param>
/// <param name="Algorithm">What they are signed with; null: by the key.</param>
/// <param name="KeyId">Their <c>kid</c>; null: the one of the JWK, or none.</param>
internal sealed record AssertionRules(AssertionAudience Audience, string? Algorithm, string? KeyId)
{
    public static readonly AssertionRules Usual = new(AssertionAudience.TokenEndpoint, null, null);

    /// <summary>Who issues them; null: the client, as RFC 7523 section 3 says.</summary>
    public string? Issuer { get; init; }

    /// <summary>By what name they go.</summary>
    public AssertionParameter Parameter { get; init; }
}

/// <summary>Who may fill a variable of a manifest, and with what.</summary>
internal enum VariableKind
{
    /// <summary>One DNS label: <c>[a-z0-9-]{1,63}</c>.</summary>
    Label,

    /// <summary>One of a closed list.</summary>
    Choice,

    /// <summary>A host or URL; only the operator writes it.</summary>
    Host,
}

/// <summary>A place in a manifest's addresses that is filled by configuration.</summary>
internal sealed record ProviderVariable(string Name, VariableKind Kind, string? Default, IReadOnlyList<string> Values);

/// <summary>What a scope catalogue is worth.</summary>
internal enum ScopeListing
{
    /// <summary>What is not listed is refused at the start.</summary>
    Complete,

    /// <summary>The provider has more scopes than are listed; any may be asked for, and what is not listed counts as sensitive.</summary>
    Partial,
}

/// <summary>One entry of a provider's scope catalogue.</summary>
internal sealed record ProviderScope(string Name, string DisplayName, string? Description, string? Category, bool Required, bool Sensitive);

/// <summary>Members of the identity answer that describe the account; an id of several members is joined by a colon.</summary>
internal sealed record AccountMembers(AccountSource Source, IReadOnlyList<string> Id, IReadOnlyList<string> Email, string Name, string Picture);

/// <summary>How the scopes that a provider echoes are turned into the names that it takes.</summary>
/// <param name="Aliases">Echoed names and the names that they stand for.</param>
/// <param name="Prefixes">Prefixes that an echo may carry.</param>
/// <param name="Silent">The scope that is never echoed and is granted exactly when a refresh token came; null where there is none.</param>
internal sealed record ScopeEcho(IReadOnlyDictionary<string, string> Aliases, IReadOnlyList<string> Prefixes, string? Silent)
{
    public static readonly ScopeEcho Plain = new(new Dictionary<string, string>(), [], null);
}

/// <summary>
/// Everything that is particular to one provider, as data (ruling: providers are data). One YAML file in <c>providers/</c>
/// or in <c>GRANTKEEPER_PROVIDERS_PATH</c>; <c>provider.schema.json</c> describes each member.
/// </summary>
internal sealed record ProviderManifest
{
    public required string Key { get; init; }

    public required string DisplayName { get; init; }

    public Verification Verification { get; init; }

    public string? DocsUrl { get; init; }

    /// <summary>The provider's own pages and which members of the manifest rest on each.</summary>
    public IReadOnlyList<FactSource> Sources { get; init; } = [];

    /// <summary>The page on which the operator registers the OAuth client; null when it is not known.</summary>
    public Uri? ConsoleUrl { get; init; }

    /// <summary>The form of the provider's client ids, matched as a whole; null when it is not known.</summary>
    public Regex? ClientIdPattern { get; init; }

    /// <summary>The form of the provider's client secrets; distinctive enough to recognize one at another provider. Null when it is not known.</summary>
    public Regex? ClientSecretPattern { get; init; }

    public string? Issuer { get; init; }

    public IReadOnlyList<string> IssuerAliases { get; init; } = [];

    /// <summary>True when the endpoints come from the issuer's discovery document.</summary>
    public bool Discovery { get; init; }

    public Uri? AuthorizationEndpoint { get; init; }

    public Uri? TokenEndpoint { get; init; }

    public ConnectionFlow Flow { get; init; }

    /// <summary>Where refreshes go, the first that answers as one; empty: to the token endpoint.</summary>
    public IReadOnlyList<Uri> RefreshEndpoints { get; init; } = [];

    public Uri? RevocationEndpoint { get; init; }

    public Uri? UserinfoEndpoint { get; init; }

    public Uri? JwksUri { get; init; }

    /// <summary>Null: by the discovery document, else <c>post</c>.</summary>
    public ClientAuthenticationMethod? ClientAuthentication { get; init; }

    public AssertionRules ClientAssertion { get; init; } = AssertionRules.Usual;

    /// <summary>By what name the client id goes in requests.</summary>
    public string ClientIdParameter { get; init; } = OAuthNames.ClientId;

    public bool TokenRequestIsJson { get; init; }

    /// <summary>False only where the provider takes no code_challenge.</summary>
    public bool Pkce { get; init; } = true;

    public IssPolicy Iss { get; init; }

    public string? ResponseMode { get; init; }

    public string ScopeSeparator { get; init; } = " ";

    public ScopeSet DefaultScopes { get; init; } = ScopeSet.Empty;

    /// <summary>Scopes that every request carries, whatever was asked.</summary>
    public ScopeSet RequiredScopes { get; init; } = ScopeSet.Empty;

    public IReadOnlyList<ProviderScope> Scopes { get; init; } = [];

    /// <summary>Whether scopes that are not in <see cref="Scopes"/> may be asked for. Without any listed scope everything may.</summary>
    public ScopeListing ScopeListing { get; init; }

    /// <summary>What an account opens, and where that is listed.</summary>
    public IReadOnlyList<ResourceListing> Resources { get; init; } = [];

    public ScopeEcho ScopeEcho { get; init; } = ScopeEcho.Plain;

    public ErrorCodes? ErrorCodes { get; init; }

    /// <summary>How long an access token lives when the answer does not say; null: then it has no known end.</summary>
    public TimeSpan? ExpiresIn { get; init; }

    /// <summary>False where the access token stands in the Authorization header alone, without <c>Bearer</c>.</summary>
    public bool SendsBearer { get; init; } = true;

    public IReadOnlyDictionary<string, string> AuthorizationParameters { get; init; } = new Dictionary<string, string>();

    /// <summary>By what other names parameters of the authorization request go; an empty name leaves the parameter out.</summary>
    public IReadOnlyDictionary<string, string> AuthorizationNames { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> TokenParameters { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> RefreshParameters { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// What our client can do, told in the parameter <c>claims</c> of every request: with <c>cp1</c> Microsoft's APIs may end a
    /// token early, by a challenge whose claims the next refresh must carry. Empty: nothing is told, and nobody challenges.
    /// </summary>
    public IReadOnlyList<string> ClientCapabilities { get; init; } = [];

    /// <summary>True where a refresh names the redirect URI of the consent again.</summary>
    public bool RefreshRepeatsRedirectUri { get; init; }

    public IReadOnlyDictionary<string, string> RequestHeaders { get; init; } = new Dictionary<string, string>();

    /// <summary>False when the provider never gives a refresh token.</summary>
    public bool Refresh { get; init; } = true;

    /// <summary>How the provider is asked whether a token is still good; null: only calls of the host application show it.</summary>
    public LiveCheck? LiveCheck { get; init; }

    /// <summary>After how long without use the provider ends a refresh token; null when it does not, or nobody knows.</summary>
    public TimeSpan? RefreshTokenIdle { get; init; }

    public GrantLimits GrantLimits { get; init; } = GrantLimits.None;

    public Rotation Rotation { get; init; } = Rotation.Unknown;

    /// <summary>How many requests its token endpoint takes from one client; null when it states no number.</summary>
    public RateLimit? RateLimit { get; init; }

    public RevocationScope RevocationScope { get; init; }

    /// <summary>Providers of one group share a revocation: ending a grant at one may end the same person's grants at the others. Null: the provider alone.</summary>
    public string? RevocationGroup { get; init; }

    /// <summary>Which token a revocation sends: refresh_token (ends the grant) or access_token.</summary>
    public string RevocationToken { get; init; } = OAuthNames.RefreshToken;

    public AccountMembers Account { get; init; } = new(AccountSource.IdToken, ["sub"], ["email"], "name", "picture");

    /// <summary>How long an authorization code lives; bounds how long a code is parked.</summary>
    public TimeSpan CodeLifetime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What it tells by itself; null when nothing is known of it.</summary>
    public EventForm? Events { get; init; }

    /// <summary>How old the signed instance of an installation may be when it is redeemed; null: as old as it likes.</summary>
    public TimeSpan? InstanceLifetime { get; init; } = TimeSpan.FromMinutes(10);

    public IReadOnlyList<ProviderVariable> Variables { get; init; } = [];

    /// <summary>The origins of everything that is called or opened on its behalf, with client secret, code or token; in order, a blank between them.</summary>
    public string Origins
    {
        get
        {
            Uri?[] addresses = [AuthorizationEndpoint, TokenEndpoint, RevocationEndpoint, UserinfoEndpoint, JwksUri, .. RefreshEndpoints, .. from listing in Resources select listing.Url];
            var origins = addresses.OfType<Uri>().Select(address => address.GetLeftPart(UriPartial.Authority)).Append(Issuer ?? "");
            return string.Join(' ', origins.Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase));
        }
    }

    /// <summary>The variables that neither configuration nor a default fills: the provider is not configured.</summary>
    public IReadOnlyList<string> UnsetVariables { get; init; } = [];
}
