using Grantkeeper.Audit;
using Grantkeeper.Connect;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;

namespace Grantkeeper.Testing.Twins;

/// <summary>
/// The table behind the connect flow's own seams. Each question goes through <paramref name="ask"/>, which may delay, lose or
/// refuse it; a caller that gives up leaves a statement that was sent running.
/// </summary>
internal sealed class FlowTwin(FlowTable table, VaultTwin.IAsking ask, Protections has = Protections.All) : IFlows, IGrantWrites
{
    public Task Add(PendingFlow flow, TimeSpan lifetime, AuditSource source, CancellationToken cancellation) => Do(() => table.Add(flow, lifetime), cancellation);

    public Task<PendingFlow?> Find(Guid flowId, string userId, CancellationToken cancellation) => Ask(true, () => table.Find(flowId, userId), cancellation);

    public Task<PendingFlow?> FindByHandle(string handleHash, CancellationToken cancellation) => Ask(true, () => table.FindByHandle(handleHash), cancellation);

    public Task<PendingFlow?> FindByState(string stateHash, CancellationToken cancellation) => Ask(true, () => table.FindByState(stateHash), cancellation);

    public Task<PendingFlow?> Bind(string handleHash, string newBindingHash, string? presentedBindingHash, CancellationToken cancellation) =>
        Ask(false, () => table.Bind(handleHash, newBindingHash, presentedBindingHash), cancellation);

    public async Task<PendingFlow?> Redeem(string stateHash, string? provider, string? bindingHash, string? userId, CancellationToken cancellation)
    {
        if ((has & Protections.Once) != 0)
            return await Ask(false, () => table.Redeem(stateHash, provider, bindingHash, userId), cancellation);
        return await Ask(true, () => table.Redeemable(stateHash, provider, bindingHash, userId), cancellation) is null
            ? null
            : await Ask(false, () => table.Use(stateHash), cancellation);
    }

    public Task Park(PendingFlow flow, Secret code, string ticketHash, TimeSpan lifetime, CancellationToken cancellation) =>
        Do(() => table.Park(flow, code, ticketHash, lifetime), cancellation);

    public Task<PendingFlow?> TakeParked(Guid flowId, string ticketHash, string userId, CancellationToken cancellation) =>
        Ask(false, () => table.TakeParked(flowId, ticketHash, userId), cancellation);

    public Task<PendingFlow?> DestroyParked(Guid flowId, string ticketHash, AuditSource source, CancellationToken cancellation) =>
        Ask(false, () => table.DestroyParked(flowId, ticketHash), cancellation);

    public Task Fail(PendingFlow flow, AuditAction action, ErrorCode code, AuditSource source, CancellationToken cancellation) =>
        Do(() => table.Finish(flow, action == AuditAction.ConnectDenied ? FlowStatus.Denied : FlowStatus.Failed, null, code.Code), cancellation);

    public async Task<Result<Guid>> Write(PendingFlow flow, Provider provider, Account account, TokenResponse answer, DateTimeOffset sentAt, TimeSpan duration, AuditSource source, CancellationToken cancellation) =>
        await Ask(false, () => table.Write(flow, account, answer, sentAt), cancellation);

    private Task<T> Ask<T>(bool isRead, Func<T> statement, CancellationToken cancellation) => ask.Ask(isRead, statement).WaitAsync(cancellation);

    private Task Do(Action statement, CancellationToken cancellation) => Ask(false, () =>
    {
        statement();
        return true;
    }, cancellation);
}
