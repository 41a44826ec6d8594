using Grantkeeper.Encryption;

namespace Grantkeeper.Spool;

/// <summary>Keeps answers on this node's disk from their arrival until PostgreSQL has them.</summary>
internal interface ISpool
{
    /// <summary>
    /// Room for one answer, taken before the request that will bring it is sent, so that a full or broken disk shows then
    /// and not when the only copy of a token has arrived. Null: nothing that rotates a token may be sent from this node.
    /// </summary>
    ISpoolSlot? Reserve();

    /// <summary>Opens this node's spool and those of dead nodes, once the keys are open, and tells what they hold.</summary>
    IReadOnlyList<LeftBehind> Open();
}

/// <summary>Room for one answer.</summary>
internal interface ISpoolSlot
{
    /// <summary>
    /// Completes when the answer outlives this process and this machine. False when it does not (the disk failed, there is
    /// no spool, or the answer is longer than a slot): then memory alone holds it.
    /// </summary>
    Task<bool> Keep(SpoolRecord record);

    /// <summary>The database has the answer, or there is none. The slot is used again.</summary>
    void Free();
}

/// <summary>One answer with the id of the attempt that brought it.</summary>
internal sealed record SpoolRecord(Guid Id, Secret Answer);

/// <summary>What one folder held at start: the node that left it, and its answers.</summary>
/// <param name="NodeId">Whose answers they are.</param>
/// <param name="Records">The answers that can be read.</param>
/// <param name="Unreadable">How many cannot; they stay.</param>
/// <param name="Torn">Writes that never ended.</param>
/// <param name="Stored">Takes an answer out once the database has it.</param>
/// <param name="Finished">Closes the folder; an adopted one goes when nothing is left in it.</param>
internal sealed record LeftBehind(string NodeId, IReadOnlyList<SpoolRecord> Records, int Unreadable, int Torn, Action<SpoolRecord> Stored, Action Finished);
