using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Grantkeeper.Jwt;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>Turns a tree into a manifest and reports every fault at once. Addresses get their variables filled in here.</summary>
internal static partial class ManifestReader
{
    private const int SchemaVersion = 1;

    /// <summary>What an account may open.</summary>
    private static readonly string[] ResourceTypes = ["site", "blog", "channel", "calendar", "page"];

    /// <summary>Words that are routes, not providers.</summary>
    private static readonly string[] Reserved = ["start", "providers", "health", "analytics", "callback", "connect"];

    /// <summary>Reads a manifest; null when a fault was added.</summary>
    /// <param name="tree">The tree, after extends and overrides.</param>
    /// <param name="place">Where it comes from, for the faults.</param>
    /// <param name="variables">The operator's values by variable name.</param>
    /// <param name="loopbackHttp">True in development: http is accepted on loopback.</param>
    /// <param name="faults">Collects what is wrong.</param>
    public static ProviderManifest? Read(JsonObject tree, string place, IReadOnlyDictionary<string, string> variables, bool loopbackHttp, List<string> faults)
    {
        var before = faults.Count;
        var declared = Variables(new ManifestFields(tree, place, faults));
        var fields = new ManifestFields(Fill(tree, declared, variables, place, faults, out var unset), place, faults);
        if (fields.Number("schema_version", 0, 0, int.MaxValue) != SchemaVersion)
            fields.Fault("schema_version", $"must be {SchemaVersion}");
        var key = fields.Required("key");
        if (!Key().IsMatch(key) || Reserved.Contains(key))
            fields.Fault("key", "must be snake_case, start with a letter, have at most 50 characters and be no reserved word");

        var manifest = new ProviderManifest
        {
            Key = key,
            DisplayName = fields.Required("display_name"),
            Verification = fields.Choice<Verification>("verification") ?? Verification.Draft,
            DocsUrl = fields.Text("docs_url"),
            Sources = [.. fields.Items("sources").Select(Source).OfType<FactSource>()],
            ConsoleUrl = Console(fields),
            ClientIdPattern = Pattern(fields, "client_id_pattern", fields.Text("client_id_pattern")),
            ClientSecretPattern = Pattern(fields, "client_secret_pattern", fields.Text("client_secret_pattern")),
            Issuer = fields.Text("issuer"),
            IssuerAliases = fields.List("issuer_aliases"),
            Discovery = fields.Flag("discovery", false),
            AuthorizationEndpoint = fields.Address("authorization_endpoint", loopbackHttp),
            TokenEndpoint = fields.Address("token_endpoint", loopbackHttp),
            Flow = fields.Choice<ConnectionFlow>("flow") ?? ConnectionFlow.Code,
            RefreshEndpoints = fields.Addresses("refresh_endpoints", loopbackHttp),
            RevocationEndpoint = fields.Address("revocation_endpoint", loopbackHttp),
            UserinfoEndpoint = fields.Address("userinfo_endpoint", loopbackHttp),
            JwksUri = fields.Address("jwks_uri", loopbackHttp),
            ClientAuthentication = fields.Choice<ClientAuthenticationMethod>("client_authentication"),
            ClientAssertion = AssertionRulesOf(fields),
            ClientIdParameter = fields.Text("client_id_parameter") ?? OAuthNames.ClientId,
            TokenRequestIsJson = fields.Choice<BodyFormat>("token_request") == BodyFormat.Json,
            Pkce = fields.Flag("pkce", true),
            Iss = fields.Choice<IssPolicy>("iss") ?? IssPolicy.IfPresent,
            ResponseMode = ResponseMode(fields),
            ScopeSeparator = fields.Text("scope_separator") ?? " ",
            DefaultScopes = ScopeSet.Of(fields.List("default_scopes")),
            RequiredScopes = ScopeSet.Of(fields.List("required_scopes")),
            Scopes = [.. fields.Mappings("scopes").Select(Scope)],
            ScopeListing = fields.Choice<ScopeListing>("scope_listing") ?? ScopeListing.Complete,
            ScopeEcho = new ScopeEcho(fields.Map("scope_aliases"), fields.List("scope_prefixes"), fields.Text("refresh_token_scope")),
            ErrorCodes = ErrorCodesOf(fields),
            Resources = [.. fields.Mappings("resources").Select(entry => Listing(entry.Name, entry.Fields, loopbackHttp)).OfType<ResourceListing>()],
            ExpiresIn = fields.Number("expires_in_seconds", 0, 1, 315360000) is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null,
            SendsBearer = fields.Flag("bearer", true),
            AuthorizationParameters = fields.Map("authorization_parameters"),
            AuthorizationNames = fields.Map("authorization_names"),
            TokenParameters = fields.Map("token_parameters"),
            RefreshParameters = fields.Map("refresh_parameters"),
            ClientCapabilities = fields.List("client_capabilities"),
            RefreshRepeatsRedirectUri = fields.Flag("refresh_redirect_uri", false),
            RequestHeaders = fields.Map("request_headers"),
            Refresh = fields.Flag("refresh", true),
            LiveCheck = LiveCheckOf(fields),
            Rotation = RotationOf(fields),
            RefreshTokenIdle = fields.Number("refresh_token_idle_days", 0, 1, 3650) is > 0 and var days ? TimeSpan.FromDays(days) : null,
            GrantLimits = GrantLimitsOf(fields),
            RateLimit = RateLimitOf(fields),
            RevocationScope = fields.Choice<RevocationScope>("revocation_scope") ?? RevocationScope.Token,
            RevocationGroup = fields.Text("revocation_group"),
            RevocationToken = fields.Choice<TokenKind>("revocation_token") == TokenKind.AccessToken ? OAuthNames.AccessToken : OAuthNames.RefreshToken,
            Account = Account(fields),
            CodeLifetime = TimeSpan.FromSeconds(fields.Number("code_lifetime_seconds", 60, 10, 3600)),
            Events = EventsOf(fields),
            InstanceLifetime = fields.Number("instance_lifetime_seconds", 600, 0, 86400) is > 0 and var age ? TimeSpan.FromSeconds(age) : null,
            Variables = declared,
            UnsetVariables = unset,
        };
        foreach (var fact in manifest.Sources.SelectMany(source => source.Facts).Where(fact => !tree.ContainsKey(fact)).Distinct())
            fields.Fault("sources", $"names the fact {fact}, which the manifest does not state");
        fields.RefuseOthersBut("variables", "extends");
        foreach (var name in manifest.AuthorizationParameters.Keys.Where(AuthorizationRequest.OwnParameters.Contains))
            fields.Fault("authorization_parameters", $"must not name {name}, which is sent already");
        foreach (var (name, other) in manifest.AuthorizationNames)
        {
            if (!AuthorizationRequest.OwnParameters.Contains(name))
                fields.Fault("authorization_names", $"names {name}, which the request does not send");
            else if (other.Length == 0 && (name is OAuthNames.State or OAuthNames.RedirectUri or OAuthNames.CodeChallenge))
                fields.Fault("authorization_names", $"must not leave {name} out: the answer is bound by it");
        }

        Combinations(manifest, fields, loopbackHttp);
        return faults.Count == before ? manifest : null;
    }

