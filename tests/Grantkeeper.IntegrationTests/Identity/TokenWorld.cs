using Grantkeeper.IntegrationTests.Flows;

namespace Grantkeeper.IntegrationTests.Identity;

/// <summary>A node that takes tokens of users, and their identity provider.</summary>
public sealed class TokenWorld : IAsyncLifetime
{
    internal FlowWorld World { get; private set; } = null!;

    internal HostIssuer Issuer { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Issuer = await HostIssuer.Start();
        World = await FlowWorld.Start(HostKind.Server, Issuer.Settings);
    }

    public async ValueTask DisposeAsync()
    {
        await World.DisposeAsync();
        await Issuer.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
