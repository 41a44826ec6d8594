using System.Globalization;

namespace Grantkeeper.Launcher;

/// <summary>
/// Where server and sandbox listen. Two host names, because cookies ignore ports: the browser keeps
/// the cookies of <c>localhost</c> and of <c>127.0.0.1</c> apart, as it would those of two sites.
/// </summary>
/// <param name="Listen">What the server binds.</param>
/// <param name="ServerPort">The server's port.</param>
internal sealed record LaunchAddresses(string Listen, int ServerPort)
{
    private const int DefaultPort = 8000;

    public int SandboxPort => ServerPort + 100;

    /// <summary>The server, as a browser on this machine reaches it.</summary>
    public string Server => $"http://localhost:{ServerPort.ToString(CultureInfo.InvariantCulture)}";

    public string Sandbox => $"http://127.0.0.1:{SandboxPort.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>First that applies: <c>--port</c>, the first http address in <c>ASPNETCORE_URLS</c>, 8000.</summary>
    public static LaunchAddresses Choose(int? port, string? urls)
    {
        if (port is null && !string.IsNullOrWhiteSpace(urls))
            return new(urls, PortOf(urls));
        var chosen = port ?? DefaultPort;
        return new($"http://localhost:{chosen.ToString(CultureInfo.InvariantCulture)}", chosen);
    }

    private static int PortOf(string urls)
    {
        // "+" and "*" mean every address; the parser knows hosts only.
        var first = urls.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(url => url.Replace("//+", "//localhost", StringComparison.Ordinal).Replace("//*", "//localhost", StringComparison.Ordinal))
            .FirstOrDefault(url => url.StartsWith("http://", StringComparison.OrdinalIgnoreCase));
        return Uri.TryCreate(first, UriKind.Absolute, out var address) && address.Port is > 0 and <= 65435
            ? address.Port
            : throw new LaunchException($"ASPNETCORE_URLS is \"{urls}\", which holds no http address with a port up to 65435. Write for example http://localhost:8000, or use --port.");
    }
}
