using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.OAuth;
using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.Connect;

/// <summary>Flows in PostgreSQL. State, handle, cookie, nonce and ticket are stored as hashes; verifier, URL and parked code are sealed.</summary>
internal sealed class FlowStore(Database database, SecretBox box, AuditLog audit) : IFlows
{
    private const string VerifierPurpose = "oauth_state.code_verifier";
    private const string UrlPurpose = "oauth_state.authorization_url";
    private const string CodePurpose = "oauth_state.parked_code";

    private const string Columns = """
        f.id, f.user_id, f.actor, f.provider, f.state_token, f.handle_hash, f.scopes, f.redirect_uri, f.code_verifier, f.code_challenge, f.nonce_hash,
        f.authorization_url, f.issuer, f.completion, f.status, f.return_to, f.opener_origin, f.reconnect_integration_id, f.replace_account,
        f.binding_hash, f.expires_at, f.is_used, f.integration_id, f.error_code, f.parked_code, f.parked_until, f.landing, f.session_id,
        (SELECT s.salt FROM owner_salts s WHERE s.user_id = f.user_id)
        """;

    public Task Add(PendingFlow flow, TimeSpan lifetime, AuditSource source, CancellationToken cancellation) => database.ForUser(flow.UserId).Transaction(async db =>
    {
        var salt = await OwnerSalts.Get(db, flow.UserId, cancellation);
        await db.Execute(
            """
            INSERT INTO oauth_state (id, user_id, actor, provider, state_token, handle_hash, scopes, redirect_uri, code_verifier, code_challenge, nonce_hash,
                authorization_url, issuer, completion, return_to, opener_origin, reconnect_integration_id, replace_account, landing, session_id, expires_at, ip_address, user_agent)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, now() + $21, $22, $23)
            """,
            cancellation, flow.Id, flow.UserId, flow.Actor, flow.Provider, flow.StateHash, flow.HandleHash, flow.Scopes.ToArray(), flow.RedirectUri,
            flow.CodeVerifier.IsEmpty ? null : box.Seal(flow.CodeVerifier, Context(VerifierPurpose, flow.UserId, flow.Id), salt), flow.CodeChallenge, flow.NonceHash,
            box.Seal(flow.AuthorizationUrl, Context(UrlPurpose, flow.UserId, flow.Id), salt), flow.Issuer, Word(flow.Completion), flow.ReturnTo, flow.OpenerOrigin,
            flow.ReconnectIntegrationId, flow.ReplaceAccount, Word(flow.Landing), flow.SessionId, lifetime, Rows.Address(source.IpAddress), Rows.UserAgent(source.UserAgent));
        await audit.Write(db, new AuditEvent(AuditAction.ConnectStarted, flow.UserId, source) { Provider = flow.Provider, Scopes = flow.Scopes }, cancellation);
        return true;
    }, cancellation);

    public Task<PendingFlow?> Bind(string handleHash, string newBindingHash, string? presentedBindingHash, CancellationToken cancellation) =>
        Redeeming.One(
            $"""
            UPDATE oauth_state f SET binding_hash = coalesce(f.binding_hash, $2)
            WHERE f.handle_hash = $1 AND NOT f.is_used AND f.expires_at > now() AND (f.binding_hash IS NULL OR f.binding_hash = $3)
            RETURNING {Columns}
            """,
            Map, cancellation, handleHash, newBindingHash, presentedBindingHash);

    public Task<PendingFlow?> FindByHandle(string handleHash, CancellationToken cancellation) =>
        Redeeming.Read($"SELECT {Columns} FROM oauth_state f WHERE f.handle_hash = $1", Map, cancellation, handleHash);

    public Task<PendingFlow?> FindByState(string stateHash, CancellationToken cancellation) =>
        Redeeming.Read($"SELECT {Columns} FROM oauth_state f WHERE f.state_token = $1", Map, cancellation, stateHash);

