using Grantkeeper.Sandbox.Http;

namespace Grantkeeper.Sandbox.Platforms.Sandbox;

/// <summary>The platform named "sandbox": OpenID Connect by the book, at the root of the process.</summary>
internal static class SandboxPlatform
{
    /// <summary>OpenID Connect by the book, and strict about it.</summary>
    public static readonly Profile Profile = new("sandbox", "Sandbox")
    {
        Prefix = "",
        Scopes = SandboxScopes.All,
        RequiresPkce = true,
        SendsIss = true,
        CodeLifetime = TimeSpan.FromSeconds(60),
        IdTokenIssuer = _ => "",
    };

    /// <summary>Mounts every path of the platform; this is the only list.</summary>
    public static void Map(IEndpointRouteBuilder routes, SandboxState state, Issuer issuer)
    {
        var discovery = new DiscoveryEndpoints(state, issuer);
        routes.MapGet("/.well-known/openid-configuration", discovery.Metadata);
        routes.MapGet("/jwks", discovery.Keys);

        var authorize = new AuthorizeEndpoints(Profile, state, issuer);
        routes.MapMethods("/authorize", [HttpMethods.Get, HttpMethods.Post], authorize.Start);
        routes.MapGet("/authorize/login", authorize.ShowLogin);
        routes.MapPost("/authorize/login", authorize.Login);
        routes.MapPost("/authorize/switch", authorize.SwitchAccount);
        routes.MapGet("/authorize/consent", authorize.ShowConsent);
        routes.MapPost("/authorize/consent", authorize.Consent);

        routes.MapPost("/token", new TokenEndpoint(Profile, state, issuer).Handle);
        routes.MapPost("/revoke", new RevocationEndpoint(Profile, state).Handle);
        routes.MapPost("/introspect", new IntrospectionEndpoint(state, issuer).Handle);
        routes.MapMethods("/userinfo", [HttpMethods.Get, HttpMethods.Post], new UserinfoEndpoint(state, issuer).Handle);

        var api = new ApiEndpoints(state, issuer);
        routes.MapGet("/api/me", api.Me);
        routes.MapGet("/api/calendar/events", api.CalendarEvents);
        routes.MapGet("/api/files", api.FileList);

        var home = new HomeEndpoints(state, issuer);
        routes.MapGet("/", home.Show);
        routes.MapPost("/switches", home.Switch);
    }
}
