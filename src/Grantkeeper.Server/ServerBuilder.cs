using Grantkeeper.Dashboard;
using Grantkeeper.Http;

namespace Grantkeeper.Server;

/// <summary>The stand-alone server: the library's slices, the pages and the API description in one thin host.</summary>
public static class ServerBuilder
{
    private const string DefaultUrl = "http://localhost:8000";

    /// <summary>Builds the server without starting it.</summary>
    /// <param name="args">Command-line arguments; they are configuration too.</param>
    /// <param name="configure">Changes the builder before the application is built; for tests.</param>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = NewBuilder(args);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 1024 * 1024;
        });
        builder.Host.UseDefaultServiceProvider(services => services.ValidateOnBuild = services.ValidateScopes = true);
        // Not in appsettings.json, which would win over ASPNETCORE_URLS.
        if (string.IsNullOrWhiteSpace(builder.Configuration[WebHostDefaults.ServerUrlsKey]))
            builder.WebHost.UseUrls(DefaultUrl);
        ConfigureLogging(builder);
        configure?.Invoke(builder);

        builder.Services.AddGrantkeeper(builder.Configuration);
        builder.Services.AddGrantkeeperDashboard();
        builder.Services.ConfigureHttpJsonOptions(json => WireJson.Configure(json.SerializerOptions));
        builder.Services.AddOpenApi("v1", ApiDescription.Configure);
        ClientAddress.Add(builder.Services);
        Metrics.Add(builder.Services);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(30));

        var app = builder.Build();
        app.UseForwardedHeaders();
        app.UseStatusCodePages(EmptyAnswers.Explain);
        Metrics.Use(app);
        app.UseAuthentication();
        app.UseAntiforgery();
        app.MapGrantkeeper();
        app.MapGrantkeeperDashboard();
        app.MapOpenApi("/openapi/{documentName}.json");
        return app;
    }

    /// <summary>The settings as the server reads them: <c>appsettings.json</c>, the environment, the arguments, secret files.</summary>
    /// <param name="args">Command-line arguments.</param>
    /// <exception cref="Startup.GrantkeeperStartException">A secret file cannot be read.</exception>
    public static IConfiguration Settings(params string[] args) => NewBuilder(args).Configuration;

    private static WebApplicationBuilder NewBuilder(string[] args)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            // Settings lie beside the program, wherever it is started from.
            ContentRootPath = AppContext.BaseDirectory,
        });
        SecretFiles.Add(builder.Configuration);
        return builder;
    }

    private static void ConfigureLogging(WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddJsonConsole(console =>
        {
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            console.IncludeScopes = false;
        });
        // A refused start is told once, in words, by Program; its stack trace helps nobody.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
    }
}