    private static void Combinations(ProviderManifest manifest, ManifestFields fields, bool loopbackHttp)
    {
        if (manifest.Discovery)
        {
            // Its document is fetched, so it is an address here and not only a name.
            fields.Address("issuer", loopbackHttp);
        }
        else
        {
            if (manifest.AuthorizationEndpoint is null && fields.Text("authorization_endpoint") is null)
                fields.Fault("authorization_endpoint", "is required unless discovery is true");
            if (manifest.TokenEndpoint is null && fields.Text("token_endpoint") is null)
                fields.Fault("token_endpoint", "is required unless discovery is true");
        }

        if (manifest.Iss == IssPolicy.Required && manifest.Issuer is null && !manifest.Discovery)
            fields.Fault("iss", "cannot be required without an issuer");
        if (manifest.Account.Source == AccountSource.Userinfo && manifest.UserinfoEndpoint is null && !manifest.Discovery)
            fields.Fault("account", "reads the userinfo endpoint, but userinfo_endpoint is missing");
        if (manifest.LiveCheck is not null && manifest.Refresh)
            fields.Fault("live_check", "belongs to a provider that gives no refresh token: a refresh shows more");
        if (manifest.LiveCheck is not null && manifest.UserinfoEndpoint is null && !manifest.Discovery)
            fields.Fault("live_check", "calls the userinfo endpoint, but userinfo_endpoint is missing");
        if (manifest.Account.Source == AccountSource.IdToken && manifest.JwksUri is null && !manifest.Discovery)
            fields.Fault("account", "reads the id_token, but jwks_uri is missing");
    }

