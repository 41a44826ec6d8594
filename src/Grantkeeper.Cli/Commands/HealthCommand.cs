using System.CommandLine;
using Grantkeeper.Client;

namespace Grantkeeper.Cli.Commands;

/// <summary><c>health</c>: a probe for containers and service managers, without a key.</summary>
internal static class HealthCommand
{
    public static Command Create(ToolEnvironment environment)
    {
        var url = new Option<string?>("--url") { Description = "The server's address. Default: this machine, at the port of ASPNETCORE_URLS, else 8000", HelpName = "address" };
        var live = new Option<bool>("--live") { Description = "Ask only whether the process answers; a database that is away does not count" };
        var command = new Command("health", "Asks a server whether it can serve; needs no key") { url, live };
        command.SetAction(async (parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            var text = parsed.GetValue(url) ?? Local(environment.Settings()["urls"]);
            if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
                return output.Refuse("cli.connection_invalid", $"{text} is no http or https address.", ExitCodes.Usage);
            output.Server = text;
            using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(3) }) { BaseAddress = new Uri(address, "/"), Timeout = TimeSpan.FromSeconds(5) };
            using var client = new GrantkeeperClient(http);
            var answer = parsed.GetValue(live) ? await client.GetLiveness(cancellation) : await client.GetReadiness(cancellation);
            if (!answer.TryGet(out var health, out var problem))
                return output.Refuse(problem);
            if (output.IsJson)
                output.Json(health);
            else
                output.Line(health.Status);
            return health.Status == "healthy" ? ExitCodes.Ok : ExitCodes.Failed;
        });
        return command;
    }

    /// <summary>The first http address that the server listens on, seen from this machine.</summary>
    internal static string Local(string? urls)
    {
        var first = (urls ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .FirstOrDefault(url => url.StartsWith("http://", StringComparison.OrdinalIgnoreCase))?
            .Replace("//+", "//localhost", StringComparison.Ordinal).Replace("//*", "//localhost", StringComparison.Ordinal).Replace("//0.0.0.0", "//localhost", StringComparison.Ordinal).Replace("//[::]", "//localhost", StringComparison.Ordinal);
        return first ?? Remote.DefaultUrl;
    }
}
