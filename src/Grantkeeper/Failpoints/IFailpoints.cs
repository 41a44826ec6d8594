namespace Grantkeeper.Failpoints;

/// <summary>
/// Named places between the steps of the flows, at which campaigns stop, slow down or kill a node. Reaching one does nothing
/// in a node that was not told otherwise.
/// </summary>
internal interface IFailpoints
{
    /// <summary>The flow has come to this place; it goes on when the task completes.</summary>
    ValueTask Reach(string point);
}

/// <summary>The places, in the order in which a flow comes to them.</summary>
internal static class Points
{
    /// <summary>A refresh begins; nothing is asked yet.</summary>
    public const string RefreshBegun = "refresh.begun";

    /// <summary>Lease and intent are committed; nothing is sent.</summary>
    public const string RefreshLeased = "refresh.leased";

    /// <summary>The refresh token may be shown, and whoever looks now waits for this node.</summary>
    public const string RefreshTakenOver = "refresh.taken_over";

    /// <summary>There is room in the spool; the request is next.</summary>
    public const string RefreshReserved = "refresh.reserved";

    /// <summary>The provider has answered; memory alone holds the answer.</summary>
    public const string RefreshAnswered = "refresh.answered";

    /// <summary>The answer is on this node's disk.</summary>
    public const string RefreshSpooled = "refresh.spooled";

    /// <summary>The answer is committed; its slot is not free yet.</summary>
    public const string RefreshStored = "refresh.stored";

    /// <summary>The answer lost against another; it is about to be kept or revoked.</summary>
    public const string RefreshSuperseded = "refresh.superseded";

    /// <summary>The provider refused or did not answer; that is about to be written.</summary>
    public const string RefreshFailed = "refresh.failed";

    /// <summary>The failure is committed.</summary>
    public const string RefreshFailureStored = "refresh.failure_stored";

    /// <summary>An answer of the spool is read; it is about to be stored.</summary>
    public const string ReplayRead = "replay.read";

    /// <summary>An answer of the spool is stored; its slot is not free yet.</summary>
    public const string ReplayStored = "replay.stored";

    /// <summary>Everything of a spool is stored; nobody knows yet.</summary>
    public const string ReplayDone = "replay.done";

    /// <summary>The state is redeemed; its code is not.</summary>
    public const string ConnectRedeemed = "connect.redeemed";

    /// <summary>The provider has answered to the code; memory alone holds the tokens.</summary>
    public const string ConnectExchanged = "connect.exchanged";

    /// <summary>The account is known; nothing is stored.</summary>
    public const string ConnectKnown = "connect.known";

    /// <summary>The grant is committed; nobody knows yet.</summary>
    public const string ConnectStored = "connect.stored";

    /// <summary>A disconnect begins.</summary>
    public const string DisconnectBegun = "disconnect.begun";

    /// <summary>The tombstone and the revocation are committed; the provider is not asked yet.</summary>
    public const string DisconnectStored = "disconnect.stored";

    /// <summary>The provider has answered a delivery; that is not written.</summary>
    public const string OutboxDelivered = "outbox.delivered";

    /// <summary>The points of a start.</summary>
    public static readonly IReadOnlyList<string> Replay = [ReplayRead, ReplayStored, ReplayDone];

    /// <summary>The points of the refresh engine.</summary>
    public static readonly IReadOnlyList<string> Engine =
    [
        RefreshBegun, RefreshLeased, RefreshTakenOver, RefreshReserved, RefreshAnswered, RefreshSpooled, RefreshStored, RefreshSuperseded, RefreshFailed, RefreshFailureStored,
        ReplayRead, ReplayStored, ReplayDone,
    ];

    /// <summary>The points of the connect flow.</summary>
    public static readonly IReadOnlyList<string> Connect = [ConnectRedeemed, ConnectExchanged, ConnectKnown, ConnectStored];

    /// <summary>Every point, for campaigns that visit them all.</summary>
    public static readonly IReadOnlyList<string> All = [.. Engine, .. Connect, DisconnectBegun, DisconnectStored, OutboxDelivered];
}

/// <summary>What a node has that was told nothing.</summary>
internal sealed class NoFailpoints : IFailpoints
{
    public ValueTask Reach(string point) => ValueTask.CompletedTask;
}
