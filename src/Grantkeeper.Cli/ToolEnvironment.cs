using Grantkeeper.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Cli;

/// <summary>What the tool takes from the process that it runs in; tests bring their own.</summary>
internal sealed record ToolEnvironment
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    /// <summary>The columns of the terminal that data is written to; null when it goes to a file or another program.</summary>
    public required int? TerminalWidth { get; init; }

    /// <summary>True when colour is wanted: a terminal, and no <c>NO_COLOR</c>.</summary>
    public required bool Color { get; init; }

    /// <summary>The settings as the server would read them, read anew each time.</summary>
    public required Func<IConfiguration> Settings { get; init; }

    /// <summary>Where relative paths begin.</summary>
    public required string Folder { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Changes the server that <c>serve</c> builds; for tests.</summary>
    public Action<WebApplicationBuilder>? ConfigureServer { get; init; }

    public static ToolEnvironment OfProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        TerminalWidth = Console.IsOutputRedirected ? null : Console.WindowWidth,
        Color = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
        Settings = () => ServerBuilder.Settings(),
        Folder = Environment.CurrentDirectory,
    };
}
