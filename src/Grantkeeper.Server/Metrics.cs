using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Monitoring;
using Grantkeeper.Resilience;
using Grantkeeper.Storage;
using OpenTelemetry.Metrics;

namespace Grantkeeper.Server;

/// <summary><c>GET /metrics</c> in the text format of Prometheus: our own figures, requests, the connection pool and the runtime.</summary>
internal static class Metrics
{
    private const string Path = "/metrics";

    private const string Pool = "Npgsql";

    private static readonly string[] Meters = [ProviderFigures.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", Pool, "System.Runtime"];

    public static void Add(IServiceCollection services) => services.AddOpenTelemetry().WithMetrics(metrics => metrics
        .AddMeter(Meters)
        // The pool's other figures name each connection with its settings.
        .AddView(instrument => instrument.Meter.Name == Pool && instrument.Name is not "db.client.connection.max" ? MetricStreamConfiguration.Drop : null)
        .AddPrometheusExporter(exporter => exporter.ScopeInfoEnabled = exporter.TargetInfoEnabled = false));

    /// <summary>Who may read it is asked before anything is collected.</summary>
    public static void Use(WebApplication app)
    {
        app.UseWhen(http => http.Request.Path == Path, branch => branch.Use(async (http, next) =>
        {
            try
            {
                if (await OperatorsView.Refuses(http, http.RequestServices.GetRequiredService<ApiKeys>()) is { } refused)
                    await Answers.Problem(refused).ExecuteAsync(http);
                else
                    await next(http);
            }
            catch (StorageUnavailableException)
            {
                await Answers.Problem(new Errors.Failure(Errors.ErrorCatalogue.Storage.Unavailable)).ExecuteAsync(http);
            }
        }));
        app.UseOpenTelemetryPrometheusScrapingEndpoint(Path);
    }
}
