using System.Security.Claims;
using Grantkeeper.Encryption;
using Grantkeeper.Identity;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.Dashboard.Session;

/// <summary>An operator on the pages: signed in by a one-time link, a key or the identity provider, for eight hours, in a protected cookie.</summary>
internal static class OperatorSession
{
    public const string Scheme = "grantkeeper-operator";
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(8);

    private const string SessionId = "session";
    private const string SignedInWith = "key";
    private const string Person = "person";

    /// <param name="http">The request that signs in.</param>
    /// <param name="key">Whose key it was; null for a one-time link.</param>
    public static Task Begin(HttpContext http, Caller? key) => SignIn(http, key is null ? [] : [new Claim(SignedInWith, key.Id)]);

    /// <param name="http">The request that signs in.</param>
    /// <param name="person">The operator's name at the identity provider.</param>
    public static Task BeginAs(HttpContext http, string person) => SignIn(http, [new Claim(Person, person)]);

    private static Task SignIn(HttpContext http, Claim[] how)
    {
        // The name in the audit log; tells nothing about the cookie.
        var id = RandomHandle.HashOf(RandomHandle.New())[..12];
        return http.SignInAsync(Scheme, new ClaimsPrincipal(new ClaimsIdentity([new Claim(SessionId, id), .. how], Scheme)));
    }

    /// <summary>The operator of this request; null when nobody is signed in, or when the key that signed in has ended since.</summary>
    public static async Task<Caller?> Of(HttpContext http)
    {
        var result = await http.AuthenticateAsync(Scheme);
        if (result.Principal?.FindFirst(SessionId) is not { } session)
            return null;
        if (result.Principal.FindFirst(SignedInWith) is { } key && !await http.RequestServices.GetRequiredService<ApiKeys>().IsStillGood(key.Value, http.RequestAborted))
            return null;
        return new Caller($"operator:{session.Value}", Permissions.All.Except([Permissions.TokenRead]).ToHashSet()) { Actor = result.Principal.FindFirst(Person)?.Value };
    }
}
