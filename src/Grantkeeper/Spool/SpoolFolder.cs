namespace Grantkeeper.Spool;

/// <summary>
/// One node's folder <c>spool/{node id}</c>, held by a lock that the kernel gives back when the process ends, however it
/// ends. The folder's name is the node's name, so a node that starts again has the name that its intents carry.
/// </summary>
internal sealed class SpoolFolder : IDisposable
{
    private const string FileName = "answers";

    private readonly FileStream _lock;

    private SpoolFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    public string NodeId => System.IO.Path.GetFileName(Path);

    public string File => System.IO.Path.Combine(Path, FileName);

    /// <summary>
    /// Takes every folder under <paramref name="root"/> whose lock is free: the first is this node's own (made when there is
    /// none), the others were left by nodes that died and are adopted.
    /// </summary>
    /// <exception cref="IOException">The place is not writable.</exception>
    /// <exception cref="UnauthorizedAccessException">The place is not writable.</exception>
    public static (SpoolFolder Own, IReadOnlyList<SpoolFolder> Orphans) Claim(string root)
    {
        Create(root);
        var free = Directory.GetDirectories(root).Order(StringComparer.Ordinal).Select(TryHold).OfType<SpoolFolder>().ToList();
        if (free.Count == 0)
        {
            var path = System.IO.Path.Combine(root, Guid.NewGuid().ToString("N"));
            Create(path);
            free.Add(TryHold(path) ?? throw new IOException($"The new folder {path} could not be locked."));
        }

        return (free[0], free[1..]);
    }

    /// <summary>Puts a file of another release aside; it stays until somebody decides.</summary>
    public void PutAside() => System.IO.File.Move(File, $"{File}.{Guid.NewGuid():N}.unreadable");

    /// <summary>Ends an adopted folder whose answers are all stored.</summary>
    public void Remove()
    {
        // Deleted while it is still held, so that no node that starts in this moment takes it; Windows deletes no open file.
        if (OperatingSystem.IsWindows())
            _lock.Dispose();
        Directory.Delete(Path, recursive: true);
        _lock.Dispose();
    }

    public void Dispose() => _lock.Dispose();

    private static SpoolFolder? TryHold(string path)
    {
        try
        {
            var held = new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            // Between finding and locking it, its last holder may have removed it.
            if (Directory.Exists(path))
                return new SpoolFolder(path, held);
            held.Dispose();
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
