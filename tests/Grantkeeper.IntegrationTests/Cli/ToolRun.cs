using System.Text.Json.Nodes;
using Grantkeeper.Cli;
using Grantkeeper.IntegrationTests.Flows;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.IntegrationTests.Cli;

/// <summary>One call of the tool in this process: its exit code and what it wrote.</summary>
internal sealed record ToolRun(int Code, string Out, string Error)
{
    public JsonNode Json => JsonNode.Parse(Out)!;

    /// <summary>As a back end's machine would call it: address and key of a running node.</summary>
    public static Task<ToolRun> At(FlowHost host, params string[] args) => At(host, FlowHost.ApiKey, args);

    public static Task<ToolRun> At(FlowHost host, string key, string[] args) =>
        With(new Dictionary<string, string?> { ["GRANTKEEPER_PUBLIC_URL"] = host.ListensOn, ["GRANTKEEPER_API_KEY"] = key }, args);

    public static async Task<ToolRun> With(
        Dictionary<string, string?> settings, string[] args, TimeProvider? time = null, Action<WebApplicationBuilder>? server = null, string? folder = null, bool color = false, CancellationToken? stop = null)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var environment = new ToolEnvironment
        {
            Out = output,
            Error = error,
            TerminalWidth = color ? 100 : null,
            Color = color,
            Settings = () => new ConfigurationBuilder().AddInMemoryCollection(settings).Build(),
            Folder = folder ?? Path.GetTempPath(),
            Time = time ?? TimeProvider.System,
            ConfigureServer = server,
        };
        var code = await Tool.Run(args, environment, stop ?? TestContext.Current.CancellationToken);
        return new ToolRun(code, output.ToString(), error.ToString());
    }
}
