using System.Net;
using System.Security.Cryptography;
using Grantkeeper.Administration;
using Grantkeeper.Audit;
using Grantkeeper.Client;
using Grantkeeper.Connect;
using Grantkeeper.Consents;
using Grantkeeper.Diagnostics;
using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.Events;
using Grantkeeper.Failpoints;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Integrations;
using Grantkeeper.Jwt;
using Grantkeeper.Lifecycle;
using Grantkeeper.Links;
using Grantkeeper.Monitoring;
using Grantkeeper.Onboarding;
using Grantkeeper.Privacy;
using Grantkeeper.Outbox;
using Grantkeeper.Providers;
using Grantkeeper.Registry;
using Grantkeeper.Resilience;
using Grantkeeper.Settings;
using Grantkeeper.Spool;
using Grantkeeper.Startup;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Grantkeeper;

/// <summary>Adds Grantkeeper to an ASP.NET Core application.</summary>
public static class GrantkeeperServiceCollectionExtensions
{
    /// <summary>
    /// Registers every slice. Settings are read from <paramref name="configuration"/> when the host starts; what is missing or
    /// wrong stops the start with <see cref="GrantkeeperStartException"/>, every fault listed.
    /// </summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configuration">The application's configuration, environment variables included.</param>
    public static IServiceCollection AddGrantkeeper(this IServiceCollection services, IConfiguration configuration)
    {
        var plan = FailpointPlan.Read(configuration[FailpointPlan.Variable], []);
        services.TryAddSingleton(plan is null ? TimeProvider.System : new OffsetTime(plan.Clock));
        services.AddSingleton(provider => Deployment.Read(configuration, ProviderHooks.Of(provider.GetServices<ProviderClass>(), provider.GetRequiredService<ILoggerFactory>())));
        services.AddSingleton(provider => provider.GetRequiredService<Deployment>().Options);
        services.AddSingleton(provider => provider.GetRequiredService<Deployment>().Catalogue);
        services.AddSingleton(provider => provider.GetRequiredService<Deployment>().Features);
        services.AddSingleton<Readiness>();
        services.AddHostedService<StartUp>();

        AddStorage(services);
        AddEgress(services);
        AddHttp(services);
        AddGrants(services);
        services.AddSingleton<Doctor>();
        services.AddSingleton<ProviderProbe>();
        services.AddSingleton<TokenExplanation>();
        return services;
    }

