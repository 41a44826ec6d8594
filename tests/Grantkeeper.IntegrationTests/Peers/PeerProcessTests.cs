using System.Diagnostics;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Peers;

[Trait("category", "kit")]
public sealed class PeerProcessTests
{
    [Fact]
    public async Task A_program_that_ends_too_early_is_reported_with_its_output()
    {
        var failure = await Should.ThrowAsync<InvalidOperationException>(
            () => PeerProcess.Start("sample", new ProcessStartInfo("sh", ["-c", "echo the reason; exit 3"])));

        failure.Message.ShouldBe("sample ended before it was ready. It printed:\nthe reason");
    }

    [Fact]
    public async Task A_missing_program_is_named()
    {
        var failure = await Should.ThrowAsync<InvalidOperationException>(
            () => PeerProcess.Start("sample", new ProcessStartInfo("no-such-program-here")));

        failure.Message.ShouldContain("no-such-program-here");
    }

    [Fact]
    public async Task Disposing_ends_a_program_that_watches_its_input()
    {
        var peer = await PeerProcess.Start("sample", new ProcessStartInfo("sh", ["-c", "echo READY; cat"]));
        using var process = Process.GetProcessById(peer.Id);

        await peer.DisposeAsync();

        process.HasExited.ShouldBeTrue();
    }

    [Fact]
    public void Free_ports_differ_and_lie_below_the_ephemeral_range()
    {
        var ports = Enumerable.Range(0, 50).Select(_ => FreePort.Next()).ToList();

        ports.Distinct().Count().ShouldBe(50);
        ports.ShouldAllBe(port => port >= 21000 && port < 25000);
    }
}
