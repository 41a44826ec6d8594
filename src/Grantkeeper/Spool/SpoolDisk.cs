using Microsoft.Win32.SafeHandles;

namespace Grantkeeper.Spool;

/// <summary>The few things that the spool does to a file; the place where tests let a disk fail.</summary>
internal interface ISpoolDisk : IDisposable
{
    long Length { get; }

    int Read(Span<byte> into, long offset);

    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Returns when everything written is on the disk. An error here means that nobody knows what is.</summary>
    void Flush();
}

/// <inheritdoc/>
internal sealed class SpoolDisk(SafeFileHandle file) : ISpoolDisk
{
    public long Length => RandomAccess.GetLength(file);

    /// <summary>Opens a file, or makes it with all its bytes allocated: a disk without room for it refuses now.</summary>
    /// <exception cref="IOException">The disk is full or not writable.</exception>
    public static SpoolDisk Open(string path, long size)
    {
        if (!File.Exists(path))
            Make(path, size);
        return new SpoolDisk(File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite));
    }

    /// <summary>Under another name first: a file that is there is whole, however its making was cut short.</summary>
    private static void Make(string path, long size)
    {
        var unfinished = path + ".new";
        File.Delete(unfinished);
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, PreallocationSize = size };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var made = new FileStream(unfinished, options))
                made.SetLength(size);
            File.Move(unfinished, path);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            // How .NET says that this process or file system allows no file of this size.
            File.Delete(unfinished);
            throw new IOException($"No file of {size} bytes may be made there.", exception);
        }
    }

    public int Read(Span<byte> into, long offset) => RandomAccess.Read(file, into, offset);

    public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(file, bytes, offset);

    public void Flush() => RandomAccess.FlushToDisk(file);

    public void Dispose() => file.Dispose();
}
