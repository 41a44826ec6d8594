using Grantkeeper.Client;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;

#pragma warning disable IDE0130 // where every registration is looked for
namespace Microsoft.Extensions.DependencyInjection;
#pragma warning restore IDE0130

/// <summary>Lets an <see cref="HttpClient"/> go through the connected accounts of users.</summary>
public static class ConnectedAccountHttpClientBuilderExtensions
{
    /// <summary>Every request of the client carries the access token of the user whom it names; without a grant nothing is sent.</summary>
    /// <param name="builder">The client.</param>
    /// <param name="provider">The provider's key, for example <c>google</c>.</param>
    /// <param name="scopes">Scopes without which no request is sent.</param>
    public static IHttpClientBuilder AddConnectedAccount(this IHttpClientBuilder builder, string provider, params string[] scopes) =>
        builder.AddConnectedAccount(options =>
        {
            options.Provider = provider;
            foreach (var scope in scopes)
                options.Scopes.Add(scope);
        });

    /// <summary>
    /// Every request of the client carries the access token of the user whom it names (<c>request.ForUser(id)</c> or
    /// <see cref="IConnectedAccountUser"/>); without a grant nothing is sent and <see cref="ConnectedAccountException"/> says why.
    /// Needs <c>AddGrantkeeperClient</c>, or <c>AddGrantkeeper</c> in the same application.
    /// </summary>
    /// <param name="builder">The client.</param>
    /// <param name="configure">Sets the options.</param>
    /// <exception cref="InvalidOperationException">The client goes through a connected account already.</exception>
    public static IHttpClientBuilder AddConnectedAccount(this IHttpClientBuilder builder, Action<ConnectedAccountOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var (services, name) = (builder.Services, builder.Name);
        if (services.Any(service => service.ImplementationInstance is Registration known && known.Client == name))
            throw new InvalidOperationException($"The client {name} goes through a connected account already; use another client for another provider.");
        services.AddSingleton(new Registration(name));
        services.AddConnectedAccounts();
        services.AddOptions<ConnectedAccountOptions>(name).Configure(configure).ValidateOnStart();
        // After everything that the application configures, whatever the order of its calls.
        services.PostConfigure<HttpClientFactoryOptions>(name, options =>
        {
            options.HttpMessageHandlerBuilderActions.Add(handlers => LeaveToUs(handlers.PrimaryHandler));
            var hidden = options.ShouldRedactHeaderValue;
            options.ShouldRedactHeaderValue = header => header.Equals("Authorization", StringComparison.OrdinalIgnoreCase) || hidden(header);
        });
        return builder.AddHttpMessageHandler(provider => new ConnectedAccountHandler(
            provider.GetRequiredService<IOptionsMonitor<ConnectedAccountOptions>>().Get(name), provider.GetRequiredService<AccountTokens>(), UserOf(services, provider)));
    }

    /// <summary>
    /// Handlers serve many requests: a user that belongs to one of them would be taken for the user of the next.
    /// </summary>
    private static IConnectedAccountUser? UserOf(IServiceCollection services, IServiceProvider provider) =>
        services.Any(service => service.ServiceType == typeof(IConnectedAccountUser) && service.Lifetime != ServiceLifetime.Singleton)
            ? throw new InvalidOperationException("IConnectedAccountUser must be a singleton that finds the user of the current call, for example through IHttpContextAccessor: handlers are shared by requests.")
            : provider.GetService<IConnectedAccountUser>();

    /// <summary>What all clients share: memory and running questions.</summary>
    private static void AddConnectedAccounts(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ConnectedAccountOptions>, ConnectedAccountOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TokenCacheOptions>, TokenCacheOptionsValidator>());
        services.AddOptions<TokenCacheOptions>().ValidateOnStart();
        services.TryAddSingleton<TokenCache>();
        services.TryAddSingleton(provider => new AccountTokens(
            provider.GetService<IAccessTokenSource>() ?? throw new InvalidOperationException("AddConnectedAccount needs AddGrantkeeperClient(url, key), or AddGrantkeeper(configuration) in the same application."),
            provider.GetRequiredService<TokenCache>(), provider.GetRequiredService<TimeProvider>()));
    }

    /// <summary>
    /// The handler above decides about redirects, since it alone knows which address the token is for; and cookies are off, since
    /// one connection pool serves all users and a cookie that an API sets for one of them would go along with the next one's request.
    /// A handler of another kind keeps its own rules.
    /// </summary>
    private static void LeaveToUs(HttpMessageHandler handler)
    {
        try
        {
            if (handler is SocketsHttpHandler sockets)
                (sockets.AllowAutoRedirect, sockets.UseCookies) = (false, false);
            else if (handler is HttpClientHandler client)
                (client.AllowAutoRedirect, client.UseCookies) = (false, false);
        }
        catch (InvalidOperationException)
        {
            // Shared and in use already.
        }
    }

    private sealed record Registration(string Client);
}
