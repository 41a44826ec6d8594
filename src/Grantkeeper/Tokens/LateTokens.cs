using Grantkeeper.Audit;
using Grantkeeper.Outbox;
using Grantkeeper.Storage;

namespace Grantkeeper.Tokens;

/// <summary>
/// A refresh that came back after its grant had moved on. When the user has disconnected meanwhile, the new tokens are
/// revoked at the provider; when another refresh or a new consent won, they are dropped and never revoked, since a
/// revocation may end the winner's grant too (RFC 7009 section 2.1).
/// </summary>
internal sealed class LateTokens(Database database, TokenVault vault, Revocations revocations, OutboxDelivery delivery, AuditLog audit)
{
    public async Task Handle(GrantRow tried, TokenSet tokens, AuditSource source, CancellationToken cancellation)
    {
        var (userId, id) = (tried.Integration.UserId, tried.Integration.Id);
        var now = await vault.Find(id, userId, cancellation);
        await database.ForUser(userId).Transaction(async db =>
        {
            string code;
            if (now?.Tokens is null)
            {
                await revocations.Enqueue(db, tried.Integration, tokens.RefreshToken, tokens.AccessToken, claimed: false, cancellation);
                code = "revoking";
            }
            else
            {
                code = "dropped";
            }

            await audit.Write(db, new AuditEvent(AuditAction.RefreshSuperseded, userId, source) { IntegrationId = id, Provider = tried.Integration.Provider, Code = code }, cancellation);
            return true;
        }, cancellation);
        delivery.Nudge();
    }
}
