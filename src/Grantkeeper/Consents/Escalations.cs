using Grantkeeper.Audit;
using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Storage;

namespace Grantkeeper.Consents;

/// <summary>
/// Notices a callback that names more scopes than were asked for: somebody changed the authorization request on its way
/// (R183). It decides nothing, since the address of a callback is the browser's word; the token response decides.
/// </summary>
internal sealed class Escalations(IntegrationStore integrations, Database database, AuditLog audit)
{
    private const int MostAccounts = 200;

    /// <summary>Writes an audit row when it is so.</summary>
    public async Task Look(string userId, Provider provider, ScopeSet asked, string told, AuditSource source, CancellationToken cancellation)
    {
        var named = Dialect.Named(provider.Manifest, told);
        if (ScopePolicy.Unasked(provider.Manifest, asked, ScopeSet.Empty, named).Count == 0)
            return;
        // What was granted before may be named again (incremental authorization).
        var mine = await integrations.List(new IntegrationFilter(userId, provider.Key, false, null, MostAccounts) { IsLive = true }, cancellation);
        // Also by an account whose token has ended meanwhile: its consent at the provider has not.
        var earlier = ScopeSet.Of(mine.Where(integration => integration.IsActive).SelectMany(integration => integration.UsableScopes.ToArray()));
        if (ScopePolicy.Unasked(provider.Manifest, asked, earlier, named) is not { Count: > 0 } unasked)
            return;
        await audit.Write(
            database.ForUser(userId), new AuditEvent(AuditAction.ScopeEscalated, userId, source) { Provider = provider.Key, Scopes = unasked, Success = false, Code = "callback" }, cancellation);
    }
}
