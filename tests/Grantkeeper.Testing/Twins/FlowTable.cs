using Grantkeeper.Connect;
using Grantkeeper.Encryption;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Tokens;

namespace Grantkeeper.Testing.Twins;

/// <summary>
/// What PostgreSQL does for connects, in memory and at once: each method is one statement or transaction of <c>FlowStore</c>
/// and <c>GrantWrites</c>, for flows that make a new grant or renew one at the account that came back. For the simulator
/// alone; the suite that the real store passes holds it to the same answers.
/// </summary>
/// <param name="grants">Where grants are stored.</param>
/// <param name="box">Opens a refresh token that is kept.</param>
/// <param name="clock">The database's clock.</param>
/// <param name="newId">Ids of new integrations.</param>
internal sealed class FlowTable(StoreTwin grants, SecretBox box, Func<DateTimeOffset> clock, Func<Guid> newId)
{
    private readonly Dictionary<Guid, Row> _rows = [];
    private readonly Dictionary<string, Row> _byState = [];
    private readonly Dictionary<string, Row> _byHandle = [];

    private sealed class Row(PendingFlow flow)
    {
        public PendingFlow Flow { get; set; } = flow;

        public string? TicketHash { get; set; }
    }

    public void Add(PendingFlow flow, TimeSpan lifetime)
    {
        var row = new Row(flow with { ExpiresAt = clock() + lifetime });
        _rows.Add(flow.Id, row);
        _byState.Add(flow.StateHash, row);
        _byHandle.Add(flow.HandleHash, row);
    }

    public PendingFlow? Find(Guid id, string userId) => Of(id, userId)?.Flow;

    public PendingFlow? FindByHandle(string handleHash) => _byHandle.GetValueOrDefault(handleHash)?.Flow;

    public PendingFlow? FindByState(string stateHash) => _byState.GetValueOrDefault(stateHash)?.Flow;

    public PendingFlow? Bind(string handleHash, string newBindingHash, string? presented)
    {
        if (!_byHandle.TryGetValue(handleHash, out var row) || row.Flow.IsUsed || row.Flow.ExpiresAt <= clock() || (row.Flow.BindingHash is { } bound && bound != presented))
            return null;
        return row.Flow = row.Flow with { BindingHash = row.Flow.BindingHash ?? newBindingHash };
    }

    /// <summary>The flow whose state may be redeemed now; null when it may not.</summary>
    public PendingFlow? Redeemable(string stateHash, string? provider, string? bindingHash, string? userId) =>
        FindByState(stateHash) is { IsUsed: false } flow && flow.ExpiresAt > clock() && (provider is null || flow.Provider == provider)
            && ((flow.BindingHash is { } bound && bound == bindingHash) || flow.UserId == userId) ? flow : null;

    public PendingFlow? Redeem(string stateHash, string? provider, string? bindingHash, string? userId) =>
        Redeemable(stateHash, provider, bindingHash, userId) is null ? null : Use(stateHash);

    /// <summary>Redeems a state without looking.</summary>
    public PendingFlow Use(string stateHash) => _byState[stateHash].Flow = _byState[stateHash].Flow with { IsUsed = true, Status = FlowStatus.Redeemed };

    public void Park(PendingFlow flow, Secret code, string ticketHash, TimeSpan lifetime)
    {
        if (Of(flow.Id, flow.UserId) is not { Flow.Status: FlowStatus.Redeemed } row)
            return;
        row.Flow = row.Flow with { Status = FlowStatus.Parked, ParkedCode = code, ParkedUntil = clock() + lifetime };
        row.TicketHash = ticketHash;
    }

    public PendingFlow? TakeParked(Guid id, string ticketHash, string userId)
    {
        if (Of(id, userId) is not { Flow.Status: FlowStatus.Parked } row || row.TicketHash != ticketHash || row.Flow.ParkedUntil <= clock())
            return null;
        var taken = row.Flow with { Status = FlowStatus.Redeemed };
        (row.Flow, row.TicketHash) = (taken with { ParkedCode = default }, null);
        return taken;
    }

    public PendingFlow? DestroyParked(Guid id, string ticketHash)
    {
        if (!_rows.TryGetValue(id, out var row) || row.Flow.Status != FlowStatus.Parked || row.TicketHash != ticketHash)
            return null;
        (row.Flow, row.TicketHash) = (row.Flow with { Status = FlowStatus.Failed, ParkedCode = default, ErrorCode = Errors.ErrorCatalogue.Connect.SubjectMismatch.Code }, null);
        return row.Flow;
    }

    /// <summary>The end of a flow.</summary>
    public void Finish(PendingFlow flow, FlowStatus status, Guid? integrationId, string? errorCode)
    {
        if (Of(flow.Id, flow.UserId) is { } row)
            row.Flow = row.Flow with { Status = status, IntegrationId = integrationId, ErrorCode = errorCode, CodeVerifier = default, ParkedCode = default };
    }

    /// <summary>The grant and the flow's end.</summary>
    public Guid Write(PendingFlow flow, Account account, TokenResponse answer, DateTimeOffset sentAt)
    {
        if (flow.ReconnectIntegrationId is not null)
            throw new NotSupportedException("The twin knows no named reconnects.");
        var old = grants.FindAt(flow.Provider, flow.UserId, account.Id);
        var kept = old is { Tokens: not null, Integration.IsActive: true } ? old.OpenRefreshToken(box) ?? default : default;
        var id = old?.Integration.Id ?? newId();
        grants.Connect(id, flow.UserId, flow.Provider, account.Id, TokenMerge.Merge(answer, kept, flow.Scopes, sentAt));
        Finish(flow, FlowStatus.Completed, id, null);
        return id;
    }

    private Row? Of(Guid id, string userId) => _rows.TryGetValue(id, out var row) && row.Flow.UserId == userId ? row : null;
}
