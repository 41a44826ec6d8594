using Grantkeeper.Settings;
using Grantkeeper.Texts;
using Microsoft.AspNetCore.Http;

namespace Grantkeeper.Http;

/// <summary>In which language a page answers: <c>?lang=</c>, which is remembered in a cookie, then the session's, then the browser's.</summary>
internal static class PageLanguage
{
    private const string Cookie = "gk-lang";
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(365);

    public static PageTexts Of(HttpContext http, string? session = null)
    {
        var asked = http.Request.Query["lang"];
        return PageTexts.Choose(asked.Count == 1 ? asked[0] : http.Request.Cookies[Cookie], session, http.Request.Headers.AcceptLanguage);
    }

    /// <summary>Keeps what the person chose by <c>?lang=</c>; a preference, no identifier.</summary>
    public static void Remember(HttpContext http, GrantkeeperOptions options)
    {
        if (http.Request.Query["lang"] is [{ } asked] && PageTexts.Languages.Contains(asked))
            http.Response.Cookies.Append(Cookie, asked, new CookieOptions
            {
                Path = "/", MaxAge = Remembered, HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = options.PublicUrl.Scheme == Uri.UriSchemeHttps,
            });
    }
}
