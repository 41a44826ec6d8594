using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Grantkeeper.Launcher;

/// <summary>Ports of this machine's loopback address.</summary>
internal static class LoopbackPort
{
    /// <summary>True when nothing listens there.</summary>
    public static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (OperatingSystem.IsWindows())
            socket.ExclusiveAddressUse = true;
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Different free ports, outside of the range from which systems take the ports of outgoing connections.</summary>
    public static int[] ChooseFree(int count)
    {
        var chosen = new HashSet<int>();
        while (chosen.Count < count)
        {
            var port = RandomNumberGenerator.GetInt32(Postgres.ClusterPort.First, Postgres.ClusterPort.Last + 1);
            if (IsFree(port))
                chosen.Add(port);
        }

        return [.. chosen];
    }

    /// <summary>Refuses a port that is taken, and says how to find who has it.</summary>
    /// <param name="port">The port.</param>
    /// <param name="purpose">What it is wanted for.</param>
    /// <param name="remedy">What to change, if the other one has to stay.</param>
    public static void MustBeFree(int port, string purpose, string remedy)
    {
        if (IsFree(port))
            return;
        var look = OperatingSystem.IsWindows() ? $"netstat -ano | findstr :{port}"
            : OperatingSystem.IsMacOS() ? $"lsof -nP -iTCP:{port} -sTCP:LISTEN"
            : $"ss -ltnp 'sport = :{port}'";
        throw new LaunchException(
            $"Port {port}, wanted for the {purpose}, is taken, perhaps by another ./run. `{look}` shows the process; stop it, or {remedy}.");
    }
}
