using System.Text.Json;
using Grantkeeper.Audit;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;

namespace Grantkeeper.Lifecycle;

/// <summary>
/// Changes what people say about an integration, and switches it: label, metadata, which account is the primary one, off and
/// on. A switched-off integration keeps its grant and serves no token on any node; it is not renewed either, so that a
/// provider may end the grant after long disuse.
/// </summary>
internal sealed class IntegrationChanges(Database database, IntegrationStore integrations, AuditLog audit, INodeSignals signals)
{
    private const int LongestLabel = 100;

    private sealed record Standing(string Provider, IntegrationStatus Status, string Metadata, string? ReasonDetail);

    /// <summary>
    /// Carries out a patch as a whole or not at all. Failures: <c>integrations.not_found</c>, <c>requests.invalid</c> with every
    /// fault, <c>integrations.status_conflict</c>.
    /// </summary>
    public async Task<Result<Integration>> Patch(Guid id, string userId, PatchIntegrationRequest patch, AuditSource source, CancellationToken cancellation)
    {
        var faults = new List<string>();
        var label = Label(patch, faults);
        if (patch.IsPrimary == false)
            faults.Add("is_primary can only be set: make another account the primary one instead");
        if (patch.Label.ValueKind == JsonValueKind.Undefined && patch.Metadata.ValueKind == JsonValueKind.Undefined && patch.IsPrimary is null && patch.IsActive is null)
            faults.Add("at least one of label, metadata, is_primary and is_active is required");
        if (await integrations.Find(id, userId, cancellation) is not { } integration)
            return new Failure(ErrorCatalogue.Integrations.NotFound);

        var refused = await database.ForUser(userId).Transaction<Failure?>(async db =>
        {
            // The lock that connects and disconnects take: there is one primary account, and it stands still.
            await db.Execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", cancellation, $"{userId}\n{integration.Provider}");
            await TokenVault.Lock(db, id, userId, cancellation);
            var now = await db.One(
                "SELECT provider, status, metadata::text, reason_detail FROM oauth_integrations WHERE user_id = $1 AND id = $2",
                row => new Standing(row.GetString(0), Enum.Parse<IntegrationStatus>(row.GetString(1), ignoreCase: true), row.GetString(2), row.TextOrNull(3)), cancellation, userId, id);
            if (now is null)
                return new Failure(ErrorCatalogue.Integrations.NotFound);
            var metadata = patch.Metadata.ValueKind == JsonValueKind.Undefined ? null : MetadataPatch.Apply(now.Metadata, patch.Metadata, faults);
            if (faults.Count > 0)
                return new Failure(ErrorCatalogue.Requests.Invalid) { Items = faults };
            if (Conflict(now, patch) is { } conflict)
                return conflict;

            await db.Execute(
                "UPDATE oauth_integrations SET label = CASE WHEN $3 THEN $4 ELSE label END, metadata = coalesce($5::text::jsonb, metadata), updated_at = now() WHERE user_id = $1 AND id = $2",
                cancellation, userId, id, patch.Label.ValueKind != JsonValueKind.Undefined, label, metadata);
            if (patch.IsPrimary == true)
                await MakePrimary(db, userId, id, now.Provider, cancellation);
            if (patch.IsActive is { } isActive && isActive == (now.Status == IntegrationStatus.Inactive))
                await Switch(db, userId, id, isActive, cancellation);
            await audit.Write(db, new AuditEvent(ActionOf(patch), userId, source) { IntegrationId = id, Provider = now.Provider }, cancellation);
            return null;
        }, cancellation);
        if (refused is not null)
            return refused;
        // A switched-off one must not be served from the memory of another node, and the primary one is found by memory too.
        if (patch.IsActive is not null || patch.IsPrimary is not null)
            await signals.ChangedEverywhere(id);
        return await integrations.Find(id, userId, cancellation) is { } changed ? changed : new Failure(ErrorCatalogue.Integrations.NotFound);
    }

    /// <summary>
    /// The moves that a person may make (active, expired, error to inactive, and inactive to active); others come from the
    /// provider. Off and on again makes no refused grant good, nor one of another account.
    /// </summary>
    private static Failure? Conflict(Standing now, PatchIntegrationRequest patch) => now.Status switch
    {
        IntegrationStatus.Revoked => new Failure(ErrorCatalogue.Integrations.StatusConflict, "The integration is disconnected; connect the account again first."),
        IntegrationStatus.Pending when patch.IsActive == false => new Failure(ErrorCatalogue.Integrations.StatusConflict, "The integration has not been used yet; read its token once, or disconnect it."),
        IntegrationStatus.Error or IntegrationStatus.Expired when patch.IsActive == true => new Failure(ErrorCatalogue.Integrations.StatusConflict, "The integration is not switched off: its grant is no longer good, and its user has to connect again."),
        IntegrationStatus.Inactive when patch.IsActive == true && now.ReasonDetail is not null => new Failure(ErrorCatalogue.Integrations.StatusConflict, "When it was switched off its grant was no longer good: its user has to connect the account again, which switches it on."),
        _ => null,
    };

    private static async Task MakePrimary(IDb db, string userId, Guid id, string provider, CancellationToken cancellation)
    {
        await db.Execute("UPDATE oauth_integrations SET is_primary = false, updated_at = now() WHERE user_id = $1 AND provider = $2 AND is_primary AND id <> $3", cancellation, userId, provider, id);
        await db.Execute("UPDATE oauth_integrations SET is_primary = true WHERE user_id = $1 AND id = $2", cancellation, userId, id);
    }

    private static async Task Switch(IDb db, string userId, Guid id, bool isActive, CancellationToken cancellation)
    {
        await db.Execute(
            """
            UPDATE oauth_integrations SET status = $3, reason = $4, reason_detail = CASE WHEN status IN ('error', 'expired') THEN coalesce(reason_detail, reason, $5) END
            WHERE user_id = $1 AND id = $2
            """,
            cancellation, userId, id, isActive ? "active" : "inactive", isActive ? null : Reasons.SwitchedOff, Reasons.ReauthorizationRequired);
        await db.Execute("UPDATE oauth_tokens SET is_active = $3, updated_at = now() WHERE user_id = $1 AND integration_id = $2", cancellation, userId, id, isActive);
    }

    private static AuditAction ActionOf(PatchIntegrationRequest patch) => patch.IsActive switch
    {
        true => AuditAction.SwitchedOn,
        false => AuditAction.SwitchedOff,
        null => AuditAction.IntegrationChanged,
    };

    private static string? Label(PatchIntegrationRequest patch, List<string> faults)
    {
        if (patch.Label.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return null;
        var text = patch.Label.ValueKind == JsonValueKind.String ? patch.Label.GetString()!.Trim() : "";
        if (text.Length is 0 or > LongestLabel || text.Any(char.IsControl))
            faults.Add($"label must be a text of 1 to {LongestLabel} characters without control characters, or null");
        return text;
    }
}