    public Task<PendingFlow?> Find(Guid flowId, string userId, CancellationToken cancellation) => database.ForUser(userId).Read(
        $"SELECT {Columns} FROM oauth_state f WHERE f.id = $1 AND f.user_id = $2", Map, cancellation, flowId, userId);

    /// <summary>The flows that were started in a session, newest first; a hundred at most.</summary>
    public Task<List<PendingFlow>> OfSession(Guid sessionId, string userId, CancellationToken cancellation) => database.ForUser(userId).ReadAll(
        $"SELECT {Columns} FROM oauth_state f WHERE f.user_id = $2 AND f.session_id = $1 ORDER BY f.id DESC LIMIT 100", Map, cancellation, sessionId, userId);

    /// <summary>The flow of a session whose parked code a ticket belongs to; null when there is none.</summary>
    public Task<PendingFlow?> FindParked(Guid sessionId, string userId, string ticketHash, CancellationToken cancellation) => database.ForUser(userId).Read(
        $"SELECT {Columns} FROM oauth_state f WHERE f.user_id = $2 AND f.session_id = $1 AND f.ticket_hash = $3", Map, cancellation, sessionId, userId, ticketHash);

    public Task<PendingFlow?> Redeem(string stateHash, string? provider, string? bindingHash, string? userId, CancellationToken cancellation) => Redeeming.One(
        $"""
        UPDATE oauth_state f SET is_used = true, used_at = now(), status = 'redeemed'
        WHERE f.state_token = $1 AND NOT f.is_used AND f.expires_at > now() AND ($2::text IS NULL OR f.provider = $2)
          AND ((f.binding_hash IS NOT NULL AND f.binding_hash = $3) OR f.user_id = $4)
        RETURNING {Columns}
        """,
        Map, cancellation, stateHash, provider, bindingHash, userId);

    public async Task Park(PendingFlow flow, Secret code, string ticketHash, TimeSpan lifetime, CancellationToken cancellation) =>
        await database.ForUser(flow.UserId).Transaction(async db =>
        {
            // Without a salt its user was erased, and the flow with him.
            return await OwnerSalts.Existing(db, flow.UserId, cancellation) is not { } salt ? 0 : await db.Execute(
                "UPDATE oauth_state SET status = 'parked', parked_code = $3, ticket_hash = $4, parked_until = now() + $5 WHERE id = $1 AND user_id = $2 AND status = 'redeemed'",
                cancellation, flow.Id, flow.UserId, box.Seal(code, Context(CodePurpose, flow.UserId, flow.Id), salt), ticketHash, lifetime);
        }, cancellation);

    public Task<PendingFlow?> TakeParked(Guid flowId, string ticketHash, string userId, CancellationToken cancellation) => database.ForUser(userId).One(
        $"""
        UPDATE oauth_state f SET status = 'redeemed', parked_code = NULL, ticket_hash = NULL
        FROM (SELECT id, user_id, parked_code FROM oauth_state WHERE id = $1 AND user_id = $3 FOR UPDATE) AS old
        WHERE f.id = old.id AND f.user_id = old.user_id AND f.status = 'parked' AND f.ticket_hash = $2 AND f.parked_until > now()
        RETURNING {Columns.Replace("f.parked_code", "old.parked_code", StringComparison.Ordinal)}
        """,
        Map, cancellation, flowId, ticketHash, userId);

    public Task<PendingFlow?> DestroyParked(Guid flowId, string ticketHash, AuditSource source, CancellationToken cancellation) => Redeeming.Transaction(async db =>
    {
        var code = ErrorCatalogue.Connect.SubjectMismatch.Code;
        var stolen = await db.One(
            $"""
            UPDATE oauth_state f SET status = 'failed', parked_code = NULL, ticket_hash = NULL, error_code = $3
            WHERE f.id = $1 AND f.status = 'parked' AND f.ticket_hash = $2
            RETURNING {Columns}
            """,
            Map, cancellation, flowId, ticketHash, code);
        if (stolen is not null)
            await audit.Write(db, new AuditEvent(AuditAction.SubjectMismatch, stolen.UserId, source) { Provider = stolen.Provider, Success = false, Code = code }, cancellation);
        return stolen;
    }, cancellation);

