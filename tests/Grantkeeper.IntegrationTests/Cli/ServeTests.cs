using System.Net;
using System.Net.Sockets;
using Grantkeeper.IntegrationTests.Hosting;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Grantkeeper.IntegrationTests.Cli;

/// <summary><c>serve</c> in this process, and the tool as a process of its own with settings in files.</summary>
[Trait("category", "cli")]
public sealed class ServeTests
{
    [Fact]
    public async Task Serve_runs_the_server_until_it_is_stopped()
    {
        var database = await (await TestCluster.Shared()).NewMigratedDatabase();
        var url = $"http://localhost:{FreePort.Next()}";
        var started = new Started();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var serving = ToolRun.With([], ["serve", "--urls", url], server: builder =>
        {
            builder.Configuration.AddInMemoryCollection(Settings(database.Url));
            builder.Services.AddSingleton<IHostedService>(started);
        }, stop: stop.Token);
        await Task.WhenAny(started.Signal.Task, serving);
        serving.IsCompleted.ShouldBeFalse("the server ended at once");
        (await ToolRun.With([], ["health", "--url", url])).Code.ShouldBe(0);
        await stop.CancelAsync();
        (await serving).Code.ShouldBe(0);
    }

    [Fact]
    public async Task A_refused_start_is_exit_code_3_and_a_taken_port_1()
    {
        var refused = await ToolRun.With([], ["serve"], server: builder => builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["FRONTEND_URL"] = "nonsense" }));
        refused.Code.ShouldBe(3);
        refused.Error.ShouldContain("  - FRONTEND_URL");
        refused.Error.ShouldContain("  - USER_DATA_DATABASE_URL");

        var database = await (await TestCluster.Shared()).NewMigratedDatabase();
        using var taken = new TcpListener(IPAddress.Loopback, FreePort.Next());
        taken.Start();
        var busy = await ToolRun.With([], ["serve", "--urls", $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}"], server: builder => builder.Configuration.AddInMemoryCollection(Settings(database.Url)));
        (busy.Code, busy.Error.Contains("Another program listens there", StringComparison.Ordinal)).ShouldBe((1, true), busy.Error);
    }

    [Fact]
    public async Task Settings_come_from_mounted_files_too()
    {
        var folder = Directory.CreateTempSubdirectory("gk-secrets-").FullName;
        try
        {
            var token = TestContext.Current.CancellationToken;
            await File.WriteAllTextAsync(Path.Combine(folder, "OAUTH_ENCRYPTION_KEY"), TestCluster.Key.Reveal() + "\n", token);
            await File.WriteAllTextAsync(Path.Combine(folder, "USER_DATA_DATABASE_URL"), "postgresql://gk:canary@db.internal/grants\n", token);
            await File.WriteAllTextAsync(Path.Combine(folder, "Grantkeeper__RunWorkers"), "false", token);
            var environment = new Dictionary<string, string> { ["FRONTEND_URL"] = "https://app.example.com", ["GRANTKEEPER_SECRETS_PATH"] = folder, ["USER_DATA_DATABASE_URL"] = "postgresql://gk:pw@loser/x" };
            var (code, output) = await ServerProcess.RunToEnd(environment, "Grantkeeper.Cli", "config", "check");
            code.ShouldBe(0, output);
            foreach (var part in new[] { "postgresql://gk:***@db.internal:5432/grants", "would start" })
                output.ShouldContain(part);
            output.ShouldMatch(@"set\s+Grantkeeper__RunWorkers\s+false");
            output.ShouldNotContain("canary");
            output.ShouldNotContain("\u001b");

            environment["GRANTKEEPER_SECRETS_PATH"] = Path.Combine(folder, "nowhere");
            (code, output) = await ServerProcess.RunToEnd(environment, "Grantkeeper.Cli", "config", "check");
            code.ShouldBe(3);
            output.ShouldContain("names a folder that does not exist");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Dictionary<string, string?> Settings(string databaseUrl) => new()
    {
        ["DEPLOY_ENV"] = "development", ["FRONTEND_URL"] = "http://localhost:3000", ["USER_DATA_DATABASE_URL"] = databaseUrl, ["OAUTH_ENCRYPTION_KEY"] = TestCluster.Key.Reveal(),
    };

    private sealed class Started : IHostedLifecycleService
    {
        public TaskCompletionSource Signal { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task StartedAsync(CancellationToken cancellationToken)
        {
            Signal.TrySetResult();
            return Task.CompletedTask;
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
