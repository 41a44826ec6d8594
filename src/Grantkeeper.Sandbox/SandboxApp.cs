using Grantkeeper.Sandbox.Clock;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.Pages;
using Grantkeeper.Sandbox.Platforms;
using Grantkeeper.Sandbox.Platforms.Sandbox;
using Microsoft.AspNetCore.Hosting.Server;

namespace Grantkeeper.Sandbox;

/// <summary>Puts the sandbox together.</summary>
public static class SandboxApp
{
    private const long LargestBody = 256 * 1024;
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Builds a sandbox that is ready to start. <c>--urls</c> among the arguments overrides the options. Its
    /// <see cref="SandboxState"/> is a service, so that a test in the same process can look inside.
    /// </summary>
    /// <exception cref="ArgumentException">An address is not loopback, or a client registration is faulty.</exception>
    public static WebApplication Build(string[] args, SandboxOptions options, TimeProvider? time = null)
    {
        // An empty builder reads no file and no environment variable, so nothing but these lines decides where it listens.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddCommandLine(args);
        var urls = builder.Configuration["urls"] ?? options.Urls;
        if (LoopbackOnly.Faults(urls) is { Count: > 0 } faults) throw new ArgumentException($"The sandbox {faults[0]}");

        builder.WebHost.UseKestrelCore().UseUrls(urls).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
        });
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None); // A failed start is thrown as well; whoever starts says so.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Farewell);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton(new SandboxClock(time ?? TimeProvider.System));
        builder.Services.AddSingleton(services => new SandboxState(options, services.GetRequiredService<SandboxClock>()));
        builder.Services.AddSingleton(services => new PlatformStates(options, services.GetRequiredService<SandboxClock>(), services.GetRequiredService<SandboxState>()));
        builder.Services.AddSingleton(services => new Issuer(services.GetRequiredService<IServer>()));

        var app = builder.Build();
        app.Use(LoopbackOnly.Guard);
        Map(app);
        return app;
    }

    private static void Map(WebApplication app)
    {
        var state = app.Services.GetRequiredService<SandboxState>();
        var issuer = app.Services.GetRequiredService<Issuer>();
        AssetEndpoints.Map(app);
        new ControlEndpoints(state, issuer).Map(app, "/__sandbox");
        SandboxPlatform.Map(app, state, issuer);
        PlatformRoutes.Map(app, app.Services.GetRequiredService<PlatformStates>(), issuer);
    }
}
