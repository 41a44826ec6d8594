using System.ComponentModel;
using System.Diagnostics;

namespace Grantkeeper.Launcher.Processes;

/// <summary>Runs a short-lived program to its end and collects what it printed.</summary>
internal static class Tool
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan LastOutput = TimeSpan.FromSeconds(1);

    /// <summary>Runs the program; a missing program, or one that takes too long, is an outcome too.</summary>
    public static async Task<ToolOutcome> Run(
        IReadOnlyList<string> command, string? folder, TimeProvider time, CancellationToken cancellation)
    {
        using var process = new Process { StartInfo = Describe(command, folder) };
        try
        {
            process.Start();
        }
        catch (Exception missing) when (missing is Win32Exception or FileNotFoundException)
        {
            return new(ToolOutcome.NotStarted, missing.Message);
        }

        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        using var deadline = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        try
        {
            await Exited(process, either.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            return new(ToolOutcome.NotStarted, $"{command[0]} did not end within {Limit.TotalMinutes:0} minutes.");
        }

        return new(process.ExitCode, await Collect(output, errors, time));
    }

    private static ProcessStartInfo Describe(IReadOnlyList<string> command, string? folder)
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            CreateNoWindow = true,
            WorkingDirectory = folder ?? "",
        };
        foreach (var argument in command.Skip(1))
            start.ArgumentList.Add(argument);

        // Settings meant for psql would redirect or reconfigure the private server.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["LC_ALL"] = "C";
        return start;
    }

    // A server that the program left behind may keep the pipe open, so the end of the program counts, not the end of its output.
    private static async Task Exited(Process process, CancellationToken cancellation)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.EnableRaisingEvents = true;
        process.Exited += (_, _) => ended.TrySetResult();
        if (process.HasExited)
            return;
        await ended.Task.WaitAsync(cancellation);
    }

    private static async Task<string> Collect(Task<string> output, Task<string> errors, TimeProvider time)
    {
        try
        {
            var parts = await Task.WhenAll(output, errors).WaitAsync(LastOutput, time);
            return string.Join('\n', parts.Select(part => part.Trim()).Where(part => part.Length > 0));
        }
        catch (TimeoutException)
        {
            return "";
        }
    }
}

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">Its exit code; <see cref="NotStarted"/> when it could not be run to its end.</param>
/// <param name="Output">What it printed, errors last.</param>
internal sealed record ToolOutcome(int ExitCode, string Output)
{
    public const int NotStarted = -1;

    public bool Succeeded => ExitCode == 0;
}
