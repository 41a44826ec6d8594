using System.Diagnostics;

namespace Grantkeeper.Benchmarks.Processes;

/// <summary>This program once more, in another role and process. It ends with the one that started it.</summary>
internal sealed class Child : IAsyncDisposable
{
    private readonly Process _process;

    private Child(Process process, string origin) => (_process, Origin) = (process, origin);

    /// <summary>Where it listens.</summary>
    public string Origin { get; }

    /// <summary>CPU time that it has used.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Bytes of memory that are its own and in use.</summary>
    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Starts a role and waits until it listens.</summary>
    public static async Task<Child> Start(string role, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // Run as "dotnet Grantkeeper.Benchmarks.dll", the program is an argument of dotnet.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(Child).Assembly.Location);
        foreach (var argument in arguments.Prepend(role))
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        var process = Process.Start(start)!;
        if (await process.StandardOutput.ReadLineAsync() is not { } origin)
            throw new InvalidOperationException($"The {role} did not start.");
        // What it says further on is nobody's, but must not fill the pipe.
        _ = process.StandardOutput.ReadToEndAsync();
        return new Child(process, origin);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>In a child: says where it listens and waits until its starter goes.</summary>
    public static async Task Serve(string origin)
    {
        await Console.Out.WriteLineAsync(origin);
        while (await Console.In.ReadLineAsync() is not null)
            continue;
    }
}
