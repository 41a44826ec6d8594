using System.Security.Claims;
using Grantkeeper.Encryption;
using Grantkeeper.Identity;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;

namespace Grantkeeper.Dashboard.Session;

/// <summary>An operator on the pages: signed in by a one-time link, for eight hours, in a protected cookie.</summary>
internal static class OperatorSession
{
    public const string Scheme = "grantkeeper-operator";
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(8);

    private const string SessionId = "session";

    public static Task Begin(HttpContext http)
    {
        // The name in the audit log; tells nothing about the cookie.
        var id = RandomHandle.HashOf(RandomHandle.New())[..12];
        var identity = new ClaimsIdentity([new Claim(SessionId, id)], Scheme);
        return http.SignInAsync(Scheme, new ClaimsPrincipal(identity));
    }

    /// <summary>The operator of this request; null when nobody is signed in.</summary>
    public static async Task<Caller?> Of(HttpContext http)
    {
        var result = await http.AuthenticateAsync(Scheme);
        return result.Principal?.FindFirst(SessionId) is { } session ? new Caller($"operator:{session.Value}", Permissions.All.Except([Permissions.TokenRead]).ToHashSet()) : null;
    }
}
