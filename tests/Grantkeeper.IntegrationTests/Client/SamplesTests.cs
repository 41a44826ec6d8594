using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Sandbox;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;

namespace Grantkeeper.IntegrationTests.Client;

/// <summary>The samples as a reader starts them: processes of their own, against the sandbox.</summary>
[Trait("category", "documentation")]
public sealed class SamplesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Worker_reads_calendars_and_names_the_link_when_it_cannot()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        await world.Connect("user_1");
        var ended = await world.Connect("user_2", "bob+auto");
        await world.Sql($"UPDATE oauth_integrations SET status = 'error', reason = 'reauthorization_required', reason_detail = 'invalid_grant' WHERE id = '{ended}'");
        await using var worker = Sample.Start("Worker", new Dictionary<string, string>
        {
            ["Grantkeeper__Url"] = world.Host.Origin, ["Grantkeeper__ApiKeyFile"] = "", ["Grantkeeper__ApiKey"] = FlowHost.ApiKey, ["Calendar__Url"] = world.SandboxOrigin, ["Grantkeeper__Timeout"] = "00:02:00",
            ["Digest__Users__0"] = "user_1", ["Digest__Users__1"] = "user_2",
        });
        await worker.Says("Events of user user_1: Stand-up, ");
        await worker.Says($"User user_2: tokens.reauthorization_required, link for the user: {world.Host.Origin}/connect/integrations/{ended}");
    }

    [Fact]
    public async Task Embedded_signs_a_user_in_connects_an_account_and_shows_its_events()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var origin = $"http://localhost:{FreePort.Next()}";
        await using var sandbox = SandboxApp.Build([], new SandboxOptions
        {
            Urls = "http://127.0.0.1:0", AutoConsent = true, Clients = [new ClientRegistration("embedded", "only-for-the-sandbox", [$"{origin}/oauth/sandbox/callback"])],
        });
        await sandbox.StartAsync(cancellation);
        await using var embedded = Sample.Start("Embedded", new Dictionary<string, string>
        {
            ["Urls"] = origin, ["FRONTEND_URL"] = origin, ["GRANTKEEPER_PUBLIC_URL"] = origin,
            ["USER_DATA_DATABASE_URL"] = (await (await TestCluster.Shared()).NewMigratedDatabase()).Url, ["OAUTH_ENCRYPTION_KEY"] = TestCluster.Key.Reveal(),
            ["Calendar__Url"] = sandbox.Urls.First(), ["Grantkeeper__Providers__sandbox__issuer"] = sandbox.Urls.First(),
        });
        await embedded.Says("Application started");

        using var browser = new FlowBrowser();
        (await browser.Open($"{origin}/")).Body.ShouldContain("Sign in as user 42");
        await browser.Post($"{origin}/sign-in");
        var before = await browser.Open($"{origin}/events");
        before.Status.ShouldBe(HttpStatusCode.Conflict, before.Body);
        before.Code.ShouldBe("integrations.not_connected");
        ((string)before.Json["connect"]!).ShouldBe("/");
        var start = (await browser.Post($"{origin}/connect")).Location!;
        (await browser.FollowUntil(start.OriginalString, $"{origin}/#gk_flow=")).AbsolutePath.ShouldBe("/");
        (await browser.Open($"{origin}/")).Body.ShouldContain("<li>Alice");
        var events = await browser.Open($"{origin}/events");
        events.Body.ShouldContain("Stand-up", customMessage: events.Body);
    }

    /// <summary>A sample in a process of its own, with what it has said.</summary>
    private sealed class Sample : IAsyncDisposable
    {
        private readonly Process _process;
        private readonly ConcurrentQueue<string> _lines = new();
        private readonly List<(string Part, TaskCompletionSource Said)> _waiting = [];
        private readonly Task _reading;

        private Sample(Process process)
        {
            _process = process;
            _reading = Task.WhenAll(Read(process.StandardOutput), Read(process.StandardError));
        }

        public static Sample Start(string name, IReadOnlyDictionary<string, string> environment)
        {
            var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
            var program = Path.Combine(Checkout.Root, "artifacts", "bin", name, configuration, $"{name}.dll");
            var start = new ProcessStartInfo("dotnet", [program]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetDirectoryName(program)! };
            foreach (var (variable, value) in environment)
                start.Environment[variable] = value;
            return new Sample(Process.Start(start)!);
        }

        /// <summary>Returns when a line holds the text, at once if one did.</summary>
        public async Task Says(string part)
        {
            var said = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_waiting)
            {
                if (_lines.Any(line => line.Contains(part, StringComparison.Ordinal)))
                    return;
                _waiting.Add((part, said));
            }

            await Task.WhenAny(said.Task, _reading).WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
            said.Task.IsCompleted.ShouldBeTrue($"\"{part}\" was not said:\n{string.Join('\n', _lines)}");
        }

        public async ValueTask DisposeAsync()
        {
            _process.Kill();
            await _process.WaitForExitAsync();
            await _reading;
            _process.Dispose();
        }

        private async Task Read(StreamReader reader)
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                lock (_waiting)
                {
                    _lines.Enqueue(line);
                    foreach (var (_, said) in _waiting.Where(waiting => line.Contains(waiting.Part, StringComparison.Ordinal)))
                        said.TrySetResult();
                }
            }
        }
    }
}
