using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Grantkeeper.Prove.Nodes;

/// <summary>What a node answered; status 0 when it did not.</summary>
internal readonly record struct NodeAnswer(int Status, string Code, JsonElement Json);

/// <summary>A node of the product in a process of its own: it is killed, stopped and started again.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private const int Lines = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly string _prefix;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly HttpClient _http;
    private Process _process;

    private NodeProcess(string name, IReadOnlyDictionary<string, string> environment, string prefix)
    {
        (Name, _environment, _prefix) = (name, environment, prefix);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(environment["ASPNETCORE_URLS"]), Timeout = TimeSpan.FromSeconds(20) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", environment["GRANTKEEPER_API_KEY"]);
        _process = Run(null);
    }

    public string Name { get; }

    public string DataPath => _environment["GRANTKEEPER_DATA_PATH"];

    /// <summary>The last lines that it wrote.</summary>
    public string Log => string.Join('\n', _log.TakeLast(30));

    public bool HasEnded => _process.HasExited;

    /// <summary>Starts one and waits until it is ready.</summary>
    /// <param name="name">Its name in results.</param>
    /// <param name="environment">Everything that it knows.</param>
    /// <param name="prefix">Shell words before the program, such as a limit.</param>
    public static async Task<NodeProcess> Start(string name, IReadOnlyDictionary<string, string> environment, string prefix = "")
    {
        var node = new NodeProcess(name, environment, prefix);
        await node.UntilReady();
        return node;
    }

    /// <summary>Starts it again, with failpoints or without.</summary>
    public async Task Restart(string? failpoints = null, bool waits = true)
    {
        if (!_process.HasExited)
            await Kill();
        _process.Dispose();
        _process = Run(failpoints);
        if (waits)
            await UntilReady(mayDie: failpoints is not null);
    }

    /// <summary>kill -9.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Completes when it has ended by itself.</summary>
    public Task Ended() => _process.WaitForExitAsync().WaitAsync(Patience, TimeProvider.System);

    public void Stop() => Signal("STOP");

    public void Continue() => Signal("CONT");

    /// <summary>Asks it something.</summary>
    public async Task<NodeAnswer> Ask(HttpMethod method, string path, object? body = null)
    {
        try
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            using var answer = await _http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            var json = text.Length > 0 && answer.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true ? JsonDocument.Parse(text).RootElement : default;
            return new NodeAnswer((int)answer.StatusCode, json.ValueKind == JsonValueKind.Object && json.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.String ? code.GetString()! : "", json);
        }
        catch (Exception away) when (away is HttpRequestException or TaskCanceledException or IOException)
        {
            return new NodeAnswer(0, "", default);
        }
    }

    public Task<NodeAnswer> Read(Guid integration) => Ask(HttpMethod.Get, $"/api/v1/oauth/integrations/{integration}/token");

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await Kill();
        _process.Dispose();
        _http.Dispose();
    }

    /// <param name="mayDie">A grant that was due may lead its worker to the failpoint before anybody has asked: that is the death that was wanted.</param>
    private async Task UntilReady(bool mayDie = false)
    {
        var began = Stopwatch.GetTimestamp();
        while ((await Ask(HttpMethod.Get, "/health/ready")).Status != (int)HttpStatusCode.OK)
        {
            if (mayDie && _process.HasExited)
                return;
            if (_process.HasExited || Stopwatch.GetElapsedTime(began) > Patience)
                throw new InvalidOperationException($"{Name} did not start. It said:\n{Log}");
            await Task.Delay(Look, TimeProvider.System);
        }
    }

    private Process Run(string? failpoints)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Grantkeeper.Server.dll");
        var start = _prefix.Length == 0
            ? new ProcessStartInfo("dotnet", [program])
            : new ProcessStartInfo("bash", ["-c", $"{_prefix}; exec dotnet {program}"]);
        (start.RedirectStandardOutput, start.RedirectStandardError, start.WorkingDirectory) = (true, true, Path.GetTempPath());
        foreach (var name in start.Environment.Keys.Except(["PATH", "HOME", "DOTNET_ROOT", "TMPDIR", "LANG"]).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in _environment)
            start.Environment[name] = value;
        if (failpoints is not null)
            start.Environment["GRANTKEEPER_FAILPOINTS"] = failpoints;
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void Take(string? line)
    {
        if (line is null)
            return;
        _log.Enqueue(line);
        while (_log.Count > Lines)
            _log.TryDequeue(out _);
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
        if (kill.ExitCode != 0)
            throw new InvalidOperationException($"{Name} could not be signalled.");
    }
}
