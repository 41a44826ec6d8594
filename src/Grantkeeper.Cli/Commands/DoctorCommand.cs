using System.CommandLine;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Diagnostics;
using Grantkeeper.Egress;
using Grantkeeper.Startup;
using Microsoft.Extensions.DependencyInjection;
using IPNetwork = System.Net.IPNetwork;

namespace Grantkeeper.Cli.Commands;

/// <summary>
/// <c>doctor</c> (R334 to R339): examines the deployment that this environment configures, without a server; or lets a running
/// server examine itself, when an address is given or when this environment configures nothing.
/// </summary>
internal static class DoctorCommand
{
    public static Command Create(ToolEnvironment environment)
    {
        var remote = new Remote();
        var provider = new Option<string?>("--provider") { Description = "Look at one provider alone", HelpName = "key" };
        var command = remote.AddTo(new Command("doctor",
            "Examines database, public address, clocks, redirect URIs, credentials and refreshes: what is wrong, why, and what to do. Uses this environment's settings; with --url, or without any settings, asks a running server") { provider });
        command.SetAction(async (parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            var settings = environment.Settings();
            var isConfigured = new[] { "USER_DATA_DATABASE_URL", "PLATFORM_DATABASE_URL", "ConnectionStrings:grantkeeper", "FRONTEND_URL" }.Any(name => !string.IsNullOrWhiteSpace(settings[name]));
            if (remote.IsNamed(parsed) || !isConfigured)
                return await remote.Run(parsed, environment, output, client => Ask(client, parsed.GetValue(provider), output, cancellation));

            var faults = new List<string>();
            if (Deployment.TryRead(settings, faults) is not { } deployment)
                return Unconfigured(faults, environment, output);
            return await Examine(deployment, parsed.GetValue(provider), environment, output, cancellation);
        });
        return command;
    }

    private static async Task<int> Examine(Deployment deployment, string? key, ToolEnvironment environment, Output output, CancellationToken cancellation)
    {
        var only = key is null ? null : deployment.Catalogue.Find(key);
        if (key is not null && only is null)
            return output.Refuse("providers.unknown", $"No provider has the key {key}. grantkeeper providers list shows them.", ExitCodes.NotFound);
        var services = new ServiceCollection().AddSingleton(environment.Time).AddSingleton(new EgressOptions
        {
            AllowedNetworks = [.. deployment.Options.AllowedNetworks.Select(network => IPNetwork.Parse(network))],
            AllowLoopbackHttp = deployment.Options.AllowsLoopbackHttp,
        });
        await using var container = services.AddEgress().BuildServiceProvider();
        var doctor = new Doctor(deployment.Options, deployment.Catalogue, deployment.Features, container.GetRequiredService<IEgress>(), environment.Time);
        output.Say("Looking at the deployment that this environment configures ...");
        var findings = await doctor.Examine(only, cancellation);
        return Show(new DiagnosticsAnswer(Finding.Worst(findings), environment.Time.GetUtcNow(), findings), output);
    }

    private static int Unconfigured(List<string> faults, ToolEnvironment environment, Output output)
    {
        var findings = faults.Select(fault => Finding.Bad("configuration", null, fault, "The server does not start with it.", "Correct it; grantkeeper config check shows every setting."))
            .Append(Finding.NotLookedAt("everything_else", null, "Database, addresses and providers are looked at once the configuration is usable.")).ToList();
        Show(new DiagnosticsAnswer(Finding.Fail, environment.Time.GetUtcNow(), findings), output);
        return ExitCodes.Configuration;
    }

    private static async Task<int> Ask(GrantkeeperClient client, string? provider, Output output, CancellationToken cancellation)
    {
        output.Say("Asking the server to examine itself ...");
        return (await client.Diagnose(provider, cancellation)).TryGet(out var answer, out var problem) ? Show(answer, output) : output.Refuse(problem);
    }

    internal static int Show(DiagnosticsAnswer answer, Output output)
    {
        if (output.IsJson)
            output.Json(answer);
        else
            output.Findings(answer.Findings);
        var counts = answer.Findings.CountBy(finding => finding.Verdict).ToDictionary();
        output.Say(string.Join(", ", new[] { Finding.Ok, Finding.Warn, Finding.Fail, Finding.Skipped }.Where(counts.ContainsKey).Select(verdict => $"{counts[verdict]} {verdict}")) + ".");
        return answer.Verdict == Finding.Fail ? ExitCodes.Failed : ExitCodes.Ok;
    }
}
