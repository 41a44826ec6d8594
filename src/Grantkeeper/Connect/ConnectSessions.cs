using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Identity;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.Connect;

/// <summary>A new session with the two secrets that are told once.</summary>
/// <param name="Session">The session.</param>
/// <param name="Token">The credential of the browser module, <c>gk_cs_…</c>.</param>
/// <param name="Ticket">The one-time part of the hosted page's address.</param>
internal sealed record NewConnectSession(ConnectSession Session, Secret Token, Secret Ticket);

/// <summary>
/// Connect sessions (S46): made by a back end for one user, good for minutes, for one purpose.
/// </summary>
/// <remarks>
/// Two secrets, two ways in. The <b>token</b> goes to the page that the host serves to its signed-in user; it speaks for that
/// user, as the host's own session does. The <b>ticket</b> stands in an address, and addresses are passed on: whoever opens it
/// first gets a cookie for the hosted page. That cookie starts connections and shows accounts, and it never confirms one: it
/// says which browser this is, not who sits in front of it.
/// </remarks>
internal sealed class ConnectSessions(Database database, AuditLog audit, GrantkeeperOptions options, TimeProvider time) : ICredentialKind
{
    /// <summary>How a session's token begins.</summary>
    public const string Prefix = "gk_cs_";

    private const string Columns = """
        s.user_id, s.id, s.actor, s.providers, s.integration_id, s.return_to, s.opener_origin, s.confirm, s.language, s.created_at, s.expires_at, s.redeemed_at, s.ended_at, s.features, s.role
        """;

    private const string IsOpen = "s.ended_at IS NULL AND s.expires_at > now()";

    public bool Recognizes(string presented) => presented.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>The caller behind a token. Failure: <c>identity.session_invalid</c>.</summary>
    public async ValueTask<Result<Caller>> Verify(string presented, CancellationToken cancellation)
    {
        if (presented.Length > RandomHandle.MaxLength)
            return new Failure(ErrorCatalogue.Identity.SessionInvalid);
        var session = await Redeeming.Read(
            $"SELECT {Columns} FROM connect_sessions s WHERE s.token_hash = $1 AND {IsOpen}", Map, cancellation, RandomHandle.HashOf(presented));
        return session is null ? new Failure(ErrorCatalogue.Identity.SessionInvalid) : session.AsCaller();
    }

    /// <summary>Makes a session. Lifetime: <c>Grantkeeper:Connect:SessionMinutes</c>.</summary>
    public async Task<NewConnectSession> Create(ConnectSession asked, AuditSource source, CancellationToken cancellation)
    {
        var (token, ticket) = (new Secret(Prefix + RandomHandle.New().Reveal()), RandomHandle.New());
        var stored = await database.ForUser(asked.UserId).Transaction(async db =>
        {
            var made = await db.One(
                $"""
                INSERT INTO connect_sessions AS s (user_id, id, actor, created_by, token_hash, ticket_hash, providers, integration_id, return_to, opener_origin, confirm, language, expires_at, features, role)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, now() + $13, $14, $15)
                RETURNING {Columns}
                """,
                Map, cancellation, asked.UserId, asked.Id, asked.Actor, source.Caller ?? "", RandomHandle.HashOf(token), RandomHandle.HashOf(ticket), asked.Providers.ToArray(),
                asked.IntegrationId, asked.ReturnTo, asked.OpenerOrigin, asked.Confirm, asked.Language, options.ConnectSessionLifetime, asked.Features.ToArray(), asked.Role);
            await audit.Write(db, Event(AuditAction.ConnectSessionCreated, made!, source), cancellation);
            return made!;
        }, cancellation);
        return new NewConnectSession(stored, token, ticket);
    }

    /// <summary>By id; with a user only that user's (a service key names the id alone).</summary>
    public Task<ConnectSession?> Find(Guid id, string? userId, CancellationToken cancellation) => userId is null
        ? database.AsService(ServiceReason.ServiceKey).Read($"SELECT {Columns} FROM connect_sessions s WHERE s.id = $1", Map, cancellation, id)
        : database.ForUser(userId).Read($"SELECT {Columns} FROM connect_sessions s WHERE s.user_id = $2 AND s.id = $1", Map, cancellation, id, userId);

