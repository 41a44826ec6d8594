using Grantkeeper.Server;
using Grantkeeper.Startup;

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
