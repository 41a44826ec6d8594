namespace Grantkeeper.Storage;

/// <summary>How nodes tell each other that a grant has changed, so that nobody serves it from memory.</summary>
internal interface INodeSignals
{
    /// <summary>
    /// True while this node has heard itself of late: what others say reaches it too. While it is false nothing is served
    /// from memory.
    /// </summary>
    bool IsHeard { get; }

    /// <summary>Who drops what has changed; null means everything, after signals may have been missed.</summary>
    Action<Guid?>? Changes { get; set; }

    /// <summary>Tells every node, this one at once. Returns immediately.</summary>
    void Changed(Guid integrationId);

    /// <summary>Tells every node and completes when all that live have dropped it, or after five seconds. Never fails.</summary>
    Task ChangedEverywhere(Guid integrationId);
}
