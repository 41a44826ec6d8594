using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Grantkeeper.IntegrationTests.Flows;

namespace Grantkeeper.IntegrationTests.Hosting;

/// <summary>A node in a process of its own, which can be killed and started again.</summary>
internal sealed class ServerNode : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly List<(string Part, TaskCompletionSource Seen)> _awaited = [];
    private Process _process;

    private ServerNode(IReadOnlyDictionary<string, string> environment)
    {
        _environment = environment;
        _process = Run();
    }

    public string Log => string.Join('\n', _lines);

    /// <summary>Starts it and waits until it is ready.</summary>
    public static async Task<ServerNode> Start(IReadOnlyDictionary<string, string> environment)
    {
        var node = new ServerNode(environment);
        await node.UntilItServes();
        return node;
    }

    /// <summary>Waits for a line of its log.</summary>
    public async Task Until(string part)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_awaited)
        {
            if (_lines.Any(line => line.Contains(part, StringComparison.Ordinal)))
                return;
            _awaited.Add((part, seen));
        }

        try
        {
            await seen.Task.WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            throw new ShouldAssertException($"The node never said \"{part}\". It said:\n{Log}");
        }
    }

    /// <summary>Ends it as kill -9 does.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Starts it again as it was, and waits until it is ready.</summary>
    public async Task Restart()
    {
        _process.Dispose();
        _lines.Clear();
        _process = Run();
        await UntilItServes();
    }

    public async Task<FlowReply> Get(string path)
    {
        using var browser = new FlowBrowser();
        var request = new HttpRequestMessage(HttpMethod.Get, _environment["ASPNETCORE_URLS"] + path);
        request.Headers.Authorization = new("Bearer", FlowHost.ApiKey);
        return await browser.Send(request);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await Kill();
        _process.Dispose();
    }

    // Ready comes before it listens.
    private async Task UntilItServes()
    {
        await Until("is ready");
        await Until("Application started");
    }

    private Process Run()
    {
        var process = Process.Start(ServerProcess.Command(_environment))!;
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
        // The log is JSON; its message is what a test knows.
        var text = line.StartsWith('{') ? (string?)JsonNode.Parse(line)!["Message"] ?? line : line;
        lock (_awaited)
        {
            _lines.Enqueue(text);
            foreach (var awaited in _awaited.Where(entry => text.Contains(entry.Part, StringComparison.Ordinal)))
                awaited.Seen.TrySetResult();
        }
    }
}
