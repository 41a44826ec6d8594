using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Grantkeeper.Testing.Peers;

/// <summary>
/// Hands out loopback ports below the range from which the kernel serves outgoing connections, so that nothing takes
/// one between its choice and its use. A handed-out port is locked for other test processes until this one ends.
/// </summary>
public static class FreePort
{
    private const int First = 21000;
    private const int Count = 4000;

    private static readonly Lock Gate = new();
    private static readonly List<FileStream> Claims = [];
    private static int _next = Environment.ProcessId * 37 % Count;

    /// <summary>A port on which nobody listens and which no other test was given.</summary>
    public static int Next()
    {
        lock (Gate)
        {
            var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), $"grantkeeper-test-ports-{Environment.UserName}")).FullName;
            for (var attempt = 0; attempt < Count; attempt++)
            {
                var port = First + (_next++ % Count);
                if (TryClaim(folder, port))
                    return port;
            }
        }

        throw new InvalidOperationException($"No port is free between {First} and {First + Count - 1}.");
    }

    private static bool TryClaim(string folder, int port)
    {
        FileStream claim;
        try
        {
            claim = new FileStream(
                Path.Combine(folder, port.ToString(CultureInfo.InvariantCulture)),
                FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
        }
        catch (SocketException)
        {
            claim.Dispose();
            return false;
        }

        Claims.Add(claim);
        return true;
    }
}
