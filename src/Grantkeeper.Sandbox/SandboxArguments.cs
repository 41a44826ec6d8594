using Grantkeeper.Sandbox.OAuth;

namespace Grantkeeper.Sandbox;

/// <summary>What a sandbox that is started alone is told.</summary>
internal static class SandboxArguments
{
    /// <summary>What <c>--help</c> prints.</summary>
    public const string Help = """
        Simulated OAuth providers that break on purpose. Loopback only, everything in memory.

        --urls URLS       where to listen, several separated by ';' (else ASPNETCORE_URLS, else http://127.0.0.1:8100)
        --clients JSON    the applications that may ask (else SANDBOX_CLIENTS, else none): [{"client_id", "client_secret",
                          "redirect_uris": [], "token_endpoint_auth_method", "client_name"}]
        --auto-consent    grants everything without showing a page
        --access-token-seconds N
                          how long access tokens live, 1 to 86400 (else 3600)
        --help            prints this
        """;

    private const int MostSeconds = 86_400;

    /// <summary>The options; null beside faults.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="variable">Reads a variable of the environment.</param>
    /// <param name="faults">Everything that is wrong.</param>
    public static SandboxOptions? Read(IReadOnlyList<string> args, Func<string, string?> variable, out IReadOnlyList<string> faults)
    {
        var found = new List<string>();
        var options = new SandboxOptions();
        if (variable("ASPNETCORE_URLS") is { Length: > 0 } urls) options.Urls = urls;
        var clients = variable("SANDBOX_CLIENTS");
        for (var at = 0; at < args.Count; at++)
        {
            var name = args[at];
            if (name == "--auto-consent")
            {
                options.AutoConsent = true;
                continue;
            }

            if (name is not ("--urls" or "--clients" or "--access-token-seconds"))
                found.Add($"does not know the option '{name}'; --help lists them.");
            else if (++at == args.Count)
                found.Add($"needs a value after {name}.");
            else if (name == "--urls")
                options.Urls = args[at];
            else if (name == "--clients")
                clients = args[at];
            else if (int.TryParse(args[at], out var seconds) && seconds is >= 1 and <= MostSeconds)
                options.AccessTokenLifetime = TimeSpan.FromSeconds(seconds);
            else
                found.Add($"--access-token-seconds must be between 1 and {MostSeconds}.");
        }

        options.Clients = ClientRegistrations.Parse(clients, out var unusable);
        found.AddRange(unusable);
        faults = found;
        return found.Count == 0 ? options : null;
    }
}
