using Grantkeeper.Launcher.Processes;

namespace Grantkeeper.Launcher.Demo;

/// <summary>One process of a contender. It can be killed and started again with the same address and the same folder.</summary>
/// <param name="name">What it is, in messages.</param>
/// <param name="command">The program and its arguments.</param>
/// <param name="port">Where it listens.</param>
/// <param name="readyPath">The path that answers 200 once it serves.</param>
/// <param name="variables">Its environment, all of it but the address.</param>
/// <param name="surroundings">What all processes of the demo share.</param>
internal sealed class Node(
    string name, IReadOnlyList<string> command, int port, string readyPath, IReadOnlyDictionary<string, string> variables, DemoSurroundings surroundings)
    : IAsyncDisposable
{
    private Child? _child;

    /// <summary>Where it listens.</summary>
    public string Address => $"http://localhost:{port}";

    /// <summary>Starts the process and waits until it serves.</summary>
    public async Task Start(CancellationToken stop)
    {
        if (_child is not null)
            await _child.DisposeAsync();
        _child = surroundings.Start(name, command, new Dictionary<string, string>(variables) { ["ASPNETCORE_URLS"] = Address });
        await surroundings.Http.WaitUntilReady(_child, Address + readyPath, surroundings.Patience, stop);
    }

    /// <summary>Ends the process without a warning, as <c>kill -9</c> does.</summary>
    public Task Kill() => _child?.Kill() ?? Task.CompletedTask;

    /// <summary>The process keeps nothing that is needed afterwards, so it is killed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_child is null)
            return;
        await _child.Kill();
        await _child.DisposeAsync();
    }
}