    private static string? ResponseMode(ManifestFields fields)
    {
        var mode = fields.Text("response_mode");
        if (mode is not (null or "query" or "form_post"))
            fields.Fault("response_mode", $"must be query or form_post, not \"{mode}\"");
        return mode;
    }

    /// <summary>A link on a page: an http address that a browser opens. {issuer} stands for the issuer, which may not be known yet.</summary>
    private static Uri? Console(ManifestFields fields)
    {
        var text = fields.Text("console_url");
        var issuer = fields.Text("issuer");
        if (text is null || (issuer is null && text.Contains("{issuer}", StringComparison.Ordinal)))
            return null;
        if (Uri.TryCreate(text.Replace("{issuer}", issuer, StringComparison.Ordinal), UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp))
            return address;
        fields.Fault("console_url", "must be an absolute http or https URL");
        return null;
    }

    private static Regex? Pattern(ManifestFields fields, string name, string? text)
    {
        if (text is null)
            return null;
        try
        {
            // Matched against what an operator pastes: the engine without backtracking takes linear time for every pattern.
            return new Regex($@"\A(?:{text})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            fields.Fault(name, "is no regular expression without look-arounds and back-references");
            return null;
        }
    }

    private static Rotation RotationOf(ManifestFields fields)
    {
        var rotation = fields.Mapping("rotation");
        if (rotation is null)
            return Rotation.Unknown;
        var profile = rotation.Choice<RotationProfile>("profile") ?? RotationProfile.Strict;
        var grace = rotation.Number("grace_seconds", 0, 1, 86400);
        var isCompanion = rotation.Flag("companion", false);
        if ((profile == RotationProfile.Grace) != (grace > 0))
            rotation.Fault("grace_seconds", "belongs to the profile grace, and only to it");
        rotation.RefuseOthersBut();
        return new Rotation(profile, TimeSpan.FromSeconds(grace), isCompanion);
    }

    private static AssertionRules AssertionRulesOf(ManifestFields fields)
    {
        if (fields.Mapping("client_assertion") is not { } rules)
            return AssertionRules.Usual;
        var read = new AssertionRules(rules.Choice<AssertionAudience>("audience") ?? AssertionAudience.TokenEndpoint, rules.Text("algorithm"), rules.Text("key_id"))
        {
            Issuer = rules.Text("issuer"),
            Parameter = rules.Choice<AssertionParameter>("parameter") ?? AssertionParameter.ClientAssertion,
        };
        if (read.Algorithm is { } algorithm && !ClientKey.Algorithms.Contains(algorithm))
            rules.Fault("algorithm", $"must be one of {string.Join(", ", ClientKey.Algorithms)}, not \"{algorithm}\"");
        if (read.Audience == AssertionAudience.Issuer && fields.Text("issuer") is null && !fields.Flag("discovery", false))
            rules.Fault("audience", "cannot be the issuer without an issuer");
        rules.RefuseOthersBut();
        return read;
    }

    private static GrantLimits GrantLimitsOf(ManifestFields fields)
    {
        if (fields.Mapping("grant_limits") is not { } grants)
            return GrantLimits.None;
        var (most, days) = (grants.Number("per_account", 0, 2, 100_000), grants.Number("trial_days", 0, 1, 3650));
        var read = new GrantLimits(grants.Text("lifetime_member"), most > 0 ? most : null, days > 0 ? TimeSpan.FromDays(days) : null, grants.Text("trial_name"));
        if ((read.Trial is null) != (read.TrialName is null))
            grants.Fault("trial_days and trial_name", "belong together");
        grants.RefuseOthersBut();
        return read;
    }

    private static RateLimit? RateLimitOf(ManifestFields fields)
    {
        if (fields.Mapping("rate_limit") is not { } limit)
            return null;
        var (requests, seconds) = (limit.Number("requests", 0, 1, 1_000_000), limit.Number("per_seconds", 0, 1, 86400));
        if (requests == 0 || seconds == 0)
            limit.Fault("requests and per_seconds", "are both required");
        limit.RefuseOthersBut();
        return requests == 0 || seconds == 0 ? null : new RateLimit(requests, TimeSpan.FromSeconds(seconds));
    }

    private static ErrorCodes? ErrorCodesOf(ManifestFields fields)
    {
        if (fields.Mapping("error_codes") is not { } codes)
            return null;
        var read = new ErrorCodes(codes.Required("member"), codes.List("transient"), codes.List("misconfigured"), codes.List("rejected"));
        codes.RefuseOthersBut();
        return read;
    }

    private static LiveCheck? LiveCheckOf(ManifestFields fields)
    {
        if (fields.Mapping("live_check") is not { } check)
            return null;
        var read = new LiveCheck(check.Text("error") ?? OAuthNames.Error, check.List("void"), TimeSpan.FromHours(check.Number("every_hours", 24, 1, 720)));
        if (read.Void.Count == 0)
            check.Fault("void", "is required");
        check.RefuseOthersBut();
        return read;
    }

    private static EventForm? EventsOf(ManifestFields fields)
    {
        if (fields.Mapping("events") is not { } events)
            return null;
        var algorithm = events.Text("algorithm") ?? JwtAlgorithms.Rs256;
        if (!JwtAlgorithms.PublicKey.Contains(algorithm))
            events.Fault("algorithm", $"must be one of {string.Join(", ", JwtAlgorithms.PublicKey)}, not \"{algorithm}\"");
        var read = new EventForm(algorithm, events.Text("issuer"), events.Required("type"), events.Required("account"), events.Text("time") ?? "iat", events.List("ends"));
        if (read.Ends.Count == 0)
            events.Fault("ends", "is required");
        events.RefuseOthersBut();
        return read;
    }

    private static AccountMembers Account(ManifestFields fields)
    {
        var account = fields.Mapping("account");
        if (account is null)
            return new ProviderManifest { Key = "", DisplayName = "" }.Account;
        var members = new AccountMembers(
            account.Choice<AccountSource>("source") ?? AccountSource.IdToken,
            account.List("id") is { Count: > 0 } id ? id : ["sub"],
            account.List("email") is { Count: > 0 } email ? email : ["email"],
            account.Text("name") ?? "name",
            account.Text("picture") ?? "picture");
        account.RefuseOthersBut();
        return members;
    }

    private static ResourceListing? Listing(string type, ManifestFields listing, bool loopbackHttp)
    {
        listing.Required("url");
        var url = listing.Address("url", loopbackHttp);
        var read = new ResourceListing(
            type, url ?? new Uri("https://unset.invalid"), listing.Flag("post", false), listing.List("scopes"), listing.Text("items") ?? "", listing.Required("id"), listing.List("name"),
            listing.Text("link"), listing.Text("permission"), listing.Text("next") is { } from ? new NextPage(from, listing.Text("next_parameter")) : null);
        if (read.Next is null && listing.Text("next_parameter") is not null)
            listing.Fault("next_parameter", "belongs to next");
        if (!ResourceTypes.Contains(type))
            listing.Fault("resources", $"must be one of {string.Join(", ", ResourceTypes)}, not \"{type}\"");
        listing.RefuseOthersBut();
        return url is null ? null : read;
    }

    private static FactSource? Source(ManifestFields source)
    {
        var (url, read, facts) = (source.Required("url"), source.Required("read"), source.List("facts"));
        source.RefuseOthersBut();
        if (!Uri.TryCreate(url, UriKind.Absolute, out var page) || page.Scheme != Uri.UriSchemeHttps)
            source.Fault("url", "must be an https URL");
        else if (!DateOnly.TryParseExact(read, "yyyy-MM-dd", out var day))
            source.Fault("read", "must be a date such as 2026-01-31");
        else
            return new FactSource(page, day, facts);
        return null;
    }

    private static ProviderScope Scope((string Name, ManifestFields Fields) entry)
    {
        var scope = new ProviderScope(
            entry.Name, entry.Fields.Required("display_name"), entry.Fields.Text("description"), entry.Fields.Text("category"),
            entry.Fields.Flag("required", false), entry.Fields.Flag("sensitive", false));
        entry.Fields.RefuseOthersBut();
        return scope;
    }

    private static List<ProviderVariable> Variables(ManifestFields fields)
    {
        var variables = new List<ProviderVariable>();
        foreach (var (name, variable) in fields.Mappings("variables"))
        {
            var kind = variable.Choice<VariableKind>("kind") ?? VariableKind.Label;
            variables.Add(new ProviderVariable(name, kind, variable.Text("default"), variable.List("values")));
            variable.Text("description");
            variable.RefuseOthersBut();
        }

        return variables;
    }

    /// <summary>
    /// Writes the values into every text of the tree. A variable without a value is filled with a name that leads nowhere,
    /// so that the rest can be judged; a brace that names no variable stays.
    /// </summary>
    private static JsonObject Fill(JsonObject tree, List<ProviderVariable> declared, IReadOnlyDictionary<string, string> values, string place, List<string> faults, out List<string> unset)
    {
        unset = [];
        var filled = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in declared)
        {
            filled[variable.Name] = variable.Kind == VariableKind.Host ? "unset.invalid" : "unset";
            var value = values.GetValueOrDefault(variable.Name) ?? variable.Default;
            if (value is null)
            {
                unset.Add(variable.Name);
                continue;
            }

            var fits = variable.Kind switch
            {
                VariableKind.Label => Label().IsMatch(value),
                VariableKind.Choice => variable.Values.Contains(value),
                _ => Host().IsMatch(value),
            };
            if (fits)
                filled[variable.Name] = value;
            else
                faults.Add($"{place}: variables: {variable.Name} has a value that its kind {Words.Of(variable.Kind)} does not allow");
        }

        return (JsonObject)Replace(tree)!;

        JsonNode? Replace(JsonNode? node) => node switch
        {
            JsonObject map => new JsonObject(map.Select(member => KeyValuePair.Create(member.Key, Replace(member.Value)))),
            JsonArray array => new JsonArray([.. array.Select(Replace)]),
            JsonValue value => JsonValue.Create(Placeholder().Replace(value.GetValue<string>(), match => filled.GetValueOrDefault(match.Groups[1].Value, match.Value))),
            _ => null,
        };
    }

    private enum BodyFormat
    {
        Form,
        Json,
    }

    private enum TokenKind
    {
        RefreshToken,
        AccessToken,
    }

    [GeneratedRegex(@"^[a-z][a-z0-9_]{0,49}\z")]
    private static partial Regex Key();

    [GeneratedRegex(@"^[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,61}[a-zA-Z0-9])?\z")]
    private static partial Regex Label();

    [GeneratedRegex(@"^[a-zA-Z0-9.-]{1,253}(?::\d{1,5})?\z")]
    private static partial Regex Host();

    [GeneratedRegex(@"\{([a-z_]+)\}")]
    private static partial Regex Placeholder();
}
