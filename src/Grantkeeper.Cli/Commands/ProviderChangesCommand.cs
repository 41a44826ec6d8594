using System.CommandLine;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Providers;

namespace Grantkeeper.Cli.Commands;

/// <summary>The verbs of <c>providers</c> that change what a server offers, or try a provider with its client.</summary>
internal static class ProviderChangesCommand
{
    public static IEnumerable<Command> Create(ToolEnvironment environment) => [Add(environment), Store(environment), Remove(environment), Check(environment)];

    private static Command Add(ToolEnvironment environment)
    {
        var key = new Argument<string>("key") { Description = "The key of a shipped draft" };
        var confirm = new Option<string[]>("--confirm") { Description = "What you have compared: endpoints, pkce and refresh, each by an option of its own", HelpName = "word", AllowMultipleArgumentsPerToken = true };
        confirm.AcceptOnlyFromAmong("endpoints", "pkce", "refresh");
        return Verb(environment, "add", "Offers a shipped draft. Shows what is known of it, to compare with the provider's documentation, until everything is confirmed", [key], [confirm], async (parsed, client, output, cancellation) =>
        {
            var provider = parsed.GetRequiredValue(key);
            if (!(await client.GetProviderDefinition(provider, cancellation)).TryGet(out var known, out var problem))
                return output.Refuse(problem);
            var confirmed = parsed.GetValue(confirm) ?? [];
            if (confirmed.Length == 0 && known is { Verification: "draft", Offered: false })
            {
                Show(known, output);
                output.Say($"Nothing was changed. When this agrees with the provider's documentation: grantkeeper providers add {known.Provider} --confirm endpoints pkce refresh");
                return ExitCodes.Ok;
            }

            if (!(await client.AddProvider(provider, new AddProviderRequest(confirmed), cancellation)).TryGet(out var added, out problem))
                return output.Refuse(problem);
            Show(added, output);
            output.Say($"{added.DisplayName} is offered. {Next(added)}");
            return ExitCodes.Ok;
        });
    }

    private static Command Store(ToolEnvironment environment)
    {
        var file = new Argument<string>("file") { Description = "A manifest" };
        return Verb(environment, "store", "Adds a provider to a running server by its manifest, or changes one that was added so", [file], [], async (parsed, client, output, cancellation) =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(file), environment.Folder);
            if (!File.Exists(path))
                return output.Refuse("cli.path_unknown", $"There is no file {path}.", ExitCodes.NotFound);
            var (yaml, faults) = (await File.ReadAllTextAsync(path, cancellation), new List<string>());
            if (ManifestTree.Parse(yaml, Path.GetFileName(path), faults)?["key"]?.ToString() is not { Length: > 0 } key)
                return output.Refuse("cli.manifest_invalid", faults.Count > 0 ? string.Join("; ", faults) : $"{Path.GetFileName(path)}: key is required", ExitCodes.Usage);
            if (!(await client.PutProviderDefinition(key, new PutProviderRequest(yaml), cancellation)).TryGet(out var stored, out var problem))
                return output.Refuse(problem);
            Show(stored, output);
            output.Say($"{stored.DisplayName} is stored. {Next(stored)}");
            return ExitCodes.Ok;
        });
    }

    private static Command Remove(ToolEnvironment environment)
    {
        var key = new Argument<string>("key") { Description = "The provider's key" };
        return Verb(environment, "remove", "Removes a provider that was stored, with its client, or withdraws the offer of a draft", [key], [], async (parsed, client, output, cancellation) =>
        {
            if (!(await client.RemoveProviderDefinition(parsed.GetRequiredValue(key), cancellation)).TryGet(out var removed, out var problem))
                return output.Refuse(problem);
            if (output.IsJson)
                output.Json(removed);
            output.Say($"{removed.DisplayName} was removed.");
            return ExitCodes.Ok;
        });
    }

    private static Command Check(ToolEnvironment environment)
    {
        var key = new Argument<string>("key") { Description = "The provider's key" };
        return Verb(environment, "check", "Lets a server try a provider with its client: metadata, authorization page, redirect URI, client, token dialect, API. About ten requests, with a made-up code and tokens", [key], [], async (parsed, client, output, cancellation) =>
        {
            output.Say("Asking the server to try it ...");
            return (await client.TestProvider(parsed.GetRequiredValue(key), cancellation)).TryGet(out var answer, out var problem) ? DoctorCommand.Show(answer, output) : output.Refuse(problem);
        });
    }

    private static Command Verb(
        ToolEnvironment environment, string name, string description, Argument[] arguments, Option[] options, Func<ParseResult, GrantkeeperClient, Output, CancellationToken, Task<int>> work)
    {
        var remote = new Remote();
        var command = new Command(name, description);
        foreach (var argument in arguments)
            command.Arguments.Add(argument);
        foreach (var option in options)
            command.Options.Add(option);
        remote.AddTo(command).SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, client => work(parsed, client, output, cancellation));
        });
        return command;
    }

    private static void Show(ProviderDefinition provider, Output output)
    {
        if (output.IsJson)
        {
            output.Json(provider);
            return;
        }

        output.Fields(
            ("key", provider.Provider), ("name", provider.DisplayName), ("known", provider.Verification), ("origin", provider.Origin), ("issuer", provider.Issuer),
            ("authorization endpoint", provider.AuthorizationEndpoint), ("token endpoint", provider.TokenEndpoint), ("revocation endpoint", provider.RevocationEndpoint ?? "none known"),
            ("pkce", provider.Pkce ? "S256" : "not sent"), ("refresh", provider.Refresh ? $"yes, rotation {provider.Rotation}" : "no refresh tokens"),
            ("client authentication", provider.ClientAuthentication ?? "by metadata, else post"), ("documentation", provider.DocsUrl ?? "not known"),
            ("missing", provider.Missing.Count > 0 ? string.Join(", ", provider.Missing) : null));
    }

    private static string Next(ProviderDefinition provider) => provider.Configured
        ? $"grantkeeper providers check {provider.Provider} tries it."
        : $"Enter its client on the providers page or with PUT /api/v1/oauth/admin/clients/{provider.Provider}; then grantkeeper providers check {provider.Provider} tries it.";
}
