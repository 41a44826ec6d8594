using System.Diagnostics;

namespace Grantkeeper.Launcher.Processes;

/// <summary>A process that runs as long as the launcher does: its output goes to a log file, and its end is noticed.</summary>
internal sealed class Child : IAsyncDisposable
{
    private static readonly HashSet<string> Basic = new(["PATH", "HOME", "USER", "TMPDIR", "TMP", "TEMP", "LANG", "SystemRoot", "SystemDrive", "USERPROFILE", "PATHEXT"], StringComparer.OrdinalIgnoreCase);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Action<string, string>? _relay;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();

    private Child(string name, Process process, StreamWriter log, string logFile, Action<string, string>? relay, TimeProvider time)
    {
        Name = name;
        LogFile = logFile;
        _process = process;
        _log = log;
        _relay = relay;
        _time = time;
        Ended = Follow();
    }

    /// <summary>What it is, in messages.</summary>
    public string Name { get; }

    public string LogFile { get; }

    /// <summary>Completes with the exit code once the process has ended and its last words are in the log.</summary>
    public Task<int> Ended { get; }

    /// <summary>Starts a process.</summary>
    /// <param name="name">What it is, in messages.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="environment">Variables on top of those of this process.</param>
    /// <param name="logFile">Where its output goes; an older one is replaced.</param>
    /// <param name="relay">Also told each line, after the name; null for nobody.</param>
    /// <param name="time">The clock of waits.</param>
    /// <param name="bare">True keeps the person's settings away from it: of this process's variables it sees only those that programs need to run at all.</param>
    /// <param name="append">True continues an older log.</param>
    public static Child Start(
        string name, IReadOnlyList<string> command, IReadOnlyDictionary<string, string> environment, string logFile, Action<string, string>? relay, TimeProvider time,
        bool bare = false, bool append = false)
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in command.Skip(1))
            start.ArgumentList.Add(argument);
        if (bare)
        {
            foreach (var variable in start.Environment.Keys.Where(variable => !Basic.Contains(variable) && !variable.StartsWith("DOTNET_", StringComparison.OrdinalIgnoreCase)).ToList())
                start.Environment.Remove(variable);
        }

        foreach (var (key, value) in environment)
            start.Environment[key] = value;

        var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            process.Dispose();
            throw new LaunchException($"The {name} could not be started: {missing.Message}. Delete the artifacts folder and run ./run again to build anew.", missing);
        }

        return new(name, process, OpenLog(logFile, append ? FileMode.Append : FileMode.Create), logFile, relay, time);
    }

    /// <summary>What to tell the person when it ended though nobody asked it to.</summary>
    public LaunchException Died() =>
        new($"The {Name} ended with exit code {Ended.Result}. The last lines of {LogFile}:\n{Words.LastLinesOf(LogFile, 12)}");

    /// <summary>Asks the process to end, insists after a while, and waits for the end.</summary>
    public async Task Stop()
    {
        if (!Ended.IsCompleted)
            Signal.Terminate(_process);
        try
        {
            await Ended.WaitAsync(Grace, _time);
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            await Ended;
        }
    }

    /// <summary>Ends the process as <c>kill -9</c> does: it gets no chance to do anything more. Waits until it is gone.</summary>
    public async Task Kill()
    {
        if (!Ended.IsCompleted)
            _process.Kill();
        await Ended;
    }

    public async ValueTask DisposeAsync()
    {
        await Stop();
        _process.Dispose();
    }

    private static StreamWriter OpenLog(string file, FileMode mode)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return new(new FileStream(file, mode, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)) { AutoFlush = true };
    }

    private async Task<int> Follow()
    {
        await Task.WhenAll(Copy(_process.StandardOutput), Copy(_process.StandardError));
        await _process.WaitForExitAsync();
        await _log.DisposeAsync();
        return _process.ExitCode;
    }

    private async Task Copy(StreamReader reader)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_gate)
                _log.WriteLine(line);
            _relay?.Invoke(Name, line);
        }
    }
}
