using System.Net;
using System.Net.Sockets;

namespace Grantkeeper.IntegrationTests.Launcher;

/// <summary>Ports that a test takes, or looks for.</summary>
internal static class Listener
{
    public static TcpListener On(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        return listener;
    }

    /// <summary>A port that is free together with the one a hundred above it.</summary>
    public static int FreePair()
    {
        while (true)
        {
            var port = System.Security.Cryptography.RandomNumberGenerator.GetInt32(30000, 32000);
            if (Grantkeeper.Launcher.LoopbackPort.IsFree(port) && Grantkeeper.Launcher.LoopbackPort.IsFree(port + 100))
                return port;
        }
    }
}
