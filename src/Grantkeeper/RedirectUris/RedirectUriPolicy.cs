using System.Net;
using Grantkeeper.Errors;
using Grantkeeper.Settings;

namespace Grantkeeper.RedirectUris;

/// <summary>
/// Where people may be sent, decided from the configuration alone and never from request headers (R54 to R60).
/// Pure: no network, no clock.
/// </summary>
internal static class RedirectUriPolicy
{
    private const int LongestRedirectUri = 500;

    private static readonly string[] TunnelDomains = ["ngrok.io", "ngrok.app", "ngrok.dev", "ngrok-free.app", "ngrok-free.dev", "trycloudflare.com", "loca.lt"];

    /// <summary>The provider's redirect URI: the configured one, else the one derived from the public URL.</summary>
    public static Result<string> RedirectUriOf(string providerKey, string? configured, GrantkeeperOptions options)
    {
        if (configured is null)
        {
            if (!options.PublicUrlIsSet)
                return new Failure(ErrorCatalogue.RedirectUris.NotConfigured);
            var derived = $"{Origin(options.PublicUrl)}/oauth/{providerKey}/callback";
            return Contradicts(options.PublicUrl.Host, options.Environment) is { } why ? Mismatch(providerKey, derived, why) : derived;
        }

        if (!Uri.TryCreate(configured, UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0 || configured.Length > LongestRedirectUri)
            return Mismatch(providerKey, configured, $"it is no absolute URL without user and fragment of at most {LongestRedirectUri} characters");
        if (uri.Scheme != Uri.UriSchemeHttps && !(uri.Scheme == Uri.UriSchemeHttp && options.AllowsLoopbackHttp && uri.IsLoopback))
            return Mismatch(providerKey, configured, "it is not https");
        if (Contradicts(uri.Host, options.Environment) is { } contradiction)
            return Mismatch(providerKey, configured, contradiction);
        if (Origin(uri) != Origin(options.FrontendUrl) && Origin(uri) != Origin(options.PublicUrl))
            return Mismatch(providerKey, configured, $"its origin {Origin(uri)} is neither FRONTEND_URL ({Origin(options.FrontendUrl)}) nor GRANTKEEPER_PUBLIC_URL ({Origin(options.PublicUrl)})");
        return configured;
    }

    /// <summary>
    /// The address that a finished flow leads to; null when none was asked for. A path leads to FRONTEND_URL;
    /// an absolute URL must have a listed origin (RFC 9700 section 4.11.1).
    /// </summary>
    public static Result<string?> ReturnTo(string? returnTo, GrantkeeperOptions options)
    {
        if (string.IsNullOrEmpty(returnTo))
            return (string?)null;
        var refused = new Failure(ErrorCatalogue.RedirectUris.ReturnToNotAllowed);
        // The fragment is ours: the flow's id and ticket stand there, and a forged one must not stand before them.
        if (returnTo.Length > 2000 || returnTo.Any(c => c is '\\' or '#' or <= ' ' or >= '\u007f'))
            return refused;
        if (returnTo[0] == '/')
        {
            // "//host", "/%2f/host" and "/.//host" lead elsewhere in some browsers, proxies and routers.
            var decoded = Uri.UnescapeDataString(returnTo);
            if (decoded.Any(c => c is '\\' || char.IsControl(c)))
                return refused;
            if (AtHome(decoded, options) is null || AtHome(returnTo, options) is not { Fragment.Length: 0 } path)
                return refused;
            return path.AbsoluteUri;
        }

        if (!Uri.TryCreate(returnTo, UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0)
            return refused;
        if (uri.Scheme != Uri.UriSchemeHttps && uri.Scheme != Uri.UriSchemeHttp)
            return refused;
        return options.IsProductOrigin(Origin(uri)) && returnTo.StartsWith(Origin(uri), StringComparison.OrdinalIgnoreCase) ? uri.AbsoluteUri : refused;
    }

    /// <summary>The one origin that the popup's message goes to: the frontend's, or a listed one that was named at the start.</summary>
    public static Result<string> MessageTarget(string? openerOrigin, GrantkeeperOptions options)
    {
        if (string.IsNullOrEmpty(openerOrigin))
            return Origin(options.FrontendUrl);
        return options.IsProductOrigin(openerOrigin) ? openerOrigin : new Failure(ErrorCatalogue.RedirectUris.OpenerNotAllowed);
    }

    /// <summary>Scheme, host and port, as a browser compares them.</summary>
    public static string Origin(Uri uri) => uri.GetLeftPart(UriPartial.Authority);

    /// <summary>The address of a path of the frontend; null when it resolves to another origin or to a path that begins with two slashes.</summary>
    private static Uri? AtHome(string path, GrantkeeperOptions options) =>
        !path.StartsWith("//", StringComparison.Ordinal) && Uri.TryCreate(options.FrontendUrl, path, out var address)
        && Origin(address) == Origin(options.FrontendUrl) && !address.AbsolutePath.StartsWith("//", StringComparison.Ordinal) ? address : null;

    /// <summary>Only contradictions that are sure: a developer's host in staging or production, a staging host in production.</summary>
    private static string? Contradicts(string host, DeployEnvironment environment)
    {
        host = host.TrimEnd('.');
        if (environment == DeployEnvironment.Development)
            return null;
        if (IsDeveloperHost(host))
            return $"its host belongs to a developer's machine, but DEPLOY_ENV is {environment.ToString().ToLowerInvariant()}";
        // A whole word of the host name: backstage.example.com is no staging host.
        var isStaging = host.Split('.', '-').Any(word => word is "staging" or "stage");
        return environment == DeployEnvironment.Production && isStaging
            ? "its host names a staging environment, but DEPLOY_ENV is production"
            : null;
    }

    private static bool IsDeveloperHost(string host) =>
        host == "localhost" || host.EndsWith(".localhost", StringComparison.Ordinal) || host.EndsWith(".local", StringComparison.Ordinal)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address))
        || TunnelDomains.Any(domain => host == domain || host.EndsWith("." + domain, StringComparison.Ordinal));

    private static Failure Mismatch(string providerKey, string configured, string why) =>
        new(ErrorCatalogue.RedirectUris.EnvironmentMismatch, $"The redirect URI of {providerKey}, {configured}, cannot be used: {why}.");
}