    /// <summary>
    /// Whether a ticket would open the page, and whose page that is; a redeemed one only for the browser that redeemed it.
    /// Writes nothing: link scanners look too. Failure: <c>connect.session_link_invalid</c>.
    /// </summary>
    public async Task<Result<ConnectSession>> Look(string ticket, string? presentedCookie, CancellationToken cancellation)
    {
        var cookieHash = presentedCookie is { Length: <= RandomHandle.MaxLength } ? RandomHandle.HashOf(presentedCookie) : null;
        if (ticket.Length <= RandomHandle.MaxLength
            && await Redeeming.Read(
                $"SELECT {Columns} FROM connect_sessions s WHERE s.ticket_hash = $1 AND {IsOpen} AND (s.redeemed_at IS NULL OR s.cookie_hash = $2::text)",
                Map, cancellation, RandomHandle.HashOf(ticket), cookieHash) is { } session)
            return session;
        return new Failure(ErrorCatalogue.Connect.SessionLinkInvalid);
    }

    /// <summary>
    /// Uses a ticket up, by one atomic statement, and binds the page to the browser that brought it. The same browser may
    /// repeat itself. Failure: <c>connect.session_link_invalid</c>.
    /// </summary>
    public async Task<Result<(ConnectSession Session, Secret Cookie)>> Redeem(string ticket, string? presentedCookie, AuditSource source, CancellationToken cancellation)
    {
        var refused = new Failure(ErrorCatalogue.Connect.SessionLinkInvalid);
        if (ticket.Length > RandomHandle.MaxLength)
            return refused;
        var (cookie, ticketHash) = (RandomHandle.New(), RandomHandle.HashOf(ticket));
        if (await Redeeming.One(
            $"UPDATE connect_sessions s SET redeemed_at = now(), cookie_hash = $2 WHERE s.ticket_hash = $1 AND {IsOpen} AND s.redeemed_at IS NULL RETURNING {Columns}",
            Map, cancellation, ticketHash, RandomHandle.HashOf(cookie)) is { } session)
        {
            await audit.Write(database.ForUser(session.UserId), Event(AuditAction.ConnectSessionRedeemed, session, source), cancellation);
            return (session, cookie);
        }

        if (await Redeeming.Read($"SELECT {Columns} FROM connect_sessions s WHERE s.ticket_hash = $1", Map, cancellation, ticketHash) is not { } known)
            return refused;
        // A double click, or a reload of the answer.
        if (presentedCookie is not null && await FromCookie(presentedCookie, cancellation) is { } own && own.Id == known.Id)
            return (own, new Secret(presentedCookie));
        await audit.Write(
            database.ForUser(known.UserId), Event(AuditAction.ConnectSessionRefused, known, source) with { Success = false, Code = refused.Code.Code }, cancellation);
        return refused;
    }

    /// <summary>The session whose page this browser may see; null when there is none that is open.</summary>
    public async Task<ConnectSession?> FromCookie(string? cookie, CancellationToken cancellation) => cookie is { Length: > 0 and <= RandomHandle.MaxLength }
        ? await Redeeming.Read($"SELECT {Columns} FROM connect_sessions s WHERE s.cookie_hash = $1 AND {IsOpen}", Map, cancellation, RandomHandle.HashOf(cookie))
        : null;

    /// <summary>Ends a session: token, ticket and cookie are worthless from here on. Twice is harmless.</summary>
    public async Task<ConnectSession> End(ConnectSession session, AuditSource source, CancellationToken cancellation) =>
        await database.ForUser(session.UserId).Transaction(async db =>
        {
            var ended = await db.One(
                $"UPDATE connect_sessions s SET ended_at = now() WHERE s.user_id = $1 AND s.id = $2 AND s.ended_at IS NULL RETURNING {Columns}", Map, cancellation, session.UserId, session.Id);
            if (ended is not null)
                await audit.Write(db, Event(AuditAction.ConnectSessionEnded, ended, source), cancellation);
            return ended ?? session;
        }, cancellation);

    private DbSession Redeeming => database.AsService(ServiceReason.RedeemHandle);

    /// <summary>A new session's id.</summary>
    public Guid NewId() => Guid.CreateVersion7(time.GetUtcNow());

    private static AuditEvent Event(AuditAction action, ConnectSession session, AuditSource source) => new(action, session.UserId, source with { Actor = session.Actor ?? source.Actor })
    {
        IntegrationId = session.IntegrationId, Provider = session.Providers.Count == 1 ? session.Providers[0] : null,
    };

    private static ConnectSession Map(NpgsqlDataReader row) => new()
    {
        UserId = row.GetString(0), Id = row.GetGuid(1), Actor = row.TextOrNull(2), Providers = row.Texts(3), IntegrationId = row.GuidOrNull(4),
        ReturnTo = row.GetString(5), OpenerOrigin = row.TextOrNull(6), Confirm = row.GetBoolean(7), Language = row.TextOrNull(8),
        CreatedAt = row.Time(9), ExpiresAt = row.Time(10), RedeemedAt = row.TimeOrNull(11), EndedAt = row.TimeOrNull(12), Features = row.Texts(13), Role = row.TextOrNull(14),
    };
}
