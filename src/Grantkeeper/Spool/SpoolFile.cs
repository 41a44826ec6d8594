using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Grantkeeper.Encryption;

namespace Grantkeeper.Spool;

/// <summary>What stands in a slot.</summary>
internal enum SlotState
{
    /// <summary>Nothing.</summary>
    Free,

    /// <summary>An answer.</summary>
    Kept,

    /// <summary>A write that never ended: its request was in the window that nobody can close.</summary>
    Torn,

    /// <summary>Whole, but this release or its keys cannot read it. It stays.</summary>
    Unreadable,
}

/// <summary>A slot as it was found at start.</summary>
internal readonly record struct FoundSlot(int Index, SlotState State, SpoolRecord? Record);

/// <summary>
/// A file of slots of one size. Layout: a header of 64 bytes (<c>GKSPOOL1</c>, slot size, slot count), then the slots, each
/// <c>gks1</c>, length, attempt id, SHA-256 of the text, and the sealed text. Writes that come while the disk is busy share
/// the next flush.
/// </summary>
internal sealed class SpoolFile : IDisposable
{
    /// <summary>Room for one answer in bytes; an access token of a directory with many groups has some ten thousand.</summary>
    public const int SlotSize = 64 * 1024;

    /// <summary>How many answers may be under way on one node; more wait for nobody, they are not asked for.</summary>
    public const int SlotCount = 1024;

    public const string Purpose = "spool";

    private const int HeaderSize = 64;
    private const int LengthAt = 4;
    private const int IdAt = 8;
    private const int HashAt = 24;
    private const int TextAt = 56;

    private readonly ISpoolDisk _disk;
    private readonly SecretBox _box;
    private readonly Lock _gate = new();
    private readonly Stack<int> _free = new();
    private readonly int[] _used = new int[SlotCount];
    private List<Pending> _waiting = [];
    private bool _isWriting;
    private volatile bool _isBroken;

    private sealed record Pending(int Slot, byte[] Bytes)
    {
        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private SpoolFile(ISpoolDisk disk, SecretBox box)
    {
        _disk = disk;
        _box = box;
    }

    /// <summary>The size of a file.</summary>
    public static long Size => HeaderSize + ((long)SlotSize * SlotCount);

    /// <summary>True after the disk failed: nobody knows what it holds, so nothing more is entrusted to it.</summary>
    public bool IsBroken => _isBroken;

    /// <summary>Null when the file is of another release.</summary>
    public static SpoolFile? Open(ISpoolDisk disk, SecretBox box)
    {
        var file = new SpoolFile(disk, box);
        Span<byte> header = stackalloc byte[HeaderSize];
        var read = disk.Read(header, 0);
        if (read < HeaderSize || header.IndexOfAnyExcept((byte)0) < 0)
        {
            // New, or a crash came while it was made: no slot was ever used.
            Header(header);
            disk.Write(header, 0);
            disk.Flush();
            return file;
        }

        Span<byte> expected = stackalloc byte[HeaderSize];
        Header(expected);
        return header.SequenceEqual(expected) ? file : null;
    }

    /// <summary>Reads every slot; free and torn ones can be used from now on. Called once, before anything is reserved.</summary>
    public List<FoundSlot> ReadAll()
    {
        var found = new List<FoundSlot>();
        var head = new byte[TextAt];
        for (var index = SlotCount - 1; index >= 0; index--)
        {
            var slot = Read(index, head);
            if (slot.State is SlotState.Free or SlotState.Torn)
                _free.Push(index);
            if (slot.State != SlotState.Free)
                found.Add(slot);
        }

        return found;
    }

    /// <summary>A free slot; null when all are used or the disk has failed.</summary>
    public int? Reserve()
    {
        lock (_gate)
            return !_isBroken && _free.TryPop(out var index) ? index : null;
    }

