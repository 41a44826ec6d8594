using System.Globalization;
using System.Security.Cryptography;

namespace Grantkeeper.Launcher.Postgres;

/// <summary>The port of a cluster: the one of last time if it is free, else a free one between 20000 and 29999.</summary>
internal static class ClusterPort
{
    public const int First = 20000;
    public const int Last = 29999;
    private const int Tries = 100;

    /// <summary>Chooses a port and notes it in the file.</summary>
    public static int Choose(string file)
    {
        if (Read(file) is { } noted && LoopbackPort.IsFree(noted))
            return noted;
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(First, Last + 1);
            if (!LoopbackPort.IsFree(port))
                continue;
            Note(file, port);
            return port;
        }

        throw new LaunchException($"No free port was found between {First} and {Last}. Stop something that listens there, or set USER_DATA_DATABASE_URL to a database that you have.");
    }

    /// <summary>The port of last time; null if there is none in the range.</summary>
    public static int? Read(string file) =>
        File.Exists(file) && int.TryParse(File.ReadAllText(file), NumberStyles.Integer, CultureInfo.InvariantCulture, out var port) && port is >= First and <= Last
            ? port
            : null;

    public static void Note(string file, int port) => File.WriteAllText(file, port.ToString(CultureInfo.InvariantCulture) + "\n");
}
