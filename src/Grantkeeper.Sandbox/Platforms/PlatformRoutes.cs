using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.Platforms.Sandbox;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>The simulated platforms beside the one at the root, each below a path of its own with switches and memory of its own.</summary>
internal static class PlatformRoutes
{
    /// <summary>Mounts all of them.</summary>
    public static void Map(IEndpointRouteBuilder root, PlatformStates states, Issuer issuer)
    {
        foreach (var profile in Profiles.All)
            MapProfile(root.MapGroup(profile.Prefix), profile, states[profile.Key], issuer);
        var wix = root.MapGroup("/wix");
        var control = new ControlEndpoints(states["wix"], issuer);
        control.Map(wix, "/__sandbox");
        new WixPlatform(states["wix"], control).Map(wix);
    }

    private static void MapProfile(IEndpointRouteBuilder routes, Profile profile, SandboxState state, Issuer issuer)
    {
        new ControlEndpoints(state, issuer).Map(routes, "/__sandbox");
        var (authorizePath, tokenPaths, revocationPath, keysPath) = PathsOf(profile);
        var authorize = new AuthorizeEndpoints(profile, state, issuer);
        routes.MapMethods(authorizePath, [HttpMethods.Get, HttpMethods.Post], authorize.Start);
        routes.MapGet("/authorize/login", authorize.ShowLogin);
        routes.MapPost("/authorize/login", authorize.Login);
        routes.MapPost("/authorize/switch", authorize.SwitchAccount);
        routes.MapGet("/authorize/consent", authorize.ShowConsent);
        routes.MapPost("/authorize/consent", authorize.Consent);
        var token = new TokenEndpoint(profile, state, issuer);
        foreach (var path in tokenPaths)
            routes.MapPost(path, token.Handle);
        if (revocationPath is not null)
            routes.MapPost(revocationPath, new RevocationEndpoint(profile, state).Handle);
        if (keysPath is not null)
            routes.MapGet(keysPath, new DiscoveryEndpoints(state, issuer).Keys);
        var apis = new PlatformApis(state, issuer);
        Action<IEndpointRouteBuilder> api = profile.Key switch { "google" => apis.MapGoogle, "microsoft" => apis.MapMicrosoft, "notion" => apis.MapNotion, "bing" => apis.MapBing, "wix_oauth_legacy" => new WixSite(state).Map, _ => apis.MapWordPress };
        api(routes);
    }

    /// <summary>The paths of the real servers.</summary>
    private static (string Authorize, string[] Token, string? Revocation, string? Keys) PathsOf(Profile profile) => profile.Key switch
    {
        "google" => ("/o/oauth2/v2/auth", ["/token"], "/revoke", "/oauth2/v3/certs"),
        "microsoft" => ("/{tenant}/oauth2/v2.0/authorize", ["/{tenant}/oauth2/v2.0/token"], null, "/{tenant}/discovery/v2.0/keys"),
        "notion" => ("/v1/oauth/authorize", ["/v1/oauth/token"], "/v1/oauth/revoke", null),
        // The code goes to one address and the refresh to another, as one reading of the documentation has it.
        "bing" => ("/webmasters/oauth/authorize", ["/webmasters/oauth/token", "/webmasters/token"], null, null),
        "wix_oauth_legacy" => ("/installer/install", ["/oauth/access"], null, null),
        "wordpress" => ("/oauth2/authorize", ["/oauth2/token"], null, null),
        _ => ("/oauth2-1/authorize", ["/oauth2-1/token"], "/oauth2-1/revoke", "/.well-known/jwks.json"),
    };
}
