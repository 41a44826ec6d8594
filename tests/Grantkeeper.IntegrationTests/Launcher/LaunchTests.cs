using System.Collections.Concurrent;
using Grantkeeper.Launcher;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.IntegrationTests.Launcher;

/// <summary>
/// Whole launches. The child processes are shell scripts that note their environment and wait; a Kestrel of the test
/// answers on their ports as soon as they have started.
/// </summary>
[Trait("category", "launcher")]
public sealed class LaunchTests : IAsyncDisposable
{
    private const string Waiting = "env > \"$GK_NOTES-$0\"; trap 'echo $0 got TERM >> \"$GK_NOTES-order\"; exit 0' TERM; echo $0 speaks; while :; do sleep 0.05; done";

    private readonly LauncherFolder _folder = new();
    private readonly StringWriter _said = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly int _port = Listener.FreePair();

    private string Data => _folder.In(".grantkeeper");

    private string Said => _said.ToString();

    public async ValueTask DisposeAsync()
    {
        _stop.Dispose();
        await _folder.DisposeAsync();
    }

    [Fact]
    public async Task A_launch_prints_its_steps_the_link_and_three_next_steps_and_stops_in_order()
    {
        var run = Run([$"--port={_port}", "--verbose"]);
        var keys = new ConcurrentBag<string>();
        await using var server = await Answer("server", _port, keys);
        await using var sandbox = await Answer("sandbox", _port + 100, keys);
        await Until(() => Said.Contains("./run demo crash", StringComparison.Ordinal), run);
        await _stop.CancelAsync();
        (await run).ShouldBe(0, Said);

        var key = (await File.ReadAllTextAsync(Path.Combine(Data, "api-key"), TestContext.Current.CancellationToken)).Trim();
        key.ShouldMatch("^gk_dev_[A-Za-z0-9_-]{43}$");
        keys.ShouldHaveSingleItem().ShouldBe($"Bearer {key} {{}}");
        var lines = Said.Split('\n').Where(line => !line.Contains('|', StringComparison.Ordinal)).Select(line => line.TrimEnd()).ToList();
        string[] steps =
        [
            @"^ +\d+\.\d s  PostgreSQL \d+\.\d+ found in .+$",
            @"^ +\d+\.\d s  database ready on 127\.0\.0\.1:2\d{4} \(private, this machine only\)$",
            $@"^ +\d+\.\d s  database up to date, server ready on http://localhost:{_port}$",
            $@"^ +\d+\.\d s  sandbox on http://127\.0\.0\.1:{_port + 100}: simulated, no real account is touched$",
            "^$",
            $"^Open http://localhost:{_port}/sign-in/once, valid 10 minutes$",
        ];
        for (var at = 0; at < steps.Length; at++)
            lines[at].ShouldMatch(steps[at]);
        Said.ShouldContain("api-key)\" \"http://localhost:" + _port + "/oauth/sandbox/token?user_id=demo\"");
        lines.Where(line => line.StartsWith("1. ", StringComparison.Ordinal) || line.StartsWith("2. ", StringComparison.Ordinal) || line.StartsWith("3. ", StringComparison.Ordinal)).Count().ShouldBe(3);
        lines.ShouldContain("   ./run demo crash");
        Said.ShouldContain("server | server speaks");
        Said.TrimEnd().ShouldEndWith("Stopped.");
        Note("order").ShouldBe("sandbox got TERM\nserver got TERM\n");
        (await File.ReadAllTextAsync(Path.Combine(Data, "log", "sandbox.log"), TestContext.Current.CancellationToken)).ShouldBe("sandbox speaks\n");
    }

    [Fact]
    public async Task A_second_launch_uses_the_same_keys_and_database()
    {
        string[] names = ["GRANTKEEPER_API_KEY", "USER_DATA_DATABASE_URL", "SANDBOX_CLIENT_SECRET", "OAUTH_ENCRYPTION_KEY_FILE"];
        var seen = new List<string>();
        for (var round = 0; round < 2; round++)
        {
            using var stop = new CancellationTokenSource();
            File.Delete(_folder.In("notes-server"));
            var run = Run([$"--port={_port}"], stop.Token);
            await Until(() => Note("server").Contains("USER_DATA_DATABASE_URL", StringComparison.Ordinal), run);
            seen.Add(string.Join('\n', Note("server").Split('\n').Where(line => names.Any(name => line.StartsWith(name + "=", StringComparison.Ordinal))).Order()));
            await stop.CancelAsync();
            (await run).ShouldBe(0, Said);
        }

        seen[0].Split('\n').Length.ShouldBe(names.Length);
        seen[1].ShouldBe(seen[0]);
    }

