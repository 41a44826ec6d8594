using Grantkeeper.Administration;
using Grantkeeper.Connect;
using Grantkeeper.Consents;
using Grantkeeper.Diagnostics;
using Grantkeeper.Events;
using Grantkeeper.Integrations;
using Grantkeeper.Lifecycle;
using Grantkeeper.Monitoring;
using Grantkeeper.Onboarding;
using Grantkeeper.Privacy;
using Grantkeeper.Tokens;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper;

/// <summary>Mounts Grantkeeper's routes in an ASP.NET Core application.</summary>
public static class GrantkeeperEndpointRouteBuilderExtensions
{
    /// <summary>Maps every route; one line per slice, and the only place that does.</summary>
    /// <param name="endpoints">The application's routes.</param>
    public static IEndpointRouteBuilder MapGrantkeeper(this IEndpointRouteBuilder endpoints)
    {
        HealthEndpoints.Map(endpoints);
        StatusEndpoints.Map(endpoints);
        MonitoringEndpoints.Map(endpoints);
        AuditEndpoints.Map(endpoints);
        Resources.ResourceEndpoints.Map(endpoints);
        IntegrationEndpoints.Map(endpoints);
        ConsentEndpoints.Map(endpoints);
        LifecycleEndpoints.Map(endpoints);
        OnboardingEndpoints.Map(endpoints);
        TokenEndpoints.Map(endpoints);
        TokenListEndpoints.Map(endpoints);
        TimelineEndpoints.Map(endpoints);
        ConnectEndpoints.Map(endpoints);
        UnlockEndpoints.Map(endpoints);
        ConnectSessionEndpoints.Map(endpoints);
        BrowserEndpoints.Map(endpoints);
        EventEndpoints.Map(endpoints);
        BrowserModuleEndpoints.Map(endpoints);
        PrivacyEndpoints.Map(endpoints);
        AdministrationEndpoints.Map(endpoints);
        ClientEndpoints.Map(endpoints);
        ProviderEndpoints.Map(endpoints);
        DiagnosticsEndpoints.Map(endpoints);
        return endpoints;
    }
}
