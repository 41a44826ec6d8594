using Grantkeeper.OAuth;
using Grantkeeper.Storage;

namespace Grantkeeper.Consents;

/// <summary>What a user's live consents asked for, to be held against what was granted.</summary>
internal sealed class ConsentReader(Database database)
{
    /// <summary>The asked scopes by integration; an integration without a live consent is missing.</summary>
    public async Task<IReadOnlyDictionary<Guid, ScopeSet>> AskedOf(string userId, CancellationToken cancellation)
    {
        var rows = await database.ForUser(userId).ReadAll(
            "SELECT integration_id, scopes_requested FROM oauth_consents WHERE user_id = $1 AND NOT is_revoked ORDER BY granted_at",
            row => (Id: row.GetGuid(0), Asked: ScopeSet.Of(row.Texts(1))), cancellation, userId);
        var asked = new Dictionary<Guid, ScopeSet>();
        foreach (var row in rows)
            asked[row.Id] = row.Asked;
        return asked;
    }
}
