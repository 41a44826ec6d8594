using System.Text.Json;
using Grantkeeper.Audit;
using Grantkeeper.Encryption;
using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Outbox;
using Grantkeeper.Providers;
using Grantkeeper.Storage;

namespace Grantkeeper.Tokens;

/// <summary>Ends grants at their providers, through the outbox: at least once, also when the provider is down right now.</summary>
internal sealed class Revocations(
    Database database, OutboxStore outbox, ProviderCatalogue catalogue, EndpointDiscovery discovery, TokenRequests requests, AuditLog audit) : IOutboxHandler
{
    public const string KindName = "revocation";

    public const string Confirmed = "confirmed";
    public const string Unsupported = "unsupported";
    public const string Pending = "pending";
    public const string Failed = "failed";
    public const string Withheld = "withheld";

    private const string AccountMember = "account";

    public string Kind => KindName;

    /// <summary>True when the provider can be asked to end a grant; also when that is not known right now.</summary>
    public async Task<bool> IsSupported(string providerKey) =>
        catalogue.Find(providerKey) is { } provider && (!(await discovery.Of(provider)).TryGet(out var endpoints, out _) || endpoints.Revocation is not null);

    /// <summary>Puts the revocation into the change's transaction. The refresh token ends the grant; without one the access token is sent.</summary>
    public async Task<Guid> Enqueue(IDb db, Integration integration, Secret refreshToken, Secret accessToken, bool claimed, CancellationToken cancellation)
    {
        // Whose grant it is travels along: the row may be erased before the provider is told.
        var subject = await db.One(
            "SELECT provider_subject FROM oauth_integrations WHERE user_id = $1 AND id = $2 AND provider_subject IS NOT NULL", row => row.GetString(0), cancellation, integration.UserId, integration.Id);
        var prefersAccess = catalogue.Find(integration.Provider)?.Manifest.RevocationToken == OAuthNames.AccessToken;
        var sendsRefresh = !refreshToken.IsEmpty && !prefersAccess;
        var payload = new Dictionary<string, string?>
        {
            [OAuthNames.Token] = (sendsRefresh ? refreshToken : accessToken).Reveal(),
            [OAuthNames.TokenTypeHint] = sendsRefresh ? OAuthNames.RefreshToken : OAuthNames.AccessToken,
            [AccountMember] = subject ?? integration.AccountId,
        };
        return await outbox.Add(db, KindName, integration.UserId, integration.Provider, integration.Id, new Secret(JsonSerializer.Serialize(payload)), claimed, cancellation);
    }

    public async Task<Delivered> Deliver(OutboxEntry entry, CancellationToken cancellation)
    {
        var word = await Send(entry, cancellation);
        await audit.Write(
            database.ForUser(entry.UserId),
            new AuditEvent(AuditAction.ProviderRevocation, entry.UserId, AuditSource.Background)
            {
                IntegrationId = entry.IntegrationId, Provider = entry.Provider, Success = word is Confirmed, Code = word,
            },
            cancellation);
        return word == Pending ? new Delivered(word, RetryAfter(entry.Attempts)) : new Delivered(word);
    }

    private async Task<string> Send(OutboxEntry entry, CancellationToken cancellation)
    {
        if (entry.Provider is null || catalogue.Find(entry.Provider) is not { } provider)
            return Failed;
        var payload = JsonSerializer.Deserialize<Dictionary<string, string?>>(entry.Payload.Reveal())!;
        if (await WouldEndAnother(provider, entry.IntegrationId, payload[AccountMember], cancellation))
            return Withheld;
        if (!(await discovery.Of(provider)).TryGet(out var endpoints, out _))
            return Pending;
        return await requests.Revoke(provider, endpoints, new Secret(payload[OAuthNames.Token]), payload[OAuthNames.TokenTypeHint]!, cancellation) switch
        {
            RevocationOutcome.Confirmed => Confirmed,
            RevocationOutcome.Unsupported => Unsupported,
            RevocationOutcome.Transient => Pending,
            _ => Failed,
        };
    }

    /// <summary>
    /// True at providers that revoke a whole grant or project, while any owner has a live integration of the same person:
    /// two owners may share one account, the user may have connected again since, and providers of one group share their
    /// grants. Looked at right before sending, so that two disconnects at the same time do not hold each other back.
    /// </summary>
    private async Task<bool> WouldEndAnother(Provider provider, Guid? integrationId, string? accountId, CancellationToken cancellation)
    {
        if (provider.Manifest.RevocationScope == RevocationScope.Token)
            return false;
        var group = provider.Manifest.RevocationGroup is { } name
            ? catalogue.All.Where(other => other.Manifest.RevocationGroup == name).Select(other => other.Key).ToArray()
            : [provider.Key];
        return await database.AsService(ServiceReason.Worker).Read(
            """
            SELECT i.id FROM oauth_integrations AS i
            WHERE i.provider = ANY ($1) AND i.status <> 'revoked'
              AND coalesce(i.provider_subject, i.provider_account_id) = coalesce((SELECT provider_subject FROM oauth_integrations WHERE id = $3), $2) LIMIT 1
            """,
            row => row.GetGuid(0).ToString(), cancellation, group, accountId, integrationId ?? Guid.Empty) is not null;
    }

    /// <summary>10, 20, 40 … seconds, an hour at most.</summary>
    private static TimeSpan RetryAfter(int attempts) => TimeSpan.FromSeconds(Math.Min(3600, 10 * Math.Pow(2, Math.Clamp(attempts - 1, 0, 10))));
}
