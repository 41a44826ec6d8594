namespace Grantkeeper.Cli;

/// <summary>What the tool's exit code says. docs/cli.md and <c>--help</c> list them; they never change their meaning.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Configuration = 3;
    public const int Unreachable = 4;
    public const int Refused = 5;
    public const int NotFound = 6;
    public const int Stopped = 130;

    /// <summary>Code and meaning, in order.</summary>
    public static IReadOnlyList<(int Code, string Meaning)> All { get; } =
    [
        (Ok, "done"),
        (Failed, "the operation failed, or a check found a fault"),
        (Usage, "the command line is not usable"),
        (Configuration, "a setting is missing or wrong"),
        (Unreachable, "the server could not be reached"),
        (Refused, "the API key was refused, or lacks a permission"),
        (NotFound, "nothing has this name or id"),
        (Stopped, "stopped from outside"),
    ];
}