    [Fact]
    public async Task A_child_that_ends_takes_the_launch_with_it_and_its_last_words_are_shown()
    {
        var run = Run(["--port", $"{_port}"], sandbox: ["sh", "-c", "echo out of luck >&2; exit 7", "sandbox"]);
        await using var server = await Answer("server", _port, []);
        (await run).ShouldBe(1);
        Said.ShouldContain("The sandbox ended with exit code 7. The last lines of");
        Said.ShouldContain("out of luck");
        Note("order").ShouldBe("server got TERM\n");
    }

    [Fact]
    public async Task A_server_that_dies_later_ends_the_launch_too()
    {
        var run = Run(["--port", $"{_port}", "--no-sandbox"], server: ["sh", "-c", "env > \"$GK_NOTES-server\"; while ! test -e \"$GK_NOTES-die\"; do sleep 0.05; done; echo fell over; exit 3", "server"]);
        await using var server = await Answer("server", _port, []);
        await Until(() => Said.Contains("./run demo crash", StringComparison.Ordinal), run);
        await File.WriteAllTextAsync(_folder.In("notes-die"), "", TestContext.Current.CancellationToken);
        (await run).ShouldBe(1);
        Said.ShouldContain("The server ended with exit code 3.");
        Said.ShouldContain("fell over");
        Said.ShouldContain("/oauth/google/token?user_id=demo");
        Note("server").ShouldContain("GRANTKEEPER_SANDBOX=false");
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up_with_its_log()
    {
        var settings = Settings() with { Patience = TimeSpan.FromMilliseconds(300) };
        (await Entry.Run(["--port", $"{_port}"], settings, _stop.Token)).ShouldBe(1);
        Said.ShouldContain("The server was not ready within 0 seconds");
        Said.ShouldContain("nothing answers");
        Said.ShouldContain("server speaks");
    }

    [Theory]
    [InlineData(401, "{}", "it answered 401")]
    [InlineData(200, "{\"nothing\":1}", "holds no sign-in link")]
    public async Task A_refused_or_odd_sign_in_link_is_explained(int status, string body, string words)
    {
        var run = Run(["--port", $"{_port}", "--no-sandbox"]);
        await using var server = await Answer("server", _port, [], status, body);
        (await run).ShouldBe(1);
        Said.ShouldContain(words);
    }

    [Fact]
    public async Task A_database_of_ones_own_is_left_alone()
    {
        _folder.Variables["PLATFORM_DATABASE_URL"] = "postgresql://mine@127.0.0.1:1/mine";
        var run = Run(["--port", $"{_port}"]);
        await Until(() => Note("server").Contains("GRANTKEEPER_SANDBOX", StringComparison.Ordinal), run);
        await _stop.CancelAsync();
        (await run).ShouldBe(0);
        Said.ShouldContain("database: your own, from PLATFORM_DATABASE_URL");
        Note("server").ShouldNotContain("USER_DATA_DATABASE_URL=");
        Path.Exists(Path.Combine(Data, "postgres")).ShouldBeFalse();

        (await Entry.Run(["--database-only"], Settings(), CancellationToken.None)).ShouldBe(1);
        Said.ShouldContain("PLATFORM_DATABASE_URL names a database already");
    }

    [Fact]
    public async Task A_database_of_ones_own_that_cannot_be_used_is_named_with_the_servers_reason()
    {
        _folder.Variables["USER_DATA_DATABASE_URL"] = "postgresql://mine@127.0.0.1:1/mine";
        var run = Run([$"--port={_port}"]);
        await Until(() => Note("server").Length > 0, run);
        await using var server = Serves(_port, app =>
        {
            app.MapGet("/health/ready", () => Results.StatusCode(503));
            app.MapGet("/oauth/health", () => Results.Text("{\"components\":{\"start\":{\"status\":\"unhealthy\",\"message\":\"The password is wrong.\"}}}", "application/json", null, 503));
        });
        await server.StartAsync(TestContext.Current.CancellationToken);
        (await run).ShouldBe(1);
        Said.ShouldContain("The database that USER_DATA_DATABASE_URL names cannot be used: The password is wrong. Start that database or correct USER_DATA_DATABASE_URL, or unset it");
        Note("order").ShouldContain("server got TERM");
    }

    [Fact]
    public async Task A_taken_port_is_named_with_the_way_to_its_owner()
    {
        using (Listener.On(_port + 100))
            (await Entry.Run(["--port", $"{_port}"], Settings(), _stop.Token)).ShouldBe(1);
        Said.ShouldContain($"Port {_port + 100}, wanted for the sandbox");
        Said.ShouldContain("--no-sandbox");
        using (Listener.On(_port))
            (await Entry.Run(["--port", $"{_port}"], Settings(), _stop.Token)).ShouldBe(1);
        Said.ShouldContain($"Port {_port}, wanted for the server");
        Said.ShouldContain("--port N");
        Directory.Exists(Data).ShouldBeFalse("nothing is made before the ports are known to be free");
    }

    [Fact]
    public async Task Production_is_refused()
    {
        _folder.Variables["DEPLOY_ENV"] = "production";
        (await Entry.Run([], Settings(), _stop.Token)).ShouldBe(1);
        (await Entry.Run(["--reset", "--yes"], Settings(), _stop.Token)).ShouldBe(1);
        Said.ShouldContain("./run is for development only");
        Directory.Exists(Data).ShouldBeFalse();
    }

    [Fact]
    public async Task A_program_that_is_missing_is_explained()
    {
        (await Entry.Run(["--port", $"{_port}"], Settings() with { Server = ["/nowhere/at-all"] }, _stop.Token)).ShouldBe(1);
        Said.ShouldContain("The server could not be started");
    }

    [Fact]
    public async Task The_database_alone_shows_its_url_and_reset_deletes_everything_after_asking()
    {
        var run = Run(["--database-only"]);
        await Until(() => Said.Contains("USER_DATA_DATABASE_URL=postgresql://grantkeeper:", StringComparison.Ordinal), run);
        (await Entry.Run(["--reset", "--yes"], Settings(), CancellationToken.None)).ShouldBe(1);
        Said.ShouldContain("is in use");
        await _stop.CancelAsync();
        (await run).ShouldBe(0);

        (await Entry.Run(["--reset"], Settings(), CancellationToken.None)).ShouldBe(1);
        Said.ShouldContain("nobody is there to answer");
        (await Entry.Run(["--reset"], Settings() with { Answers = new StringReader("no\n") }, CancellationToken.None)).ShouldBe(0);
        Said.ShouldContain("Nothing was deleted.");
        var home = Path.Combine(Data, "postgres");
        if (File.Exists(home))
            home = (await File.ReadAllTextAsync(home, TestContext.Current.CancellationToken)).Trim();
        Directory.Exists(home).ShouldBeTrue();

        (await Entry.Run(["--reset"], Settings() with { Answers = new StringReader("Yes\n") }, CancellationToken.None)).ShouldBe(0);
        Directory.Exists(Data).ShouldBeFalse();
        Directory.Exists(home).ShouldBeFalse();
        (await Entry.Run(["--reset", "--yes"], Settings(), CancellationToken.None)).ShouldBe(0);
        Said.ShouldContain("There is nothing to delete");

        _folder.Variables["GRANTKEEPER_DATA_PATH"] = _folder.Path;
        (await Entry.Run(["--reset", "--yes"], Settings(), CancellationToken.None)).ShouldBe(1);
        Said.ShouldContain("deletes only a folder named .grantkeeper");
    }

    [Fact]
    public async Task Help_and_wrong_arguments_start_nothing()
    {
        (await Entry.Run(["--help"], Settings(), _stop.Token)).ShouldBe(0);
        Said.ShouldContain("--no-sandbox");
        (await Entry.Run(["--frobnicate"], Settings(), _stop.Token)).ShouldBe(2);
        Said.ShouldContain("--frobnicate is no option of ./run.");
        Directory.Exists(Data).ShouldBeFalse();
    }

    [Fact]
    public async Task A_data_path_that_cannot_be_made_is_explained()
    {
        await File.WriteAllTextAsync(Data, "a file in the way", TestContext.Current.CancellationToken);
        (await Entry.Run(["--port", $"{_port}"], Settings(), _stop.Token)).ShouldBe(1);
        Said.ShouldContain("Check that");
        Said.ShouldContain("GRANTKEEPER_DATA_PATH");
    }

    [Fact]
    public async Task A_place_where_nothing_can_be_written_is_explained()
    {
        // Not even root may make a folder there.
        _folder.Variables["GRANTKEEPER_DATA_PATH"] = "/proc/grantkeeper";
        (await Entry.Run(["--port", $"{_port}"], Settings(), _stop.Token)).ShouldBe(1);
        Said.ShouldContain("Check that /proc/grantkeeper belongs to you, can be written to");
    }

    [Fact]
    public async Task A_named_folder_without_postgresql_is_explained()
    {
        _folder.Variables["GRANTKEEPER_POSTGRES_BIN"] = _folder.In("nothing");
        (await Entry.Run(["--port", $"{_port}"], Settings(), _stop.Token)).ShouldBe(1);
        Said.ShouldContain("holds no initdb, pg_ctl and postgres that run");
        Said.ShouldContain("or unset it");
    }

    [Fact]
    public async Task The_process_itself_answers_to_help()
    {
        (await Entry.Run(["--help"])).ShouldBe(0);
    }

    private Task<int> Run(string[] arguments, CancellationToken? stop = null, string[]? server = null, string[]? sandbox = null)
    {
        var settings = Settings();
        return Task.Run(() => Entry.Run(
            arguments, settings with { Server = Noting(server) ?? settings.Server, Sandbox = Noting(sandbox) ?? settings.Sandbox }, stop ?? _stop.Token));
    }

    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(command))]
    private string[]? Noting(string[]? command) => command is null ? null : ["env", $"GK_NOTES={_folder.In("notes")}", .. command];

    private LaunchSettings Settings()
    {
        _folder.Variables.TryAdd("GRANTKEEPER_DATA_PATH", Data);
        return new()
        {
            Terminal = new Terminal(TextWriter.Synchronized(_said), colored: false),
            Variable = name => _folder.Variables.GetValueOrDefault(name),
            FastDatabase = true,
            Server = Noting(["sh", "-c", Waiting, "server"]),
            Sandbox = Noting(["sh", "-c", Waiting, "sandbox"]),
        };
    }

    private string Note(string name) => File.Exists(_folder.In($"notes-{name}")) ? File.ReadAllText(_folder.In($"notes-{name}")) : "";

    // Takes the port only after the child has started, as the launcher refuses a port that is taken.
    private async Task<WebApplication> Answer(string name, int port, ConcurrentBag<string> keys, int linkStatus = 200, string? link = null)
    {
        await Until(() => Note(name).Length > 0, null);
        var asked = 0;
        var app = Serves(port, app =>
        {
            app.MapGet("/health/ready", () => Interlocked.Increment(ref asked) < 3 ? Results.StatusCode(503) : Results.Ok());
            app.MapGet("/.well-known/openid-configuration", () => Results.Ok());
            app.MapPost("/api/v1/oauth/admin/sign-in-links", async (HttpRequest request) =>
            {
                using var reader = new StreamReader(request.Body);
                keys.Add($"{request.Headers.Authorization} {await reader.ReadToEndAsync()}");
                return Results.Text(link ?? $"{{\"url\":\"http://localhost:{port}/sign-in/once\",\"expires_in\":600}}", "application/json", null, linkStatus);
            });
        });
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private WebApplication Serves(int port, Action<WebApplication> map)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://{(port == _port ? "localhost" : "127.0.0.1")}:{port}");
        var app = builder.Build();
        map(app);
        return app;
    }

    private async Task Until(Func<bool> condition, Task<int>? run)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (run is { IsCompleted: true } || TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(30))
                throw new InvalidOperationException($"It did not come to that. What was said:\n{Said}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
