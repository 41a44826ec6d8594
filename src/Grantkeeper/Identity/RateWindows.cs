using Grantkeeper.Storage;

namespace Grantkeeper.Identity;

/// <summary>The counters of all nodes: one statement for all subjects of a request, each a row of its own.</summary>
internal sealed class RateWindows(PlatformDatabase platform)
{
    /// <summary>Takes hits, and answers how each subject stands, in the order of <paramref name="subjects"/>.</summary>
    /// <param name="subjects">Different hashes.</param>
    /// <param name="hits">How many are taken of each.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<RateWindow[]> Take(byte[][] subjects, int[] hits, CancellationToken cancellation)
    {
        // In one order everywhere, so that requests with several subjects in common never wait for each other in a circle.
        var rows = await platform.Database.AsService(ServiceReason.Deployment).List(
            """
            INSERT INTO rate_windows AS w (subject, began_at, hits, hits_before)
            SELECT t.subject, now(), t.hits, 0 FROM unnest($1::bytea[], $2::integer[]) AS t (subject, hits) ORDER BY t.subject
            ON CONFLICT (subject) DO UPDATE SET
                hits_before = CASE WHEN now() < w.began_at + interval '1 minute' THEN w.hits_before WHEN now() < w.began_at + interval '2 minutes' THEN w.hits ELSE 0 END,
                hits = CASE WHEN now() < w.began_at + interval '1 minute' THEN least(w.hits, 1000000000) + excluded.hits ELSE excluded.hits END,
                began_at = CASE WHEN now() < w.began_at + interval '1 minute' THEN w.began_at WHEN now() < w.began_at + interval '2 minutes' THEN w.began_at + interval '1 minute' ELSE now() END
            RETURNING subject, hits, hits_before, greatest(extract(epoch FROM now() - began_at), 0)::double precision
            """,
            row => (Subject: row.GetFieldValue<byte[]>(0), Window: new RateWindow(row.GetInt32(1), row.GetInt32(2), TimeSpan.FromSeconds(row.GetDouble(3)))), cancellation, subjects, hits);
        return [.. subjects.Select(subject => rows.Single(row => row.Subject.AsSpan().SequenceEqual(subject)).Window)];
    }
}
