using System.Text.Json;
using Grantkeeper.Errors;
using Grantkeeper.OAuth;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Providers;

/// <summary>
/// Calls what a provider's class overrides. Whatever it throws or says wrongly ends here: as a coded failure before anything
/// was sent, as nothing said once tokens have come. Without a class every call answers what the engine does anyway.
/// </summary>
internal sealed class ProviderHooks
{
    /// <summary>The error of a token request that was not sent, because the provider's class failed.</summary>
    public const string ClassFailed = "class_failed";

    /// <summary>A provider without a class.</summary>
    public static readonly ProviderHooks None = new(null, null);

    private const int LongestText = 255;
    private const string NothingSent = "Nothing was sent.";
    private const string NothingStored = "Nothing was stored.";

    private static readonly string[] GrantParameters =
    [
        OAuthNames.GrantType, OAuthNames.Code, OAuthNames.RefreshToken, OAuthNames.RedirectUri, OAuthNames.CodeVerifier, OAuthNames.ClientId,
        OAuthNames.ClientSecret, "client_assertion", "client_assertion_type", "instance_id",
    ];

    private readonly ProviderClass? _definition;
    private readonly ILogger? _logger;
    private string? _manifest;

    public ProviderHooks(ProviderClass? definition, ILogger? logger) => (_definition, _logger) = (definition, logger);

    /// <summary>One for each class.</summary>
    public static IReadOnlyList<ProviderHooks> Of(IEnumerable<ProviderClass> definitions, ILoggerFactory loggers) =>
        [.. definitions.Select(definition => new ProviderHooks(definition, loggers.CreateLogger<ProviderHooks>()))];

    /// <summary>The class's name, by which faults of its manifest are told.</summary>
    public string Name => _definition?.GetType().Name ?? "";

    /// <summary>The class's manifest; null with a fault when it gives none.</summary>
    public string? Manifest(List<string> faults)
    {
        // Asked once: it is read at the start, and the folder beside it many times.
        if ((_manifest ??= Guarded(definition => definition.Manifest)) is { } yaml)
            return yaml;
        faults.Add($"{Name}: its Manifest cannot be read");
        return null;
    }

    /// <summary>The manifest's parameters of an authorization request and those of the class. Failure: <c>providers.class_failed</c>.</summary>
    public Result<Dictionary<string, string>> AuthorizationParameters(ProviderManifest manifest, AuthorizationFacts request)
    {
        if (_definition is null)
            return new Dictionary<string, string>(manifest.AuthorizationParameters);
        if (Guarded(definition => new Dictionary<string, string>(definition.AuthorizationParameters(request))) is not { } added)
            return Failed(NothingSent);
        return added.Keys.Any(name => AuthorizationRequest.OwnParameters.Contains(name) || name == manifest.ClientIdParameter) || !AreTexts(added)
            ? Failed(NothingSent)
            : Over(manifest.AuthorizationParameters, added);
    }

    /// <summary>The provider as one token request sees it: with what the class adds. Failure: <c>providers.class_failed</c>.</summary>
    public Result<Provider> Shape(Provider provider, bool isRefresh)
    {
        if (_definition is null)
            return provider;
        if (Guarded(definition => Copied(definition.TokenRequest(new TokenRequestFacts(isRefresh, provider.Client.ClientId)))) is not { Parameters: var parameters, Headers: var headers })
            return Failed(NothingSent);
        if (parameters.Keys.Any(name => GrantParameters.Contains(name) || name == provider.Manifest.ClientIdParameter) || !AreTexts(parameters) || !headers.All(IsHeader))
            return Failed(NothingSent);
        var manifest = provider.Manifest;
        return provider with
        {
            Manifest = manifest with
            {
                TokenParameters = isRefresh ? manifest.TokenParameters : Over(manifest.TokenParameters, parameters),
                RefreshParameters = isRefresh ? Over(manifest.RefreshParameters, parameters) : manifest.RefreshParameters,
                RequestHeaders = Over(manifest.RequestHeaders, headers),
            },
        };
    }

