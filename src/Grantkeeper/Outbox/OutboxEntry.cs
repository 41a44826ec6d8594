using Grantkeeper.Encryption;

namespace Grantkeeper.Outbox;

/// <summary>Something that has to happen elsewhere because of a change here; its id stays the same over all tries.</summary>
internal sealed record OutboxEntry(Guid Id, string Kind, string UserId, string? Provider, Guid? IntegrationId, Secret Payload, int Attempts, DateTimeOffset CreatedAt);

/// <summary>How a delivery ended. <paramref name="RetryAfter"/> set: try again then; null: it is finished with <paramref name="Outcome"/>.</summary>
internal sealed record Delivered(string Outcome, TimeSpan? RetryAfter = null);

/// <summary>Delivers entries of one kind, at least once each.</summary>
internal interface IOutboxHandler
{
    string Kind { get; }

    Task<Delivered> Deliver(OutboxEntry entry, CancellationToken cancellation);
}
