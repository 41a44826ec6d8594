using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Storage;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Providers;

/// <summary>Who wrote a stored registration, and when.</summary>
internal sealed record StoredClient(Guid Id, string Provider, string ClientId, string? SealedSecret, DateTimeOffset UpdatedAt, string UpdatedBy, string? EnteredFor);

/// <summary>
/// Client registrations that operators write while the deployment runs: sealed for the system in the platform database,
/// laid over the catalogue of every node. A secret goes in and comes out for requests to its provider only.
/// </summary>
internal sealed class ClientRegistrations(PlatformDatabase platform, Database userData, SecretBox box, ProviderCatalogue catalogue, AuditLog audit, TimeProvider time, ILogger<ClientRegistrations> logger)
    : IDisposable
{
    private const string Columns = "id, provider, client_id, sealed_secret, updated_at, updated_by, entered_for";

    private readonly SemaphoreSlim _loading = new(1, 1);
    private IReadOnlyList<StoredClient> _seen = [];

    /// <summary>The stored registration of a provider as this node knows it; null when there is none.</summary>
    public StoredClient? Of(string provider) => _seen.FirstOrDefault(client => client.Provider == provider);

    /// <summary>Stores a registration in place of an earlier one. Failure: <c>providers.client_from_environment</c>.</summary>
    public async Task<Result<Done>> Put(Provider provider, string clientId, Secret secret, AuditSource source, CancellationToken cancellation)
    {
        if (provider.Origin == ClientOrigin.Environment)
            return new Failure(ErrorCatalogue.Providers.ClientFromEnvironment);
        var id = Guid.CreateVersion7(time.GetUtcNow());
        await platform.Database.AsService(ServiceReason.Deployment).Execute(
            """
            INSERT INTO client_registrations (id, provider, client_id, sealed_secret, updated_by, entered_for) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (provider) DO UPDATE SET id = $1, client_id = $3, sealed_secret = $4, updated_at = now(), updated_by = $5, entered_for = $6
            """,
            cancellation, id, provider.Key, clientId, secret.IsEmpty ? null : box.Seal(secret, Context(provider.Key, id), []), source.Caller ?? "process", provider.Manifest.Origins);
        await Record(AuditAction.ClientChanged, provider, source);
        await Load(cancellation);
        return default(Done);
    }

    /// <summary>Forgets a stored registration. Failure: <c>providers.client_not_stored</c>.</summary>
    public async Task<Result<Done>> Remove(Provider provider, AuditSource source, CancellationToken cancellation)
    {
        var removed = await platform.Database.AsService(ServiceReason.Deployment).Execute("DELETE FROM client_registrations WHERE provider = $1", cancellation, provider.Key);
        if (removed == 0)
            return new Failure(ErrorCatalogue.Providers.ClientNotStored);
        await Record(AuditAction.ClientRemoved, provider, source);
        await Load(cancellation);
        return default(Done);
    }

    /// <summary>Reads what is stored and swaps the catalogue's snapshot when it differs from what this node has seen.</summary>
    public async Task Load(CancellationToken cancellation)
    {
        await _loading.WaitAsync(cancellation);
        try
        {
            var stored = await platform.Database.AsService(ServiceReason.Deployment).ReadAll(
                $"SELECT {Columns} FROM client_registrations ORDER BY provider LIMIT 1000",
                row => new StoredClient(row.GetGuid(0), row.GetString(1), row.GetString(2), row.TextOrNull(3), row.Time(4), row.GetString(5), row.TextOrNull(6)), cancellation);
            if (stored.Select(client => client.Id).SequenceEqual(_seen.Select(client => client.Id)))
                return;
            var opened = new Dictionary<string, ClientRegistration>(StringComparer.Ordinal);
            foreach (var client in stored)
            {
                if (Open(client) is { } registration)
                    opened[client.Provider] = registration;
            }

            catalogue.Use(opened);
            _seen = stored;
        }
        finally
        {
            _loading.Release();
        }
    }

    public void Dispose() => _loading.Dispose();

    private ClientRegistration? Open(StoredClient client)
    {
        if (client.SealedSecret is null)
            return new ClientRegistration(client.ClientId, default, null) { EnteredFor = client.EnteredFor };
        if (box.Open(client.SealedSecret, Context(client.Provider, client.Id), []) is { } secret)
            return new ClientRegistration(client.ClientId, secret, null) { EnteredFor = client.EnteredFor };
        // The provider counts as not configured: a request without its secret would only be refused there.
        ProvidersLog.ClientUnreadable(logger, client.Provider);
        return null;
    }

    private Task Record(AuditAction action, Provider provider, AuditSource source) => audit.Write(
        userData.ForUser(SecretBox.SystemOwner), new AuditEvent(action, SecretBox.SystemOwner, source) { Provider = provider.Key }, CancellationToken.None);

    // The provider stands in the place, so that a secret moved to another provider's row opens nowhere.
    private static SealContext Context(string provider, Guid id) => new($"client_registrations.sealed_secret/{provider}", SecretBox.SystemOwner, id);
}
