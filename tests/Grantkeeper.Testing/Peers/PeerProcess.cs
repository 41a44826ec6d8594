using System.ComponentModel;
using System.Diagnostics;

namespace Grantkeeper.Testing.Peers;

/// <summary>
/// A child process that says READY on a line of its own when it can be used. It is ended by closing its standard
/// input, which also happens when the test process dies, and killed if that is not enough.
/// </summary>
public sealed class PeerProcess : IAsyncDisposable
{
    private const int LinesKept = 200;
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    private readonly string _name;
    private readonly Process _process;
    private readonly Queue<string> _output = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _ended;
    private bool _disposed;

    private PeerProcess(string name, Process process)
    {
        _name = name;
        _process = process;
    }

    /// <summary>The process's id.</summary>
    public int Id => _process.Id;

    /// <summary>The last lines that the process printed, on either stream.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return string.Join('\n', _output);
        }
    }

    /// <summary>Starts a program and returns once it has printed a line that begins with READY.</summary>
    /// <param name="name">What failure messages call it.</param>
    /// <param name="start">The program; its three streams get redirected.</param>
    /// <param name="cancellationToken">Gives up the start and ends the process.</param>
    /// <exception cref="InvalidOperationException">The program is missing, ended early or was not ready in time; the message holds its output.</exception>
    public static async Task<PeerProcess> Start(string name, ProcessStartInfo start, CancellationToken cancellationToken = default)
    {
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        var peer = new PeerProcess(name, new Process { StartInfo = start });
        try
        {
            peer.Launch();
            await peer._ready.Task.WaitAsync(StartPatience, TimeProvider.System, cancellationToken);
            return peer;
        }
        catch (TimeoutException)
        {
            await peer.DisposeAsync();
            throw new InvalidOperationException($"{name} was not ready after {StartPatience.TotalSeconds} s. It printed:\n{peer.Output}");
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a script of one of the folders under <c>tests/peers</c> with Node, after installing its packages.</summary>
    public static async Task<PeerProcess> StartScript(
        string peer, string script, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken = default)
    {
        var folder = Checkout.Peer(peer);
        var start = new ProcessStartInfo(await NodePackages.Prepare(folder), [script]) { WorkingDirectory = folder };
        foreach (var (variable, value) in environment)
            start.Environment[variable] = value;
        return await Start(peer, start, cancellationToken);
    }

    /// <summary>Ends the process and waits until it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (_ended is not null)
            await End(_ended);
        _process.Dispose();
    }

    private void Launch()
    {
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        try
        {
            _process.Start();
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException($"{_name} needs {_process.StartInfo.FileName} on the PATH; eng/prepare.sh installs it.", missing);
        }

        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _ended = ReportEnd();
    }

    // Waits for the end of both streams as well, so that the message holds all that was printed.
    private async Task ReportEnd()
    {
        await _process.WaitForExitAsync();
        _ready.TrySetException(new InvalidOperationException($"{_name} ended before it was ready. It printed:\n{Output}"));
        _ = _ready.Task.Exception;
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_output)
        {
            _output.Enqueue(line);
            if (_output.Count > LinesKept)
                _output.Dequeue();
        }

        if (line.StartsWith("READY", StringComparison.Ordinal))
            _ready.TrySetResult();
    }

    private async Task End(Task ended)
    {
        _process.StandardInput.Close();
        try
        {
            await ended.WaitAsync(EndPatience, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            _process.Kill();
            await ended;
        }
    }
}