    /// <summary>Writes an answer into a slot; completes after the flush that covers it.</summary>
    public Task<bool> Keep(int slot, SpoolRecord record)
    {
        var text = Encoding.ASCII.GetBytes(_box.Seal(record.Answer, Context(record.Id), []));
        if (_isBroken || text.Length > SlotSize - TextAt)
            return Task.FromResult(false);
        var bytes = new byte[TextAt + text.Length];
        "gks1"u8.CopyTo(bytes);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(LengthAt), text.Length);
        record.Id.TryWriteBytes(bytes.AsSpan(IdAt), bigEndian: true, out _);
        SHA256.HashData(text, bytes.AsSpan(HashAt));
        text.CopyTo(bytes, TextAt);
        _used[slot] = bytes.Length;
        var pending = new Pending(slot, bytes);
        lock (_gate)
        {
            _waiting.Add(pending);
            if (_isWriting)
                return pending.Done.Task;
            _isWriting = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(static file => file.WriteGroups(), this, preferLocal: false);
        return pending.Done.Task;
    }

    /// <summary>Overwrites a slot. Not flushed: an answer that comes back after a crash is recognised by its attempt.</summary>
    public void Free(int slot)
    {
        try
        {
            _disk.Write(new byte[_used[slot]], OffsetOf(slot));
            _used[slot] = 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            _isBroken = true;
        }

        lock (_gate)
            _free.Push(slot);
    }

    public void Dispose() => _disk.Dispose();

    private void WriteGroups()
    {
        while (true)
        {
            List<Pending> group;
            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    _isWriting = false;
                    return;
                }

                (group, _waiting) = (_waiting, []);
            }

            var isKept = TryWrite(group);
            foreach (var pending in group)
                pending.Done.SetResult(isKept);
        }
    }

    private bool TryWrite(List<Pending> group)
    {
        if (_isBroken)
            return false;
        try
        {
            foreach (var pending in group)
                _disk.Write(pending.Bytes, OffsetOf(pending.Slot));
            _disk.Flush();
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            _isBroken = true;
            return false;
        }
    }

    private FoundSlot Read(int index, byte[] head)
    {
        if (_disk.Read(head, OffsetOf(index)) < TextAt || head.AsSpan().IndexOfAnyExcept((byte)0) < 0)
            return new FoundSlot(index, SlotState.Free, null);
        if (!head.AsSpan(0, 3).SequenceEqual("gks"u8))
            return new FoundSlot(index, SlotState.Torn, null);
        if (head[3] != (byte)'1')
            return new FoundSlot(index, SlotState.Unreadable, null);
        var length = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(LengthAt));
        if (length is <= 0 or > SlotSize - TextAt)
            return new FoundSlot(index, SlotState.Torn, null);
        _used[index] = TextAt + length;
        var text = new byte[length];
        if (_disk.Read(text, OffsetOf(index) + TextAt) < length || !SHA256.HashData(text).AsSpan().SequenceEqual(head.AsSpan(HashAt, SHA256.HashSizeInBytes)))
            return new FoundSlot(index, SlotState.Torn, null);
        var id = new Guid(head.AsSpan(IdAt, 16), bigEndian: true);
        return _box.Open(Encoding.ASCII.GetString(text), Context(id), []) is { } answer
            ? new FoundSlot(index, SlotState.Kept, new SpoolRecord(id, answer))
            : new FoundSlot(index, SlotState.Unreadable, null);
    }

    private static long OffsetOf(int slot) => HeaderSize + ((long)slot * SlotSize);

    private static SealContext Context(Guid id) => new(Purpose, SecretBox.SystemOwner, id);

    private static void Header(Span<byte> header)
    {
        header.Clear();
        "GKSPOOL1"u8.CopyTo(header);
        BinaryPrimitives.WriteInt32BigEndian(header[8..], SlotSize);
        BinaryPrimitives.WriteInt32BigEndian(header[12..], SlotCount);
    }
}
