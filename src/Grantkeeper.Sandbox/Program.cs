using Grantkeeper.Sandbox;

if (args.Contains("--help"))
{
    await Console.Out.WriteLineAsync(SandboxArguments.Help);
    return 0;
}

try
{
    if (SandboxArguments.Read(args, Environment.GetEnvironmentVariable, out var faults) is not { } options) throw new ArgumentException(string.Join(' ', faults));
    await using var app = SandboxApp.Build([], options);
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
