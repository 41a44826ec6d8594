using System.Security.Cryptography;
using Grantkeeper.Identity;
using Grantkeeper.Settings;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Secret = Grantkeeper.Encryption.Secret;

namespace Grantkeeper.Dashboard.Session;

/// <summary>An operator's sign-in under way, sealed in a cookie of the browser that began it, for ten minutes.</summary>
internal sealed class AttemptCookie(IDataProtectionProvider protection, GrantkeeperOptions options)
{
    private const char Separator = '\n';
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector("grantkeeper.sign-in").ToTimeLimitedDataProtector();

    private bool IsHttps => options.PublicUrl.Scheme == Uri.UriSchemeHttps;

    private string Name => IsHttps ? "__Host-gk-sign-in" : "gk-sign-in";

    // Lax: the provider sends the browser back by a link from another site.
    private CookieOptions Cookie => new() { HttpOnly = true, Secure = IsHttps, SameSite = SameSiteMode.Lax, Path = "/", MaxAge = Lifetime, IsEssential = true };

    /// <summary>Keeps an attempt, and the page that it leads on to.</summary>
    public void Keep(HttpContext http, SignInAttempt attempt, string to) => http.Response.Cookies.Append(
        Name, _protector.Protect(string.Join(Separator, attempt.State.Reveal(), attempt.Nonce.Reveal(), attempt.CodeVerifier.Reveal(), to), Lifetime), Cookie);

    /// <summary>The attempt of this browser, which is over now; null when there is none that is good.</summary>
    public (SignInAttempt? Attempt, string To) Take(HttpContext http)
    {
        if (http.Request.Cookies[Name] is not { Length: > 0 } sealedText)
            return (null, "");
        http.Response.Cookies.Delete(Name, Cookie);
        try
        {
            var parts = _protector.Unprotect(sealedText).Split(Separator);
            return (new SignInAttempt(new Secret(parts[0]), new Secret(parts[1]), new Secret(parts[2])), parts[3]);
        }
        catch (CryptographicException)
        {
            return (null, "");
        }
    }
}
