using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.Storage;

namespace Grantkeeper.Providers;

/// <summary>
/// Providers in the platform database, added to the catalogue of every node. What is written here has been judged.
/// </summary>
internal sealed class StoredManifests(PlatformDatabase platform, Database userData, ProviderCatalogue catalogue, AuditLog audit, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _loading = new(1, 1);
    private IReadOnlyList<StoredManifest> _seen = [];

    /// <summary>Stores a manifest, or without one that the shipped draft is offered.</summary>
    /// <param name="provider">The provider's key.</param>
    /// <param name="manifest">The manifest; null for a shipped draft.</param>
    /// <param name="source">Who writes.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task Put(string provider, string? manifest, AuditSource source, CancellationToken cancellation)
    {
        await platform.Database.AsService(ServiceReason.Deployment).Execute(
            """
            INSERT INTO provider_manifests (provider, id, manifest, updated_by) VALUES ($1, $2, $3, $4)
            ON CONFLICT (provider) DO UPDATE SET id = $2, manifest = $3, updated_at = now(), updated_by = $4
            """,
            cancellation, provider, Guid.CreateVersion7(time.GetUtcNow()), manifest, source.Caller ?? "process");
        await Record(AuditAction.ProviderChanged, provider, source);
        await Load(cancellation);
    }

    /// <summary>Forgets an entry, and the client of a provider that ends with it; false when there was none.</summary>
    public async Task<bool> Remove(string provider, AuditSource source, CancellationToken cancellation)
    {
        var removed = await platform.Database.AsService(ServiceReason.Deployment).Transaction(async db =>
        {
            await db.Execute(
                "DELETE FROM client_registrations WHERE provider = $1 AND EXISTS (SELECT 1 FROM provider_manifests WHERE provider = $1 AND manifest IS NOT NULL)", cancellation, provider);
            return await db.Execute("DELETE FROM provider_manifests WHERE provider = $1", cancellation, provider);
        }, cancellation);
        if (removed == 0)
            return false;
        await Record(AuditAction.ProviderRemoved, provider, source);
        await Load(cancellation);
        return true;
    }

    /// <summary>Reads what is stored and changes the catalogue when it differs from what this node has seen.</summary>
    public async Task Load(CancellationToken cancellation)
    {
        await _loading.WaitAsync(cancellation);
        try
        {
            var stored = await platform.Database.AsService(ServiceReason.Deployment).ReadAll(
                "SELECT id, provider, manifest, updated_at, updated_by FROM provider_manifests ORDER BY provider LIMIT 1000",
                row => new StoredManifest(row.GetGuid(0), row.GetString(1), row.TextOrNull(2), row.Time(3), row.GetString(4)), cancellation);
            if (stored.Select(entry => entry.Id).SequenceEqual(_seen.Select(entry => entry.Id)))
                return;
            catalogue.Use(stored);
            _seen = stored;
        }
        finally
        {
            _loading.Release();
        }
    }

    public void Dispose() => _loading.Dispose();

    private Task Record(AuditAction action, string provider, AuditSource source) => audit.Write(
        userData.ForUser(SecretBox.SystemOwner), new AuditEvent(action, SecretBox.SystemOwner, source) { Provider = provider }, CancellationToken.None);
}
