using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.Outbox;
using Grantkeeper.Spool;
using Grantkeeper.Storage;

namespace Grantkeeper.Tokens;

/// <inheritdoc/>
internal sealed class LateTokens(Database database, SecretBox box, Revocations revocations, OutboxDelivery delivery, AuditLog audit, TimeProvider time) : ILateTokens
{
    private const string Purpose = "superseded_answers.answer";

    private sealed record Kept(Guid Id, string Answer);

    public async Task Handle(GrantRow tried, SpooledAnswer late, AuditSource source, CancellationToken cancellation)
    {
        var (userId, id) = (tried.Integration.UserId, tried.Integration.Id);
        await database.ForUser(userId).Transaction(async db =>
        {
            // Locked, so that no disconnect comes between looking and keeping.
            var (now, code) = ((await TokenVault.Lock(db, id, userId, cancellation))?.Tokens, "dropped");
            if (now is null)
            {
                code = "revoking";
                await revocations.Enqueue(db, tried.Integration, late.Tokens.RefreshToken, late.Tokens.AccessToken, claimed: false, cancellation);
            }
            else if (now.Epoch != late.Epoch || now.Generation == late.Generation + 1)
            {
                code = "kept";
                await Keep(db, tried, late, cancellation);
            }

            await audit.Write(
                db,
                new AuditEvent(AuditAction.RefreshSuperseded, userId, source) { IntegrationId = id, Provider = tried.Integration.Provider, Code = code },
                cancellation);
            return true;
        }, cancellation);
        delivery.Nudge();
    }

    public async Task<SpooledAnswer?> Newest(GrantRow row, CancellationToken cancellation)
    {
        var (userId, id) = (row.Integration.UserId, row.Integration.Id);
        var kept = await database.ForUser(userId).Read(
            "SELECT id, answer FROM superseded_answers WHERE user_id = $1 AND integration_id = $2 AND epoch = $3 ORDER BY id DESC LIMIT 1",
            found => new Kept(found.GetGuid(0), found.GetString(1)), cancellation, userId, id, row.Tokens!.Epoch);
        return kept is null ? null : Open(kept, row);
    }

    /// <summary>
    /// Part of a disconnect: with no live consent left, what was kept is revoked too, since the provider may hold to it.
    /// </summary>
    public async Task RevokeKept(IDb db, GrantRow row, CancellationToken cancellation)
    {
        var (userId, id) = (row.Integration.UserId, row.Integration.Id);
        var kept = await db.List(
            "DELETE FROM superseded_answers WHERE user_id = $1 AND integration_id = $2 RETURNING id, answer",
            found => new Kept(found.GetGuid(0), found.GetString(1)), cancellation, userId, id);
        foreach (var one in kept)
        {
            if (Open(one, row) is { } answer)
                await revocations.Enqueue(db, row.Integration, answer.Tokens.RefreshToken, answer.Tokens.AccessToken, claimed: false, cancellation);
        }
    }

    private SpooledAnswer? Open(Kept kept, GrantRow row) => box.Open(kept.Answer, Context(row.Integration.UserId, kept.Id), row.OwnerSalt) is { } answer
        ? SpooledAnswer.Read(new SpoolRecord(kept.Id, answer))
        : null;

    private Task Keep(IDb db, GrantRow tried, SpooledAnswer late, CancellationToken cancellation)
    {
        var (userId, id) = (tried.Integration.UserId, Guid.CreateVersion7(time.GetUtcNow()));
        return db.Execute(
            "INSERT INTO superseded_answers (user_id, id, integration_id, epoch, generation, answer) VALUES ($1, $2, $3, $4, $5, $6)",
            cancellation, userId, id, late.IntegrationId, late.Epoch, late.Generation, box.Seal(late.ToRecord().Answer, Context(userId, id), tried.OwnerSalt));
    }

    private static SealContext Context(string userId, Guid id) => new(Purpose, userId, id);
}