    /// <summary>Adds a provider in code. Registering a class twice is registering it once.</summary>
    /// <typeparam name="T">The provider's class; it is made once, and may ask for services.</typeparam>
    /// <param name="services">The application's services.</param>
    public static IServiceCollection AddGrantkeeperProvider<T>(this IServiceCollection services) where T : ProviderClass
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ProviderClass, T>());
        return services;
    }

    private static void AddStorage(IServiceCollection services)
    {
        services.AddSingleton<KeyRing>();
        services.AddSingleton<SecretBox>();
        services.AddSingleton(provider => Open(provider, "user_data", options => options.UserDataDatabase));
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<GrantkeeperOptions>();
            // One pool when one URL serves both.
            return new PlatformDatabase(options.PlatformDatabase == options.UserDataDatabase
                ? provider.GetRequiredService<Database>()
                : Open(provider, "platform", o => o.PlatformDatabase));
        });
    }

    private static void AddEgress(IServiceCollection services)
    {
        services.TryAddSingleton(provider =>
        {
            var options = provider.GetRequiredService<GrantkeeperOptions>();
            return new EgressOptions
            {
                AllowedNetworks = [.. options.AllowedNetworks.Select(network => IPNetwork.Parse(network))],
                AllowLoopbackHttp = options.AllowsLoopbackHttp,
            };
        });
        services.AddEgress();
        services.BySharedTime<JwksCache>();
    }

    private static void AddHttp(IServiceCollection services)
    {
        services.AddSingleton<IHttpContextFactory, SecretAddressContextFactory>();
        services.AddSingleton<BrowserServices>();
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<ConnectSessions>();
        services.AddSingleton<ICredentialKind>(provider => provider.GetRequiredService<ConnectSessions>());
        services.BySharedTime<ICredentialKind, TokenCallers>();
        services.AddSingleton<Credentials>();
        services.AddSingleton<SignInLinks>();
        services.AddSingleton<SignInLimit>();
        services.BySharedTime<OperatorSignIn>();
        services.AddSingleton<RateWindows>();
        services.AddSingleton<CallLimits>();
        services.AddSingleton<ReadLimit>();
        services.AddSingleton<ConnectLinks>();
    }

    private static void AddGrants(IServiceCollection services)
    {
        services.AddSingleton<AuditLog>();
        services.AddSingleton<AuditReader>();
        services.AddSingleton<AuditExport>();
        services.AddSingleton<OutboxStore>();
        services.AddSingleton<OutboxDelivery>();
        services.AddHostedService<OutboxWorker>();
        services.AddSingleton<ClientRegistrations>();
        services.AddSingleton<StoredManifests>();
        services.AddHostedService<ProvidersPoll>();
        services.BySharedTime<EndpointDiscovery>();
        services.BySharedTime<TokenRequests>();
        services.AddSingleton<AccountReader>();
        services.AddSingleton<IntegrationStore>();
        services.AddSingleton<GrantWarnings>();
        services.AddSingleton<ConsentStore>();
        services.AddSingleton<ConsentReader>();
        services.AddSingleton<Escalations>();
        services.AddSingleton<ScopeAsks>();
        services.AddSingleton<FeatureStates>();
        services.AddSingleton<IFeatures>(provider => provider.GetRequiredService<FeatureStates>());
        AddFeaturePolicies(services);
        services.AddSingleton<ScopeTable>();
        services.AddHostedService(provider => provider.GetRequiredService<ScopeTable>());
        services.AddSingleton<NodeIdentity>();
        services.AddSingleton<NodeSpool>();
        services.AddSingleton<ISpool>(provider => provider.GetRequiredService<NodeSpool>());
        services.TryAddSingleton<IFailpoints>(provider =>
        {
            if (provider.GetRequiredService<GrantkeeperOptions>().Failpoints is not { } plan)
                return new NoFailpoints();
            TokenVault.LeaseTime = plan.Lease ?? TokenVault.LeaseTime;
            return new PlannedFailpoints(plan, provider.GetRequiredService<TimeProvider>());
        });
        services.AddSingleton<SharedTime>();
        services.AddSingleton<IDetached, ThreadPoolWork>();
        services.AddSingleton<TokenVault>();
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<NodeSignals>(provider, provider.GetRequiredService<GrantkeeperOptions>().UserDataDatabase));
        services.AddSingleton<INodeSignals>(provider => provider.GetRequiredService<NodeSignals>());
        services.AddHostedService(provider => provider.GetRequiredService<NodeSignals>());
        services.AddSingleton<ITokenVault>(provider => new SignallingVault(provider.GetRequiredService<TokenVault>(), provider.GetRequiredService<INodeSignals>()));
        services.AddSingleton<GrantCache>();
        services.AddSingleton<Revocations>();
        services.AddSingleton<IOutboxHandler>(provider => provider.GetRequiredService<Revocations>());
        services.AddSingleton<LateTokens>();
        services.AddSingleton<ILateTokens>(provider => provider.GetRequiredService<LateTokens>());
        services.AddSingleton<AnswerStore>();
        services.AddSingleton<GrantNews>();
        services.AddSingleton<TokenRefresher>();
        services.AddSingleton<SpoolReplay>();
        services.AddSingleton<IDueQueue, DueQueue>();
        services.AddSingleton<TokenReader>();
        services.AddSingleton<Cleanup>();
        services.AddSingleton<ExpiringGrants>();
        services.AddHostedService<CleanupWorker>();
        services.AddSingleton<RefreshWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<RefreshWorker>());
        services.AddSingleton<CheckQueue>();
        services.AddSingleton<LiveChecks>();
        services.AddSingleton<LiveCheckWorker>();
        services.AddHostedService(provider => provider.GetRequiredService<LiveCheckWorker>());
        services.AddSingleton<IRequestPaces, RequestPaces>();
        services.AddSingleton(provider =>
        {
            var catalogue = provider.GetRequiredService<ProviderCatalogue>();
            return new ProviderCalls(
                provider.GetRequiredService<GrantkeeperOptions>().Resilience, key => catalogue.Find(key)?.Manifest.RateLimit, provider.GetRequiredService<IRequestPaces>(), provider.GetRequiredService<TimeProvider>(), Dice);
        });
        services.AddMetrics();
        services.AddSingleton<ProviderFigures>();
        services.AddSingleton<IRefreshFigures>(provider => provider.GetRequiredService<ProviderFigures>());
        services.AddHostedService<ProviderHours>();
        services.AddSingleton<ProviderStandings>();
        services.AddSingleton<Components>();
        services.AddSingleton<Summaries>();
        services.AddHostedService<RefreshDrain>();
        services.AddSingleton<ReleaseLedger>();
        services.AddSingleton<IReleases>(provider => provider.GetRequiredService<ReleaseLedger>());
        services.AddHostedService(provider => provider.GetRequiredService<ReleaseLedger>());
        services.AddSingleton<TokenAccess>();
        services.AddSingleton<ITokens, Tokens.Tokens>();
        services.AddSingleton<ProviderApi>();
        services.AddSingleton<AccountCall>();
        services.AddSingleton<Resources.IResourceReader, Resources.ResourceReader>();
        services.TryAddSingleton<IAccessTokenSource, ProcessTokenSource>();
        services.AddSingleton<FlowStore>();
        services.AddSingleton<IFlows>(provider => provider.GetRequiredService<FlowStore>());
        services.AddSingleton<IGrantWrites, GrantWrites>();
        services.AddSingleton<GrantStore>();
        services.AddSingleton<ConnectFlow>();
        services.AddSingleton<DisconnectFlow>();
        services.AddSingleton<IntegrationChanges>();
        services.AddSingleton<IntegrationSync>();
        services.AddSingleton<BulkOperations>();
        services.AddSingleton<BulkWork>();
        services.AddHostedService(provider => provider.GetRequiredService<BulkWork>());
        services.AddSingleton<Platforms>();
        services.AddSingleton<OnboardingStep>();
        services.AddSingleton<IOnboarding>(provider => provider.GetRequiredService<OnboardingStep>());
        services.AddSingleton<WithdrawalFlow>();
        services.AddSingleton<UserErasure>();
        services.AddSingleton<UserExport>();
        services.AddSingleton<Timelines>();
        services.AddSingleton<ProviderSetups>();
        services.AddSingleton<ProviderChanges>();
        services.AddSingleton<SandboxControls>();
        services.AddSingleton<Connections>();
        services.AddSingleton<IConnections>(provider => provider.GetRequiredService<Connections>());
        services.AddSingleton<ProviderOperations>();
        services.AddSingleton<IIntegrationRegistry, IntegrationRegistry>();
    }

    /// <summary>Policies of the application may ask for features; how it answers other refusals stays its own.</summary>
    private static void AddFeaturePolicies(IServiceCollection services)
    {
        services.AddSingleton<FeatureGate>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IAuthorizationHandler, FeatureAuthorization>());
        var before = services.LastOrDefault(service => service.ServiceType == typeof(IAuthorizationMiddlewareResultHandler));
        services.AddSingleton<IAuthorizationMiddlewareResultHandler>(provider => new FeatureRefusals(before switch
        {
            { ImplementationInstance: IAuthorizationMiddlewareResultHandler instance } => instance,
            { ImplementationFactory: { } make } => (IAuthorizationMiddlewareResultHandler)make(provider),
            { ImplementationType: { } type } => (IAuthorizationMiddlewareResultHandler)ActivatorUtilities.CreateInstance(provider, type),
            _ => new AuthorizationMiddlewareResultHandler(),
        }));
    }

    private static double Dice() => RandomNumberGenerator.GetInt32(1 << 20) / (double)(1 << 20);

    private static Database Open(IServiceProvider provider, string name, Func<GrantkeeperOptions, string> url)
    {
        var connection = DatabaseUrl.ForApplication(DatabaseUrl.Parse(url(provider.GetRequiredService<GrantkeeperOptions>())).Value);
        return new Database(new NpgsqlDataSourceBuilder(connection.ConnectionString) { Name = name }.Build(), provider.GetRequiredService<TimeProvider>());
    }
}
