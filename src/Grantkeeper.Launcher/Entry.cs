using System.Runtime.InteropServices;
using Grantkeeper.Launcher.Demo;

namespace Grantkeeper.Launcher;

/// <summary>From arguments to an exit code: 0 for a good end, 1 for a failure that is explained, 2 for a wrong argument.</summary>
internal static class Entry
{
    /// <summary>Runs with the process's own terminal, and stops on Ctrl-C, SIGTERM or a closed terminal.</summary>
    public static async Task<int> Run(string[] arguments)
    {
        using var stop = new CancellationTokenSource();
        PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
        var registrations = signals.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            stop.Cancel();
        })).ToList();
        try
        {
            var settings = new LaunchSettings
            {
                Terminal = Terminal.OfProcess(Environment.GetEnvironmentVariable),
                Answers = Console.IsInputRedirected ? null : Console.In,
            };
            return await Run(arguments, settings, stop.Token);
        }
        finally
        {
            registrations.ForEach(registration => registration.Dispose());
        }
    }

    /// <summary>Runs in the given surroundings.</summary>
    public static async Task<int> Run(IReadOnlyList<string> arguments, LaunchSettings settings, CancellationToken stop)
    {
        LaunchOptions options;
        try
        {
            options = LaunchOptions.Parse(arguments);
        }
        catch (LaunchException wrong)
        {
            settings.Terminal.Trouble(wrong.Message);
            return 2;
        }

        if (options.ShowHelp)
        {
            settings.Terminal.Say(LaunchOptions.Help);
            return 0;
        }

        try
        {
            if (options.Demo)
            {
                Launch.RefuseProduction(settings.Variable);
                await new CrashDemo(options, settings).Run(stop);
                return 0;
            }

            var launch = new Launch(options, settings);
            await (options.Reset ? launch.Reset(stop) : launch.Run(stop));
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            settings.Terminal.Trouble("Stopped before the end. Nothing of it runs any more.");
            return 1;
        }
        catch (LaunchException trouble)
        {
            settings.Terminal.Trouble(trouble.Message);
            return 1;
        }
        catch (Exception trouble) when (trouble is HttpRequestException or TimeoutException)
        {
            settings.Terminal.Trouble($"A process that was started here does not answer: {trouble.Message} The logs below {settings.DataPath} say more; run it again when the machine is less busy.");
            return 1;
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException or Npgsql.NpgsqlException)
        {
            settings.Terminal.Trouble($"{trouble.Message} Check that {settings.DataPath} belongs to you, can be written to and has room, or name another folder in GRANTKEEPER_DATA_PATH, then run ./run again.");
            return 1;
        }
    }
}
