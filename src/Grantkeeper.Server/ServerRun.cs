using Grantkeeper.Startup;
using Microsoft.AspNetCore.Connections;

namespace Grantkeeper.Server;

/// <summary>How a run of the server ended.</summary>
public enum ServerEnd
{
    /// <summary>It was asked to stop.</summary>
    Stopped,

    /// <summary>The start was refused: settings, keys or database roles; every fault was written.</summary>
    Refused,

    /// <summary>The address to listen on is taken.</summary>
    AddressTaken,
}

/// <summary>Runs the server until it is stopped, and says in words why it does not start.</summary>
public static class ServerRun
{
    /// <summary>Runs the server; returns when it has stopped.</summary>
    /// <param name="args">Command-line arguments; they are configuration too.</param>
    /// <param name="errors">Takes the sentences of a refused start; nothing there repeats a secret.</param>
    /// <param name="configure">Changes the builder before the application is built; for tests.</param>
    /// <param name="cancellation">Stops the server, as a signal does.</param>
    public static async Task<ServerEnd> Run(string[] args, TextWriter errors, Action<WebApplicationBuilder>? configure = null, CancellationToken cancellation = default)
    {
        try
        {
            await using var app = ServerBuilder.Build(args, configure);
            await ((IHost)app).RunAsync(cancellation);
            return ServerEnd.Stopped;
        }
        catch (GrantkeeperStartException exception)
        {
            await errors.WriteLineAsync(exception.Message);
            return ServerEnd.Refused;
        }
        catch (IOException exception) when (exception.InnerException is AddressInUseException)
        {
            await errors.WriteLineAsync($"Grantkeeper does not start:{Environment.NewLine}  - {exception.Message.TrimEnd('.')}. Another program listens there; stop it, or set ASPNETCORE_URLS to another address.");
            return ServerEnd.AddressTaken;
        }
    }
}
