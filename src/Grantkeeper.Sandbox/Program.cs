using Grantkeeper.Sandbox;
using Grantkeeper.Sandbox.OAuth;

var clients = ClientRegistrations.Parse(Environment.GetEnvironmentVariable("SANDBOX_CLIENTS"), out var faults);
var options = new SandboxOptions { Clients = clients };
if (Environment.GetEnvironmentVariable("ASPNETCORE_URLS") is { Length: > 0 } urls) options.Urls = urls;
faults = [.. faults, .. LoopbackOnly.Faults(options.Urls)];
if (faults.Count > 0)
{
    foreach (var fault in faults) await Console.Error.WriteLineAsync($"sandbox: {fault}");
    return 2;
}

await using var app = SandboxApp.Build(args, options);
await app.RunAsync();
return 0;
