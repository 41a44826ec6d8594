using Grantkeeper.Testing.Postgres;

namespace Grantkeeper.Benchmarks.Serving;

/// <summary>Gives one user many accounts; nobody reads their tokens.</summary>
internal static class Accounts
{
    public static async Task Write(TestDatabase database, string user, int count)
    {
        await database.Cluster.ExecuteAsSuperuser(database, $"""
            INSERT INTO oauth_integrations (user_id, id, provider, provider_account_id, account_name, status, is_primary, scopes, connected_at)
            SELECT '{user}', gen_random_uuid(), 'sandbox', 'account-' || n, 'Account ' || n, 'active', n = 1, ARRAY['calendar.readonly'], now() FROM generate_series(1, {count}) n;
            INSERT INTO oauth_tokens (user_id, id, integration_id, access_token, refresh_token, expires_at, lifetime_seconds, scope, next_refresh_at, provider)
            SELECT '{user}', gen_random_uuid(), id, 'gk1.none', 'gk1.none', now() + interval '1 day', 3600, 'calendar.readonly', now() + interval '1 day', 'sandbox'
            FROM oauth_integrations WHERE user_id = '{user}';
            """);
        await database.Cluster.ExecuteAsSuperuser(database, "ANALYZE");
    }
}