    public Task Fail(PendingFlow flow, AuditAction action, ErrorCode code, AuditSource source, CancellationToken cancellation) => database.ForUser(flow.UserId).Transaction(async db =>
    {
        await Finish(db, flow, action == AuditAction.ConnectDenied ? FlowStatus.Denied : FlowStatus.Failed, null, code.Code, cancellation);
        await audit.Write(db, new AuditEvent(action, flow.UserId, source) { Provider = flow.Provider, Scopes = flow.Scopes, Success = false, Code = code.Code }, cancellation);
        return true;
    }, cancellation);

    /// <summary>False when the flow is gone, with its user; else it stays until the end of the transaction.</summary>
    public static async Task<bool> Hold(IDb db, PendingFlow flow, CancellationToken cancellation) =>
        await db.One("SELECT id FROM oauth_state WHERE user_id = $1 AND id = $2 FOR UPDATE", row => row.GetGuid(0).ToString(), cancellation, flow.UserId, flow.Id) is not null;

    /// <summary>Writes the end of a flow.</summary>
    public static Task Finish(IDb db, PendingFlow flow, FlowStatus status, Guid? integrationId, string? errorCode, CancellationToken cancellation) => db.Execute(
        "UPDATE oauth_state SET status = $3, integration_id = $4, error_code = $5, code_verifier = NULL, parked_code = NULL WHERE id = $1 AND user_id = $2",
        cancellation, flow.Id, flow.UserId, Word(status), integrationId, errorCode);

    private DbSession Redeeming => database.AsService(ServiceReason.RedeemHandle);

    private static SealContext Context(string purpose, string userId, Guid id) => new(purpose, userId, id);

    private static string Word<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();

    private Secret Open(string? text, string purpose, string userId, Guid id, byte[] salt) =>
        text is null ? default : box.Open(text, Context(purpose, userId, id), salt) ?? default;

    private PendingFlow Map(NpgsqlDataReader row)
    {
        var (id, userId, salt) = (row.GetGuid(0), row.GetString(1), row.Bytes(28));
        return new PendingFlow
        {
            Id = id,
            UserId = userId,
            Actor = row.TextOrNull(2),
            Provider = row.GetString(3),
            StateHash = row.GetString(4),
            HandleHash = row.GetString(5),
            Scopes = ScopeSet.Of(row.Texts(6)),
            RedirectUri = row.GetString(7),
            CodeVerifier = Open(row.TextOrNull(8), VerifierPurpose, userId, id, salt),
            CodeChallenge = row.TextOrNull(9),
            NonceHash = row.TextOrNull(10),
            AuthorizationUrl = Open(row.TextOrNull(11), UrlPurpose, userId, id, salt),
            Issuer = row.TextOrNull(12),
            Completion = Enum.Parse<Completion>(row.GetString(13), ignoreCase: true),
            Status = Enum.Parse<FlowStatus>(row.GetString(14), ignoreCase: true),
            ReturnTo = row.TextOrNull(15),
            OpenerOrigin = row.GetString(16),
            Landing = Enum.Parse<Landing>(row.GetString(26), ignoreCase: true),
            SessionId = row.GuidOrNull(27),
            ReconnectIntegrationId = row.GuidOrNull(17),
            ReplaceAccount = row.GetBoolean(18),
            BindingHash = row.TextOrNull(19),
            ExpiresAt = row.Time(20),
            IsUsed = row.GetBoolean(21),
            IntegrationId = row.GuidOrNull(22),
            ErrorCode = row.TextOrNull(23),
            ParkedUntil = row.TimeOrNull(25),
            ParkedCode = Open(row.TextOrNull(24), CodePurpose, userId, id, salt),
        };
    }
}
