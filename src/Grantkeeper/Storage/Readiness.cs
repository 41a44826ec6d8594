using Grantkeeper.Errors;

namespace Grantkeeper.Storage;

/// <summary>Whether this node can serve: databases migrated, keys open. Until then requests get the failure that stands here.</summary>
internal sealed class Readiness
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the node can serve.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Why it cannot; null when it can.</summary>
    public Failure? Failure { get; private set; } = new(ErrorCatalogue.Storage.Unavailable, "Grantkeeper is starting and has not reached its database yet.");

    public void Open()
    {
        Failure = null;
        _ready.TrySetResult();
    }

    public void Wait(Failure because) => Failure = because;
}
