using System.CommandLine;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Providers;
using Grantkeeper.RedirectUris;
using Grantkeeper.Settings;
using Grantkeeper.Startup;

namespace Grantkeeper.Cli.Commands;

/// <summary><c>config check</c> (R313): every setting as the start would read it, without a network and with secrets masked.</summary>
internal static class ConfigCommand
{
    public static Command Create(ToolEnvironment environment)
    {
        var check = new Command("check", "Checks every setting as a start would, without a network; secrets are masked");
        check.SetAction(parsed => Check(environment, Tool.OutputOf(parsed, environment)));
        return new Command("config", "The configuration of this environment") { check };
    }

    private static int Check(ToolEnvironment environment, Output output)
    {
        var settings = environment.Settings();
        var faults = new List<string>();
        var deployment = Deployment.TryRead(settings, faults);
        var (lines, others) = SettingReport.Of(settings, faults);
        var providers = deployment is null ? [] : deployment.Catalogue.Offered.Select(provider => ProviderLine.Of(provider, deployment.Options)).ToList();
        if (output.IsJson)
        {
            output.Json(new
            {
                Ok = faults.Count == 0,
                Settings = lines.Select(line => new { line.Name, State = Words.Of(line.State), Value = line.Shown, line.Faults }),
                Providers = providers,
                Faults = others,
            });
        }
        else
        {
            output.Findings(lines.Select(line => new DiagnosticFinding(
                line.Name, null, Words.Of(line.State), line.Faults.Count > 0 ? string.Join(' ', line.Faults.Select(fault => WithoutName(fault, line.Name))) : line.Shown ?? DefaultOf(line.Name), null, null, new Dictionary<string, object?>())));
            output.Findings(providers.Select(provider => new DiagnosticFinding(
                provider.Key, null, provider.State, provider.Text, null, provider.Fault, new Dictionary<string, object?>())));
            foreach (var fault in others)
                output.Line($"faulty  {fault}");
        }

        output.Say(faults.Count == 0 ? "The server would start with these settings." : $"The server would not start: {faults.Count} fault(s).");
        return faults.Count == 0 ? ExitCodes.Ok : ExitCodes.Configuration;
    }

    private static string WithoutName(string fault, string name) =>
        fault.StartsWith(name, StringComparison.Ordinal) ? fault[name.Length..].TrimStart(':', ' ') : fault;

    private static string DefaultOf(string name) => KnownSettings.All.First(setting => setting.Name == name).Default.Replace("`", "", StringComparison.Ordinal);

    /// <summary>A provider's registration; what is not begun is no fault.</summary>
    private sealed record ProviderLine(string Key, string State, IReadOnlyList<string> Missing, string? RedirectUri, string? Fault)
    {
        public string Text => State switch
        {
            "set" => $"register {RedirectUri}",
            "default" => $"not used; {string.Join(", ", Missing)} would configure it",
            _ when Missing.Count > 0 => $"missing: {string.Join(", ", Missing)}",
            _ => "its redirect URI cannot be used",
        };

        public static ProviderLine Of(Provider provider, GrantkeeperOptions options)
        {
            var redirectUri = RedirectUriPolicy.RedirectUriOf(provider.Key, provider.Client.RedirectUri, options);
            var begun = Diagnostics.ProviderChecks.IsBegun(provider);
            var state = !begun ? "default" : provider.IsConfigured && redirectUri.IsSuccess ? "set" : "missing";
            var fault = begun && redirectUri.Failure is { } failure ? $"{failure.Message} {failure.Code.Remedy}" : null;
            return new ProviderLine(provider.Key, state, provider.Missing, redirectUri.IsSuccess ? redirectUri.Value : null, fault);
        }
    }
}
