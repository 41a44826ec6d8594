using Grantkeeper.Client;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

#pragma warning disable IDE0130 // where every registration is looked for
namespace Microsoft.Extensions.DependencyInjection;
#pragma warning restore IDE0130

/// <summary>Adds the client of a Grantkeeper server.</summary>
public static class GrantkeeperClientServiceCollectionExtensions
{
    /// <summary>The name of the <see cref="HttpClient"/> that reaches Grantkeeper.</summary>
    public const string HttpClientName = "Grantkeeper.Client";

    /// <summary>Registers <see cref="GrantkeeperClient"/> and the source of tokens for <c>AddConnectedAccount</c>.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="url">Grantkeeper's address.</param>
    /// <param name="apiKey">The API key.</param>
    /// <returns>The builder of the client's <see cref="HttpClient"/>.</returns>
    public static IHttpClientBuilder AddGrantkeeperClient(this IServiceCollection services, string url, string apiKey) =>
        services.AddGrantkeeperClient(options =>
        {
            options.Url = Uri.TryCreate(url, UriKind.RelativeOrAbsolute, out var parsed) ? parsed : null;
            options.ApiKey = apiKey;
        });

    /// <summary>Registers <see cref="GrantkeeperClient"/> and the source of tokens for <c>AddConnectedAccount</c>. Settings that cannot be used stop the start, every fault at once.</summary>
    /// <param name="services">The application's services.</param>
    /// <param name="configure">Sets the options, for example <c>configuration.GetSection("Grantkeeper").Bind</c>.</param>
    /// <returns>The builder of the client's <see cref="HttpClient"/>.</returns>
    public static IHttpClientBuilder AddGrantkeeperClient(this IServiceCollection services, Action<GrantkeeperClientOptions> configure)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<GrantkeeperClientOptions>, GrantkeeperClientOptionsValidator>());
        services.AddOptions<GrantkeeperClientOptions>().Configure(configure).ValidateOnStart();
        services.TryAddSingleton<IAccessTokenSource, HttpTokenSource>();
        return services.AddHttpClient<GrantkeeperClient>(HttpClientName)
            .ConfigureHttpClient((provider, http) => GrantkeeperClient.Configure(http, provider.GetRequiredService<IOptions<GrantkeeperClientOptions>>().Value))
            .ConfigurePrimaryHttpMessageHandler(GrantkeeperClient.NewPrimaryHandler)
            .AddHttpMessageHandler(provider => new ApiKeyHandler(provider.GetRequiredService<IOptions<GrantkeeperClientOptions>>().Value));
    }

    /// <summary>Adds a check that Grantkeeper is reachable and can serve.</summary>
    /// <param name="builder">The application's health checks.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="failureStatus">What a failure counts as; null: unhealthy.</param>
    public static IHealthChecksBuilder AddGrantkeeperClient(this IHealthChecksBuilder builder, string name = "grantkeeper", HealthStatus? failureStatus = null) =>
        builder.Add(new HealthCheckRegistration(name, provider => new GrantkeeperHealthCheck(provider.GetRequiredService<GrantkeeperClient>()), failureStatus, ["grantkeeper"]));
}
