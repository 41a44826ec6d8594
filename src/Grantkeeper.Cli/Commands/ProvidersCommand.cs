using System.CommandLine;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Cli.Commands;

/// <summary><c>providers</c>: what a server offers, and manifests before it sees them.</summary>
internal static class ProvidersCommand
{
    public static Command Create(ToolEnvironment environment)
    {
        var command = new Command("providers", "Providers and their manifests") { List(environment), Show(environment), Lint(environment) };
        foreach (var verb in ProviderChangesCommand.Create(environment))
            command.Subcommands.Add(verb);
        return command;
    }

    private static Command List(ToolEnvironment environment)
    {
        var remote = new Remote();
        var user = new Option<string?>("--user") { Description = "Also say whether this user is connected", HelpName = "user_id" };
        var command = remote.AddTo(new Command("list", "Lists the providers of a server") { user });
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, async client =>
            {
                if (!(await client.GetProviders(parsed.GetValue(user), cancellation)).TryGet(out var list, out var problem))
                    return output.Refuse(problem);
                if (output.IsJson)
                    output.Json(list);
                else
                    output.Table("The server offers no providers.", ["KEY", "NAME", "CONFIGURED", "CONNECTED"], list.Providers.Select(provider => (string?[])
                    [
                        provider.Key, provider.DisplayName, provider.Configured ? "yes" : "no", provider.Connected is { } connected ? connected ? provider.Status : "no" : "-",
                    ]));
                return ExitCodes.Ok;
            });
        });
        return command;
    }

    private static Command Show(ToolEnvironment environment)
    {
        var remote = new Remote();
        var key = new Argument<string>("key") { Description = "The provider's key" };
        var command = remote.AddTo(new Command("show", "Shows one provider: what it can do, its scopes, the redirect URI to register, what is missing") { key });
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, async client =>
            {
                if (!(await client.GetProviders(cancellation: cancellation)).TryGet(out var list, out var problem))
                    return output.Refuse(problem);
                var wanted = parsed.GetRequiredValue(key).ToLowerInvariant().Replace('-', '_');
                if (list.Providers.FirstOrDefault(provider => provider.Key == wanted) is not { } found)
                    return output.Refuse("providers.unknown", $"No provider of this server has the key {wanted}. It has: {string.Join(", ", list.Providers.Select(provider => provider.Key))}.", ExitCodes.NotFound);
                if (output.IsJson)
                    output.Json(found);
                else
                    ShowFields(found, output);
                return ExitCodes.Ok;
            });
        });
        return command;
    }

    private static void ShowFields(ProviderEntry provider, Output output)
    {
        var capabilities = new (string Name, bool Has)[]
        {
            ("refresh", provider.Capabilities.Refresh), ("revoke", provider.Capabilities.Revoke), ("pkce", provider.Capabilities.Pkce), ("multi_account", provider.Capabilities.MultiAccount),
            ("resources", provider.Capabilities.Resources), ("analytics", provider.Capabilities.Analytics), ("proxy", provider.Capabilities.Proxy),
        };
        output.Fields(
            ("key", provider.Key), ("name", provider.DisplayName), ("configured", provider.Configured ? "yes" : "no"),
            ("missing", Words(provider.Details.GetValueOrDefault("missing"))), ("fault", provider.Error?.Message),
            ("redirect uri", provider.Details.GetValueOrDefault("redirect_uri")?.ToString()), ("documentation", provider.Details.GetValueOrDefault("docs_url")?.ToString()),
            ("can", string.Join(' ', capabilities.Where(capability => capability.Has).Select(capability => capability.Name))));
        if (provider.Scopes.Count > 0)
            output.Table("", ["SCOPE", "NAME", "REQUIRED", "SENSITIVE"], provider.Scopes.Select(scope => (string?[])[scope.Scope, scope.DisplayName, scope.Required ? "yes" : "no", scope.Sensitive ? "yes" : "no"]));
    }

    private static string? Words(object? value) => value is System.Text.Json.JsonElement { ValueKind: System.Text.Json.JsonValueKind.Array } array && array.GetArrayLength() > 0
        ? string.Join(", ", array.EnumerateArray().Select(item => item.ToString())) : null;

    private static Command Lint(ToolEnvironment environment)
    {
        var path = new Argument<string>("path") { Description = "A manifest, or a folder of them" };
        var development = new Option<bool>("--development") { Description = "Accept http on loopback, as a development deployment does" };
        var command = new Command("lint", "Checks provider manifests without a server or network, and lists every fault") { path, development };
        command.SetAction(parsed =>
        {
            var output = Tool.OutputOf(parsed, environment);
            var full = Path.GetFullPath(parsed.GetRequiredValue(path), environment.Folder);
            if (!File.Exists(full) && !Directory.Exists(full))
                return output.Refuse("cli.path_unknown", $"There is no file or folder {full}.", ExitCodes.NotFound);
            var faults = new List<string>();
            var somewhere = new Uri("https://unset.invalid");
            ProviderCatalogue.Read(new ConfigurationBuilder().Build(), new GrantkeeperOptions
            {
                FrontendUrl = somewhere,
                PublicUrl = somewhere,
                ProvidersPath = full,
                // Its issuer is on loopback and comes from ./run; it is judged there.
                Sandbox = false,
                Environment = parsed.GetValue(development) ? DeployEnvironment.Development : DeployEnvironment.Production,
            }, [], faults);
            if (output.IsJson)
                output.Json(new { Ok = faults.Count == 0, Faults = faults });
            else
                faults.ForEach(output.Line);
            output.Say(faults.Count == 0 ? "No faults." : $"{faults.Count} fault(s).");
            return faults.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed;
        });
        return command;
    }
}
