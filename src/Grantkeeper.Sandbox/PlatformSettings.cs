namespace Grantkeeper.Sandbox;

/// <summary>
/// The settings that make Grantkeeper call the simulated platforms instead of the real ones: every endpoint of the eight
/// platforms' manifests, overridden. In the form of environment variables.
/// </summary>
public static class PlatformSettings
{
    /// <summary>The keys of the providers whose platforms are simulated.</summary>
    public static IReadOnlyList<string> Providers { get; } = ["google", "youtube", "gsc", "microsoft", "notion", "bing", "wordpress", "wordpress_oauth21", "wix", "wix_oauth_legacy"];

    /// <summary>The name of a simulated platform's provider.</summary>
    /// <param name="key">One of <see cref="Providers"/>.</param>
    public static string NameOf(string key) => key switch
    {
        "youtube" => "YouTube",
        "gsc" => "Google Search Console",
        "wordpress_oauth21" => "WordPress.com (OAuth 2.1)",
        "wix" => "Wix",
        "wix_oauth_legacy" => "Wix (legacy)",
        _ => Platforms.Profiles.All.First(profile => profile.Key == key).DisplayName,
    };

    /// <summary>The settings for a sandbox at this origin.</summary>
    /// <param name="origin">For example <c>http://127.0.0.1:8100</c>.</param>
    public static IReadOnlyDictionary<string, string> For(string origin)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        void Set(string provider, string member, string path) => settings[$"Grantkeeper__Providers__{provider}__{member}"] = origin + path;
        foreach (var provider in new[] { "google", "youtube", "gsc" })
        {
            Set(provider, "issuer", "/google");
            Set(provider, "authorization_endpoint", "/google/o/oauth2/v2/auth");
            Set(provider, "token_endpoint", "/google/token");
            Set(provider, "revocation_endpoint", "/google/revoke");
            Set(provider, "userinfo_endpoint", provider == "youtube" ? "/google/youtube/v3/channels?part=id,snippet&mine=true" : "/google/v1/userinfo");
            Set(provider, "jwks_uri", "/google/oauth2/v3/certs");
        }

        Set("microsoft", "issuer", "/microsoft/{tenantid}/v2.0");
        Set("microsoft", "authorization_endpoint", "/microsoft/{tenant}/oauth2/v2.0/authorize");
        Set("microsoft", "token_endpoint", "/microsoft/{tenant}/oauth2/v2.0/token");
        Set("microsoft", "userinfo_endpoint", "/microsoft/oidc/userinfo");
        Set("microsoft", "jwks_uri", "/microsoft/{tenant}/discovery/v2.0/keys");
        Set("notion", "authorization_endpoint", "/notion/v1/oauth/authorize");
        Set("notion", "token_endpoint", "/notion/v1/oauth/token");
        Set("notion", "revocation_endpoint", "/notion/v1/oauth/revoke");
        Set("bing", "authorization_endpoint", "/bing/webmasters/oauth/authorize");
        Set("bing", "token_endpoint", "/bing/webmasters/oauth/token");
        Set("bing", "refresh_endpoints__0", "/bing/webmasters/gone");
        Set("bing", "refresh_endpoints__1", "/bing/webmasters/token");
        Set("wordpress", "authorization_endpoint", "/wordpress/oauth2/authorize");
        Set("wordpress", "token_endpoint", "/wordpress/oauth2/token");
        Set("wordpress", "userinfo_endpoint", "/wordpress/rest/v1.1/me");
        Set("wordpress_oauth21", "issuer", "/wordpress_oauth21");
        Set("wordpress_oauth21", "authorization_endpoint", "/wordpress_oauth21/oauth2-1/authorize");
        Set("wordpress_oauth21", "token_endpoint", "/wordpress_oauth21/oauth2-1/token");
        Set("wordpress_oauth21", "revocation_endpoint", "/wordpress_oauth21/oauth2-1/revoke");
        Set("wordpress_oauth21", "userinfo_endpoint", "/wordpress_oauth21/userinfo");
        Set("wordpress_oauth21", "jwks_uri", "/wordpress_oauth21/.well-known/jwks.json");
        Set("wix", "authorization_endpoint", "/wix/app-installer");
        Set("wix", "token_endpoint", "/wix/oauth2/token");
        Set("wix", "userinfo_endpoint", "/wix/apps/v1/instance");
        Set("wix_oauth_legacy", "authorization_endpoint", "/wix_oauth_legacy/installer/install");
        Set("wix_oauth_legacy", "token_endpoint", "/wix_oauth_legacy/oauth/access");
        Set("wix_oauth_legacy", "userinfo_endpoint", "/wix_oauth_legacy/apps/v1/instance");
        Set("wix_oauth_legacy", "resources__site__url", "/wix_oauth_legacy/apps/v1/instance");
        Set("google", "resources__calendar__url", "/google/calendar/v3/users/me/calendarList");
        Set("youtube", "resources__channel__url", "/google/youtube/v3/channels?part=id,snippet&mine=true");
        Set("gsc", "resources__site__url", "/google/webmasters/v3/sites");
        Set("microsoft", "resources__calendar__url", "/microsoft/v1.0/me/calendars");
        Set("notion", "resources__page__url", "/notion/v1/search");
        Set("bing", "resources__site__url", "/bing/webmaster/api.svc/json/GetUserSites");
        Set("wordpress", "resources__blog__url", "/wordpress/rest/v1.1/me/sites");
        Set("wordpress_oauth21", "resources__blog__url", "/wordpress_oauth21/rest/v1.1/me/sites");
        Set("wix", "resources__site__url", "/wix/apps/v1/instance");
        return settings;
    }
}
