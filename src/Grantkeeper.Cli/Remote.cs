using System.CommandLine;
using Grantkeeper.Client;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Cli;

/// <summary>
/// The way to a server: its address from <c>--url</c>, <c>GRANTKEEPER_PUBLIC_URL</c>, or this machine; the key from
/// <c>--key-file</c>, <c>GRANTKEEPER_API_KEY</c>, or the file that <c>./run</c> made. A key is never an argument: arguments
/// are seen by every process of the machine.
/// </summary>
internal sealed class Remote
{
    public const string DefaultUrl = "http://localhost:8000";

    private readonly Option<string?> _url = new("--url") { Description = "The server's address. Default: GRANTKEEPER_PUBLIC_URL, else http://localhost:8000", HelpName = "address" };

    private readonly Option<string?> _keyFile = new("--key-file") { Description = "A file that holds the API key. Default: GRANTKEEPER_API_KEY, else .grantkeeper/api-key", HelpName = "file" };

    /// <summary>Adds the two options to a command.</summary>
    public Command AddTo(Command command)
    {
        command.Options.Add(_url);
        command.Options.Add(_keyFile);
        return command;
    }

    public bool IsNamed(ParseResult parsed) => parsed.GetValue(_url) is not null;

    /// <summary>Runs something with a client; without address or key it says what is missing.</summary>
    public async Task<int> Run(ParseResult parsed, ToolEnvironment environment, Output output, Func<GrantkeeperClient, Task<int>> work)
    {
        var settings = environment.Settings();
        var url = parsed.GetValue(_url) ?? Text(settings["GRANTKEEPER_PUBLIC_URL"]) ?? DefaultUrl;
        var options = new GrantkeeperClientOptions { Url = Uri.TryCreate(url, UriKind.Absolute, out var address) ? address : null, Timeout = TimeSpan.FromSeconds(60) };
        if (!FindKey(parsed, environment, settings, options))
        {
            return output.Refuse("cli.key_missing", $"There is no API key for {url}. Name a file that holds one with --key-file, set GRANTKEEPER_API_KEY, or start this in the folder of ./run.", ExitCodes.Usage);
        }

        if (options.Faults() is { Count: > 0 } faults)
            return output.Refuse("cli.connection_invalid", $"The connection is not usable: {string.Join("; ", faults)}. (--url {url})", ExitCodes.Usage);
        output.Server = url;
        using var client = GrantkeeperClient.Create(options);
        return await work(client);
    }

    private bool FindKey(ParseResult parsed, ToolEnvironment environment, IConfiguration settings, GrantkeeperClientOptions options)
    {
        if (parsed.GetValue(_keyFile) is { } named)
        {
            options.ApiKeyFile = Path.GetFullPath(named, environment.Folder);
            return true;
        }

        if (Text(settings["GRANTKEEPER_API_KEY"]) is { } key)
        {
            options.ApiKey = key;
            return true;
        }

        var file = Path.Combine(Path.GetFullPath(Text(settings["GRANTKEEPER_DATA_PATH"]) ?? ".grantkeeper", environment.Folder), "api-key");
        // A developer's key that lies around is for the developer's machine.
        if (options.Url is not { IsLoopback: true } || !File.Exists(file))
            return false;
        options.ApiKeyFile = file;
        return true;
    }

    private static string? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