    /// <summary>A token answer with what the class reads in it. It never fails: the tokens may be the only copy.</summary>
    public TokenResponse Understand(TokenResponse answer)
    {
        if (_definition is null || answer.Members is not { } members)
            return answer;
        if (Guarded(definition => Copied(definition.TokenAnswer(WithoutTokens.Of(members.Json, answer)))) is not { } read)
            return answer;
        // What could not be stored or served would cost the grant: then the engine's own reading stays.
        var scopes = read.Scopes?.Where(scope => scope is not null && !scope.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))).ToList();
        return answer with
        {
            ExpiresIn = read.ExpiresIn is { } life && life > TimeSpan.Zero && life <= TokenResponse.LongestLifetime ? life : answer.ExpiresIn,
            Scope = scopes is { Count: > 0 } ? ScopeSet.Of(scopes) : answer.Scope,
        };
    }

    /// <summary>The account that a source names: by the class, else by the manifest; null when neither finds one. Failure: <c>providers.class_failed</c>.</summary>
    public Result<Account?> Account(JsonElement source, AccountMembers members, TokenResponse tokens)
    {
        if (_definition is null)
            return Providers.Account.Read(source, members);
        var isFailed = false;
        if (Guarded(definition => definition.Account(WithoutTokens.Of(source, tokens)), () => isFailed = true) is not { } read)
            return isFailed ? Failed(NothingStored) : Providers.Account.Read(source, members);
        return IsText(read.Id) ? new Account(read.Id, Shown(read.Email), Shown(read.DisplayName), null) : Failed(NothingStored);
    }

    /// <summary>Runs one override; null when it gave nothing or threw. What it threw is not told: its text may hold what the class has read.</summary>
    private T? Guarded<T>(Func<ProviderClass, T?> run, Action? failed = null) where T : class
    {
        try
        {
            return run(_definition!);
        }
        catch (Exception exception)
        {
            ProvidersLog.ClassFailed(_logger!, Name, exception.GetType().Name);
            failed?.Invoke();
            return null;
        }
    }

    // A collection of the class's own may throw when it is walked through: that has to happen while it is guarded.
    private static TokenRequestAdditions Copied(TokenRequestAdditions given) =>
        new() { Parameters = new Dictionary<string, string>(given.Parameters), Headers = new Dictionary<string, string>(given.Headers) };

    private static TokenAnswerFacts? Copied(TokenAnswerFacts? given) => given is null ? null : given with { Scopes = given.Scopes?.ToArray() };

    private Failure Failed(string outcome) => new(ErrorCatalogue.Providers.ClassFailed, $"The class {Name} of this provider threw, or answered with something that is not allowed. {outcome}");

    private static Dictionary<string, string> Over(IReadOnlyDictionary<string, string> below, IReadOnlyDictionary<string, string> above)
    {
        var all = new Dictionary<string, string>(below);
        foreach (var (name, value) in above)
            all[name] = value;
        return all;
    }

    private static bool AreTexts(IReadOnlyDictionary<string, string> parameters) => parameters.All(parameter => parameter is { Key.Length: > 0, Value: not null });

    private static bool IsHeader(KeyValuePair<string, string> header) =>
        header.Key.Length > 0 && header.Key.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') && header.Value is { } value && value.All(c => c is >= ' ' and <= '~')
        && !new[] { "Authorization", "Host", "Cookie", "Connection", "Transfer-Encoding" }.Contains(header.Key, StringComparer.OrdinalIgnoreCase)
        && !header.Key.StartsWith("Content-", StringComparison.OrdinalIgnoreCase) && !header.Key.StartsWith("Proxy-", StringComparison.OrdinalIgnoreCase);

    private static bool IsText(string? text) => text is { Length: > 0 and <= LongestText } && !string.IsNullOrWhiteSpace(text) && !text.Any(char.IsControl);

    private static string? Shown(string? text) => IsText(text) ? text : null;
}
