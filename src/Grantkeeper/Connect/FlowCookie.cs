using Grantkeeper.Settings;
using Microsoft.AspNetCore.Http;

namespace Grantkeeper.Connect;

/// <summary>
/// The cookie that binds a flow to one browser. One per flow, so that many flows at once do not disturb each other.
/// <c>__Host-</c> and Secure everywhere but on plain http on a developer's loopback, where some browsers refuse them.
/// </summary>
internal static class FlowCookie
{
    public static string NameOf(string stateHash, GrantkeeperOptions options) =>
        (IsPlainHttp(options) ? "gk-flow-" : "__Host-gk-flow-") + stateHash[..16];

    public static CookieOptions Options(GrantkeeperOptions options) => new()
    {
        HttpOnly = true,
        Secure = !IsPlainHttp(options),
        SameSite = SameSiteMode.Lax,
        Path = "/",
        MaxAge = ConnectFlow.Lifetime,
        IsEssential = true,
    };

    private static bool IsPlainHttp(GrantkeeperOptions options) => options.PublicUrl.Scheme == Uri.UriSchemeHttp;
}
