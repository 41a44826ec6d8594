using Grantkeeper.Connect;
using Grantkeeper.Encryption;
using Grantkeeper.Settings;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.Dashboard.Hosted;

/// <summary>
/// The cookie of the browser that redeemed a connect page's link. It says which browser this is and not who sits in front
/// of it, so it never confirms a connection.
/// </summary>
internal static class HostedSession
{
    /// <summary>The session of this browser; null when there is none, or it has ended.</summary>
    public static Task<ConnectSession?> Of(HttpContext http) =>
        http.RequestServices.GetRequiredService<ConnectSessions>().FromCookie(Presented(http), http.RequestAborted);

    public static string? Presented(HttpContext http) => http.Request.Cookies[NameFor(Options(http))];

    public static void Begin(HttpContext http, ConnectSession session, Secret cookie, TimeProvider time) => http.Response.Cookies.Append(NameFor(Options(http)), cookie.Reveal(), new CookieOptions
    {
        HttpOnly = true,
        Secure = !IsPlainHttp(Options(http)),
        // The way back from a provider is a navigation from another site, which Lax carries and Strict does not.
        SameSite = SameSiteMode.Lax,
        Path = "/",
        MaxAge = session.ExpiresAt - time.GetUtcNow(),
        IsEssential = true,
    });

    private static string NameFor(GrantkeeperOptions options) => IsPlainHttp(options) ? "gk-connect" : "__Host-gk-connect";

    private static bool IsPlainHttp(GrantkeeperOptions options) => options.PublicUrl.Scheme == Uri.UriSchemeHttp;

    private static GrantkeeperOptions Options(HttpContext http) => http.RequestServices.GetRequiredService<GrantkeeperOptions>();
}
