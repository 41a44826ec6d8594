namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>One world for the tests of a class, which keep apart by their users' names.</summary>
public abstract class WorldFixture(HostKind kind, bool moreProviders) : IAsyncLifetime
{
    internal FlowWorld World { get; private set; } = null!;

    public async ValueTask InitializeAsync() => World = await FlowWorld.Start(kind, moreProviders ? FlowWorld.MoreProviders : null);

    public async ValueTask DisposeAsync()
    {
        await World.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>The stand-alone server.</summary>
public sealed class ServerWorld() : WorldFixture(HostKind.Server, moreProviders: true);

/// <summary>An application that embeds Grantkeeper.</summary>
public sealed class EmbeddedWorld() : WorldFixture(HostKind.Embedded, moreProviders: true);
