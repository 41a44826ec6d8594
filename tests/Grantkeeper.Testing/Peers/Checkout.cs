namespace Grantkeeper.Testing.Peers;

/// <summary>The folders of the clone from which the tests were built.</summary>
public static class Checkout
{
    /// <summary>The folder that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The folder of one peer under <c>tests/peers</c>.</summary>
    public static string Peer(string name) => Path.Combine(Root, "tests", "peers", name);

    /// <summary>A path under <c>artifacts</c>; its folder exists afterwards.</summary>
    public static string Artifact(params string[] parts)
    {
        var path = Path.Combine([Root, "artifacts", .. parts]);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Grantkeeper.slnx")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"No folder above {AppContext.BaseDirectory} holds Grantkeeper.slnx.");
    }
}
