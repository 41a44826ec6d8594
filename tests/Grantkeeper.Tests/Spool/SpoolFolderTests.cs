using Grantkeeper.Spool;

namespace Grantkeeper.Tests.Spool;

/// <summary>One folder a node: its name stays over restarts, and what a dead node left is adopted.</summary>
[Trait("category", "services")]
public sealed class SpoolFolderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("gk-spool-").FullName;

    [Fact]
    public void A_node_that_starts_again_has_its_name_again()
    {
        string name;
        using (var own = SpoolFolder.Claim(_root).Own)
            name = own.NodeId;
        var (again, orphans) = SpoolFolder.Claim(_root);
        using (again)
            again.NodeId.ShouldBe(name);
        orphans.ShouldBeEmpty();
    }

    [Fact]
    public void A_second_process_on_the_same_place_takes_another_name()
    {
        using var first = SpoolFolder.Claim(_root).Own;
        using var second = SpoolFolder.Claim(_root).Own;
        second.NodeId.ShouldNotBe(first.NodeId);
    }

    [Fact]
    public void Folders_of_dead_nodes_are_adopted_and_removed_when_they_are_empty()
    {
        var first = SpoolFolder.Claim(_root).Own;
        var second = SpoolFolder.Claim(_root).Own;
        second.Dispose();
        first.Dispose();
        var (own, orphans) = SpoolFolder.Claim(_root);
        using (own)
        {
            var orphan = orphans.ShouldHaveSingleItem();
            new[] { own.NodeId, orphan.NodeId }.ShouldBe([first.NodeId, second.NodeId], ignoreOrder: true);
            orphan.Remove();
            Directory.GetDirectories(_root).ShouldHaveSingleItem().ShouldBe(own.Path);
        }
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
