using System.CommandLine;
using Grantkeeper.Server;

namespace Grantkeeper.Cli.Commands;

/// <summary><c>serve</c>: the server, in this process.</summary>
internal static class ServeCommand
{
    public static Command Create(ToolEnvironment environment)
    {
        var urls = new Option<string?>("--urls") { Description = "Where to listen. Default: ASPNETCORE_URLS, else http://localhost:8000", HelpName = "addresses" };
        var command = new Command("serve", "Runs the server until it is stopped. Settings come from the environment, see docs/configuration.md") { urls };
        command.SetAction(async (parsed, cancellation) =>
        {
            string[] args = parsed.GetValue(urls) is { } listen ? ["--urls", listen] : [];
            return await ServerRun.Run(args, environment.Error, environment.ConfigureServer, cancellation) switch
            {
                ServerEnd.Stopped => ExitCodes.Ok,
                ServerEnd.Refused => ExitCodes.Configuration,
                _ => ExitCodes.Failed,
            };
        });
        return command;
    }
}
