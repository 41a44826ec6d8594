using Grantkeeper.Spool;
using Grantkeeper.Tokens;

namespace Grantkeeper.Prove.Simulator;

/// <summary>A node's disk: it outlives the node's lives.</summary>
internal sealed class Disk
{
    public Dictionary<Guid, SpoolRecord> Kept { get; } = [];

    /// <summary>Overwritten, and the overwriting not flushed: after a crash it may be there again.</summary>
    public Dictionary<Guid, SpoolRecord> Freed { get; } = [];

    /// <summary>A write failed; nobody knows what it holds.</summary>
    public bool IsBroken { get; set; }

    /// <summary>What a start finds.</summary>
    public void Crash(Dice dice)
    {
        foreach (var (id, record) in Freed)
        {
            if (dice.Chance(0.3))
                Kept[id] = record;
        }

        Freed.Clear();
        IsBroken = false;
    }
}

/// <summary>A spool whose writes take time, end with the process, and fail now and then.</summary>
/// <param name="world">Time and dice.</param>
/// <param name="life">Whose spool it is.</param>
/// <param name="disk">The disk under it.</param>
/// <param name="oracle">Knows which answer a record holds.</param>
/// <param name="nodeId">The node's name.</param>
/// <param name="exists">False for a mutation: answers are kept in memory alone.</param>
/// <param name="breaks">How often a write fails.</param>
internal sealed class SimulatedSpool(World world, Life life, Disk disk, Oracle oracle, string nodeId, bool exists, double breaks) : ISpool
{
    private const int SlotCount = 64;
    private int _used;

    public ISpoolSlot? Reserve()
    {
        if (disk.IsBroken || _used == SlotCount)
            return null;
        _used++;
        return new Slot(this);
    }

    public IReadOnlyList<LeftBehind> Open() =>
        [new LeftBehind(nodeId, [.. disk.Kept.Values], 0, 0, record => disk.Kept.Remove(record.Id), () => { })];

    private Task<bool> Keep(SpoolRecord record)
    {
        var rotation = SpooledAnswer.Read(record) is { } answer ? oracle.RotationTo(answer.Tokens.RefreshToken.Reveal()) : null;
        if (!exists)
        {
            rotation?.IsTried = true;
            return Task.FromResult(false);
        }

        var done = new TaskCompletionSource<bool>();
        world.After(world.Dice.Span(TimeSpan.FromMilliseconds(0.1), TimeSpan.FromMilliseconds(5)), () =>
        {
            // The process died while the disk was writing: it may have got there.
            if (life.IsOver && world.Dice.Chance(0.5))
                return;
            if (disk.IsBroken || world.Dice.Chance(breaks))
            {
                disk.IsBroken = true;
                if (rotation is not null)
                    rotation.DiskFailed = true;
                done.SetResult(false);
                return;
            }

            disk.Kept[record.Id] = record;
            if (rotation is not null)
                rotation.IsKept = true;
            done.SetResult(true);
        });
        return done.Task;
    }

    private sealed class Slot(SimulatedSpool spool) : ISpoolSlot
    {
        private Guid? _id;

        public Task<bool> Keep(SpoolRecord record)
        {
            _id = record.Id;
            return spool.Keep(record);
        }

        public void Free()
        {
            spool._used--;
            spool.Free(_id);
        }
    }

    private void Free(Guid? id)
    {
        if (id is { } written && disk.Kept.Remove(written, out var record))
            disk.Freed[written] = record;
    }
}
