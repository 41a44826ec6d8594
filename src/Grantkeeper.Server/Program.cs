using Grantkeeper.Server;
using Grantkeeper.Startup;
using Microsoft.AspNetCore.Connections;

try
{
    await ServerBuilder.Build(args).RunAsync();
    return 0;
}
catch (GrantkeeperStartException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
catch (IOException exception) when (exception.InnerException is AddressInUseException)
{
    await Console.Error.WriteLineAsync($"Grantkeeper does not start:{Environment.NewLine}  - {exception.Message.TrimEnd('.')}. Another program listens there; stop it, or set ASPNETCORE_URLS to another address.");
    return 1;
}
