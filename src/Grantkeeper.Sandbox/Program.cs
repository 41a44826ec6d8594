using Grantkeeper.Sandbox;
using Grantkeeper.Sandbox.OAuth;

var options = new SandboxOptions
{
    Clients = ClientRegistrations.Parse(Environment.GetEnvironmentVariable("SANDBOX_CLIENTS"), out var faults),
};
if (Environment.GetEnvironmentVariable("ASPNETCORE_URLS") is { Length: > 0 } urls) options.Urls = urls;
try
{
    if (faults.Count > 0) throw new ArgumentException(string.Join(' ', faults));
    await using var app = SandboxApp.Build(args, options);
    await app.StartAsync();
    await Console.Out.WriteLineAsync($"Sandbox provider on {string.Join(", ", app.Urls)}. Ctrl-C stops it.");
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception fault) when (fault is ArgumentException or IOException)
{
    await Console.Error.WriteLineAsync($"sandbox: {fault.Message}");
    return 2;
}
