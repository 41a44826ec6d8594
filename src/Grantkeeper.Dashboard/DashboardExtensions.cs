using Grantkeeper.Dashboard.Hosted;
using Grantkeeper.Dashboard.Session;
using Grantkeeper.Settings;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Grantkeeper.Dashboard;

/// <summary>Adds and mounts the server-rendered pages.</summary>
public static class DashboardExtensions
{
    /// <summary>Registers what the pages need beside Grantkeeper itself.</summary>
    /// <param name="services">The application's services.</param>
    public static IServiceCollection AddGrantkeeperDashboard(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddAntiforgery();
        services.AddAuthentication().AddCookie(OperatorSession.Scheme);
        services.AddSingleton<ApiKeySource>();
        services.AddSingleton<AccountsReader>();
        services.AddSingleton<SealedKeyRepository>();
        services.AddSingleton<AttemptCookie>();
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider =>
            new ConfigureOptions<KeyManagementOptions>(options =>
            {
                options.XmlRepository = provider.GetRequiredService<SealedKeyRepository>();
                // The repository seals the whole document; nothing inside it is left to encrypt.
                options.XmlEncryptor = new NullXmlEncryptor();
            }));
        services.AddDataProtection();
        services.AddOptions<CookieAuthenticationOptions>(OperatorSession.Scheme).Configure<GrantkeeperOptions>((cookie, options) =>
        {
            cookie.ExpireTimeSpan = OperatorSession.Lifetime;
            cookie.SlidingExpiration = false;
            Harden(cookie.Cookie, "gk-operator", options);
        });
        services.AddOptions<AntiforgeryOptions>().Configure<GrantkeeperOptions>((antiforgery, options) => Harden(antiforgery.Cookie, "gk-form", options));
        return services;
    }

    /// <summary>Maps the pages.</summary>
    /// <param name="endpoints">The application's routes.</param>
    public static IEndpointRouteBuilder MapGrantkeeperDashboard(this IEndpointRouteBuilder endpoints)
    {
        var pages = endpoints.MapGroup("").AddEndpointFilter(AsBrowsersSeeIt);
        SessionEndpoints.Map(pages);
        OperatorSignInEndpoints.Map(pages);
        AccountEndpoints.Map(pages);
        AccountChangeEndpoints.Map(pages);
        PersonEndpoints.Map(pages);
        TimelinePageEndpoints.Map(pages);
        AuditPageEndpoints.Map(pages);
        ProviderPageEndpoints.Map(pages);
        HostedEndpoints.Map(pages);
        DocumentationEndpoints.Map(pages);
        return endpoints;
    }

    /// <summary>
    /// A proxy ends TLS and passes plain http on; the browser came over the public origin's scheme all the same. Said here,
    /// from the settings and not from a header, since the antiforgery service refuses Secure cookies on plain http.
    /// </summary>
    private static ValueTask<object?> AsBrowsersSeeIt(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        http.Request.Scheme = http.RequestServices.GetRequiredService<GrantkeeperOptions>().PublicUrl.Scheme;
        return next(context);
    }

    private static void Harden(CookieBuilder cookie, string name, GrantkeeperOptions options)
    {
        // On a developer's loopback over http some browsers refuse Secure cookies.
        var https = options.PublicUrl.Scheme == Uri.UriSchemeHttps;
        cookie.Name = https ? $"__Host-{name}" : name;
        cookie.SecurePolicy = https ? CookieSecurePolicy.Always : CookieSecurePolicy.None;
        cookie.SameSite = SameSiteMode.Lax;
        cookie.HttpOnly = true;
        cookie.Path = "/";
    }
}
