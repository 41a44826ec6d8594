using Grantkeeper.Encryption;
using Grantkeeper.Settings;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Spool;

/// <summary>Whether answers outlive this process.</summary>
internal enum SpoolCondition
{
    /// <summary>They do.</summary>
    Good,

    /// <summary><c>GRANTKEEPER_DATA_PATH</c> is not set: they wait in memory.</summary>
    Absent,

    /// <summary>The place is not writable or the disk failed: this node sends nothing that rotates a token.</summary>
    Broken,
}

/// <summary>The spool of this node: its own folder, and at start the folders of nodes that died.</summary>
internal sealed class NodeSpool(GrantkeeperOptions options, NodeIdentity node, SecretBox box, ILogger<NodeSpool> logger) : ISpool, IDisposable
{
    private readonly List<SpoolFolder> _orphans = [];
    private SpoolFolder? _own;
    private SpoolFile? _file;
    private string? _fault;

    /// <summary>How it stands now.</summary>
    public SpoolCondition Condition => options.DataPath is null ? SpoolCondition.Absent
        : _file is { IsBroken: false } ? SpoolCondition.Good : SpoolCondition.Broken;

    /// <summary>Why it is broken, for people.</summary>
    public string? Fault => _file is { IsBroken: true } ? "the disk refused a write" : _fault;

    /// <summary>Takes this node's folder, and with it its name. Needs no key and no database.</summary>
    public void Claim()
    {
        if (options.DataPath is null)
        {
            SpoolLog.Absent(logger);
            return;
        }

        try
        {
            var (own, orphans) = SpoolFolder.Claim(Path.Combine(options.DataPath, "spool"));
            _own = own;
            _orphans.AddRange(orphans);
            node.Take(own.NodeId);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Break(exception.Message);
        }
    }

    public IReadOnlyList<LeftBehind> Open()
    {
        var found = new List<LeftBehind>();
        if (_own is not null && OpenFile(_own) is { } file)
        {
            found.Add(Read(_own.NodeId, file, finished: _ => { }));
            _file = file;
        }

        foreach (var orphan in _orphans)
        {
            if (OpenFile(orphan) is { } left)
                found.Add(Read(orphan.NodeId, left, finished: isEmpty => End(orphan, left, isEmpty)));
        }

        _orphans.Clear();
        return found;
    }

    public ISpoolSlot? Reserve() => Condition switch
    {
        SpoolCondition.Absent => new MemorySlot(),
        SpoolCondition.Good when _file!.Reserve() is { } index => new Slot(_file, index),
        _ => null,
    };

    public void Dispose()
    {
        _file?.Dispose();
        _own?.Dispose();
        foreach (var orphan in _orphans)
            orphan.Dispose();
    }

    private LeftBehind Read(string nodeId, SpoolFile file, Action<bool> finished)
    {
        var slots = file.ReadAll();
        var kept = slots.Where(slot => slot.State == SlotState.Kept).ToDictionary(slot => slot.Record!, slot => slot.Index);
        var unreadable = slots.Count(slot => slot.State == SlotState.Unreadable);
        var torn = slots.Count(slot => slot.State == SlotState.Torn);
        var left = kept.Count + unreadable;
        if (slots.Count > 0)
            SpoolLog.Found(logger, nodeId, kept.Count, unreadable, torn);
        return new LeftBehind(
            nodeId, [.. kept.Keys], unreadable, torn,
            record =>
            {
                file.Free(kept[record]);
                left--;
            },
            () => finished(left == 0));
    }

    private SpoolFile? OpenFile(SpoolFolder folder)
    {
        try
        {
            if (SpoolFile.Open(SpoolDisk.Open(folder.File, SpoolFile.Size), box) is { } file)
                return file;
            // Written by another release: kept for it, and a new file is begun.
            folder.PutAside();
            SpoolLog.OtherRelease(logger, folder.NodeId);
            return SpoolFile.Open(SpoolDisk.Open(folder.File, SpoolFile.Size), box);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Break(exception.Message);
            return null;
        }
    }

    private void End(SpoolFolder folder, SpoolFile file, bool isEmpty)
    {
        file.Dispose();
        try
        {
            // A file that was put aside beside it stays, and so does the folder.
            if (isEmpty && Directory.GetFiles(folder.Path).Length <= 2)
                folder.Remove();
            else
                folder.Dispose();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            SpoolLog.Broken(logger, exception.Message);
        }
    }

    private void Break(string fault)
    {
        _fault = fault;
        SpoolLog.Broken(logger, fault);
    }

    private sealed class Slot(SpoolFile file, int index) : ISpoolSlot
    {
        public Task<bool> Keep(SpoolRecord record) => file.Keep(index, record);

        public void Free() => file.Free(index);
    }

    /// <summary>Where there is no spool, an answer waits in the memory of its flight.</summary>
    private sealed class MemorySlot : ISpoolSlot
    {
        public Task<bool> Keep(SpoolRecord record) => Task.FromResult(false);

        public void Free()
        {
            // There is nothing to free.
        }
    }
}
