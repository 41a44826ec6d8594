using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Grantkeeper.Cli.Commands;
using Grantkeeper.Startup;

namespace Grantkeeper.Cli;

/// <summary>The command line: one file in <c>Commands/</c> for each verb, mounted here.</summary>
internal static class Tool
{
    private const int HelpWidth = 110;

    /// <summary>The option that every verb has.</summary>
    public static readonly Option<bool> Json = new("--json") { Description = "Write one JSON document to standard output", Recursive = true };

    public static Command Root(ToolEnvironment environment)
    {
        // No RootCommand: it would take its name from the program's file.
        var root = new Command("grantkeeper", $"""
            Grantkeeper, the self-hosted OAuth connection manager.
            Exit codes: {string.Join("; ", ExitCodes.All.Select(entry => $"{entry.Code} {entry.Meaning}"))}.
            """);
        root.Options.Add(Json);
        root.Options.Add(new HelpOption { Action = new HelpAction { MaxWidth = HelpWidth } });
        root.Options.Add(new VersionOption());
        root.Subcommands.Add(ServeCommand.Create(environment));
        root.Subcommands.Add(ConfigCommand.Create(environment));
        root.Subcommands.Add(DoctorCommand.Create(environment));
        root.Subcommands.Add(HealthCommand.Create(environment));
        root.Subcommands.Add(StatusCommand.Create(environment));
        root.Subcommands.Add(IntegrationsCommand.Create(environment));
        root.Subcommands.Add(TokenCommand.Create(environment));
        root.Subcommands.Add(TokensCommand.Create(environment));
        root.Subcommands.Add(ProvidersCommand.Create(environment));
        root.Subcommands.Add(ApiKeysCommand.Create(environment));
        root.Subcommands.Add(SignInLinkCommand.Create(environment));
        root.Subcommands.Add(AuditCommand.Create(environment));
        root.Subcommands.Add(UsersCommand.Create(environment));
        root.Subcommands.Add(CleanupCommand.Create(environment));
        return root;
    }

    /// <summary>Runs one command line; the exit code says how it ended.</summary>
    public static async Task<int> Run(string[] args, ToolEnvironment environment, CancellationToken cancellation = default)
    {
        var parsed = Root(environment).Parse(args);
        var output = new Output(environment, parsed.GetValue(Json));
        if (parsed.Action is ParseErrorAction)
            return output.Refuse("cli.usage", $"{string.Join(' ', parsed.Errors.Select(error => error.Message))} Add --help to see what there is.", ExitCodes.Usage);
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = environment.Out,
                Error = environment.Error,
                EnableDefaultExceptionHandler = false,
                // The server drains by itself when it is told to stop; nothing else needs to.
                ProcessTerminationTimeout = null,
            }, cancellation);
        }
        catch (GrantkeeperStartException exception)
        {
            foreach (var fault in exception.Faults)
                output.Say(fault);
            return ExitCodes.Configuration;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCodes.Stopped;
        }
    }

    /// <summary>What a verb writes to.</summary>
    public static Output OutputOf(ParseResult parsed, ToolEnvironment environment) => new(environment, parsed.GetValue(Json));
}
