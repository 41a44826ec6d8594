using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;

namespace Grantkeeper.Connect;

/// <summary>
/// Flows between their start and their end. Each method is one statement or one transaction, so that of all who come at the
/// same moment, on whatever node, one alone gets a state, a start link or a parked code (invariant I4).
/// </summary>
internal interface IFlows
{
    /// <summary>Stores a new flow.</summary>
    Task Add(PendingFlow flow, TimeSpan lifetime, AuditSource source, CancellationToken cancellation);

    Task<PendingFlow?> Find(Guid flowId, string userId, CancellationToken cancellation);

    Task<PendingFlow?> FindByHandle(string handleHash, CancellationToken cancellation);

    Task<PendingFlow?> FindByState(string stateHash, CancellationToken cancellation);

    /// <summary>
    /// Binds the start link to the browser that opens it first; the same browser may come again. Null when the link is
    /// unknown, too old or used, or belongs to another browser.
    /// </summary>
    Task<PendingFlow?> Bind(string handleHash, string newBindingHash, string? presentedBindingHash, CancellationToken cancellation);

    /// <summary>
    /// Redeems a state, once however many callbacks arrive, and never after its time. The binding is asked for when a browser
    /// calls; the user when an authenticated caller does.
    /// </summary>
    Task<PendingFlow?> Redeem(string stateHash, string? provider, string? bindingHash, string? userId, CancellationToken cancellation);

    /// <summary>Parks the code behind a redeemed state until the ticket comes.</summary>
    Task Park(PendingFlow flow, Secret code, string ticketHash, TimeSpan lifetime, CancellationToken cancellation);

    /// <summary>Takes the parked code out for the right user, once.</summary>
    Task<PendingFlow?> TakeParked(Guid flowId, string ticketHash, string userId, CancellationToken cancellation);

    /// <summary>Another user came with the right ticket: the code is destroyed. The flow, if there was one.</summary>
    Task<PendingFlow?> DestroyParked(Guid flowId, string ticketHash, AuditSource source, CancellationToken cancellation);

    /// <summary>Writes the end of a flow that stores nothing.</summary>
    Task Fail(PendingFlow flow, AuditAction action, ErrorCode code, AuditSource source, CancellationToken cancellation);
}

/// <summary>The one transaction that makes a grant of what a code was exchanged for, and ends its flow.</summary>
internal interface IGrantWrites
{
    /// <summary>The integration's id. Failures: see <see cref="GrantStore.Store"/>.</summary>
    Task<Result<Guid>> Write(PendingFlow flow, Provider provider, Account account, TokenResponse answer, DateTimeOffset sentAt, TimeSpan duration, AuditSource source, CancellationToken cancellation);
}
