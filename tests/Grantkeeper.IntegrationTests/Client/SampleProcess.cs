using System.Collections.Concurrent;
using System.Diagnostics;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Client;

/// <summary>A sample in a process of its own, with what it has said.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly List<(string Part, TaskCompletionSource Said)> _waiting = [];
    private readonly Task _reading;

    private SampleProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(Read(process.StandardOutput), Read(process.StandardError));
    }

    public static SampleProcess Start(string name, IReadOnlyDictionary<string, string> environment)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var program = Path.Combine(Checkout.Root, "artifacts", "bin", name, configuration, $"{name}.dll");
        var start = new ProcessStartInfo("dotnet", [program]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetDirectoryName(program)! };
        foreach (var (variable, value) in environment)
            start.Environment[variable] = value;
        return new SampleProcess(Process.Start(start)!);
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
