using Grantkeeper.IntegrationTests;
using Grantkeeper.Testing.Postgres;

[assembly: AssemblyFixture(typeof(TestRun))]

namespace Grantkeeper.IntegrationTests;

/// <summary>What a whole run of this assembly shares; ended when the last test is over.</summary>
public sealed class TestRun : IAsyncDisposable
{
    public async ValueTask DisposeAsync() => await TestCluster.EndShared();
}
