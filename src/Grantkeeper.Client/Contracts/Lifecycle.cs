using System.Text.Json;
using System.Text.Json.Serialization;

namespace Grantkeeper.Client.Contracts;

/// <summary>Body of <c>PATCH /api/v1/oauth/integrations/{id}</c>. A member that is left out changes nothing.</summary>
public sealed record PatchIntegrationRequest
{
    /// <summary>Whose integration it must be; left out by a key that names the id alone.</summary>
    public string? UserId { get; init; }

    /// <summary>A name for people, 1 to 100 characters; null removes it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public JsonElement Label { get; init; }

    /// <summary>A JSON merge patch (RFC 7396) of the host application's own members, at most 8,192 bytes in all; null empties them. No tokens.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public JsonElement Metadata { get; init; }

    /// <summary>True makes this account the one that provider-addressed calls act on; the other one steps back.</summary>
    public bool? IsPrimary { get; init; }

    /// <summary>False switches the integration off: its grant is kept, no token is served and nothing is renewed. True switches it on again.</summary>
    public bool? IsActive { get; init; }
}

/// <summary>Body of an operation that may name the user.</summary>
/// <param name="UserId">Whose integration it must be; left out by a key that names the id alone.</param>
public sealed record UserRequest(string? UserId);

/// <summary>Body of <c>POST /api/v1/oauth/integrations/sync</c>.</summary>
/// <param name="UserId">Whose integrations; left out by administrators: everybody's.</param>
/// <param name="Provider">At one provider alone.</param>
public sealed record SyncRequest(string? UserId, string? Provider);

/// <summary>What a sync found.</summary>
/// <param name="Success">Whether the provider still honours the grant.</param>
/// <param name="Integration">The integration as it stands now.</param>
/// <param name="Error">Why it could not be synced.</param>
public sealed record SyncResult(bool Success, IntegrationEntry Integration, ErrorEntry? Error);

/// <summary>Answer of <c>POST /api/v1/oauth/integrations/sync</c>.</summary>
/// <param name="Total">How many were looked at, at most 200.</param>
/// <param name="Succeeded">How many are good.</param>
/// <param name="Failed">How many are not.</param>
/// <param name="Results">One for each.</param>
/// <param name="HasMore">Whether there are more than were looked at.</param>
public sealed record SyncAnswer(int Total, int Succeeded, int Failed, IReadOnlyList<SyncResult> Results, bool HasMore);

/// <summary>Body of <c>POST /api/v1/oauth/bulk/…</c>.</summary>
/// <param name="UserId">Whose integrations; left out by administrators: everybody's.</param>
/// <param name="Provider">At one provider alone.</param>
public sealed record BulkRequest(string? UserId, string? Provider);

/// <summary>A bulk operation: it goes on in the background, through restarts.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Action"><c>refresh</c> or <c>disconnect</c>.</param>
/// <param name="Status"><c>running</c>, <c>finished</c> or <c>cancelled</c>.</param>
/// <param name="UserId">Whose integrations; null: everybody's.</param>
/// <param name="Provider">At one provider; null: at all.</param>
/// <param name="Total">How many integrations there were when it began.</param>
/// <param name="Done">How many are done.</param>
/// <param name="Succeeded">How many of them well.</param>
/// <param name="Failed">How many not.</param>
/// <param name="Failures">The first hundred that failed.</param>
/// <param name="CreatedAt">When it began.</param>
/// <param name="FinishedAt">When it ended; null while it runs.</param>
public sealed record BulkEntry(
    Guid Id, string Action, string Status, string? UserId, string? Provider, int Total, int Done, int Succeeded, int Failed, IReadOnlyList<BulkFailureEntry> Failures,
    DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt);

/// <summary>An integration that a bulk operation could not do.</summary>
/// <param name="IntegrationId">Which one.</param>
/// <param name="Code">Why.</param>
public sealed record BulkFailureEntry(Guid IntegrationId, string Code);
