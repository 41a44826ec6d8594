using System.Diagnostics;
using Grantkeeper.Encryption;
using Grantkeeper.Spool;
using Grantkeeper.Storage;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;
using Grantkeeper.Tokens;
using Npgsql;

namespace Grantkeeper.Prove.Nodes;

/// <summary>A grant on both sides: the integration here and what the provider knows of it.</summary>
internal sealed record ProvedGrant(Guid Integration, string User, ServerGrant AtProvider);

/// <summary>
/// Three nodes, a PostgreSQL of their own and a strict provider, all of them real. It seeds grants, tells which answers
/// outlive a killed node, and judges in the end.
/// </summary>
internal sealed class NodeWorld : IAsyncDisposable
{
    private const string ApiKey = "gk_dev_key-of-the-campaigns-0123456789abcdef";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly KeyRing _keys = new();
    private readonly SecretBox _box;
    private readonly string _folder = Directory.CreateTempSubdirectory("gk-prove-").FullName;

    private NodeWorld(TestCluster cluster, TestDatabase database, StrictServer provider)
    {
        (Cluster, Database, Provider, _box) = (cluster, database, provider, new SecretBox(_keys));
    }

    public TestCluster Cluster { get; }

    public TestDatabase Database { get; }

    public StrictServer Provider { get; }

    public List<NodeProcess> Nodes { get; } = [];

    public List<ProvedGrant> Grants { get; } = [];

    /// <summary>New refresh tokens that died with the memory of a killed process, or on a cut connection.</summary>
    public HashSet<string> Window { get; } = [];

    /// <summary>Starts everything.</summary>
    /// <param name="nodes">How many nodes.</param>
    /// <param name="spoolWait">How long a node that is away is waited for.</param>
    public static async Task<NodeWorld> Start(int nodes = 3, string spoolWait = "00:10:00")
    {
        // What was confirmed must outlive a crash, which the usual test server does not promise.
        var cluster = await TestCluster.Start(("synchronous_commit", "on"));
        var world = new NodeWorld(cluster, await cluster.NewMigratedDatabase(), await StrictServer.Start());
        await using (var connection = await world.Open())
        {
            if (!(await world._keys.Load(connection, LocalKeyWrapper.Read(TestCluster.Key, null).Value, default)).IsSuccess)
                throw new InvalidOperationException("The keys of the database do not open.");
        }

        world.Nodes.AddRange(await Task.WhenAll(Enumerable.Range(0, nodes).Select(index => NodeProcess.Start($"node-{index}", world.Environment($"node-{index}", spoolWait)))));
        return world;
    }

    /// <summary>What a node knows.</summary>
    public Dictionary<string, string> Environment(string name, string spoolWait = "00:10:00")
    {
        var providers = Directory.CreateDirectory(Path.Combine(_folder, "providers")).FullName;
        File.WriteAllText(Path.Combine(providers, $"{StrictServer.Key}.yaml"), $$"""
            schema_version: 1
            key: {{StrictServer.Key}}
            display_name: Prove
            verification: simulated
            authorization_endpoint: {{Provider.Origin}}/authorize
            token_endpoint: {{Provider.Origin}}/token
            revocation_endpoint: {{Provider.Origin}}/revoke
            client_authentication: post
            default_scopes: [all]
            account: { source: none }
            rotation: { profile: strict }
            """);
        var origin = $"http://localhost:{FreePort.Next()}";
        return new Dictionary<string, string>
        {
            ["DEPLOY_ENV"] = "development", ["FRONTEND_URL"] = origin, ["GRANTKEEPER_PUBLIC_URL"] = origin, ["GRANTKEEPER_API_KEY"] = ApiKey, ["GRANTKEEPER_PROVIDERS_PATH"] = providers,
            ["GRANTKEEPER_DATA_PATH"] = Path.Combine(_folder, name), ["USER_DATA_DATABASE_URL"] = Database.Url, ["OAUTH_ENCRYPTION_KEY"] = TestCluster.Key.Reveal(), ["ASPNETCORE_URLS"] = origin,
            ["PROVE_CLIENT_ID"] = "app", ["PROVE_CLIENT_SECRET"] = "s3cret", ["GRANTKEEPER_FAILPOINTS"] = "lease=4",
            ["Grantkeeper__Refresh__SpoolWait"] = spoolWait,
            // Repeats inside one attempt have tests of their own; here each request is to be seen.
            ["Grantkeeper__Resilience__MaxRetries"] = "0", ["Grantkeeper__Resilience__FailureThreshold"] = "1000",
            // The provider learns which node asks.
            [$"Grantkeeper__Providers__{StrictServer.Key}__token_endpoint"] = $"{Provider.Origin}/token?node={name}",
        };
    }

    /// <summary>Grants whose access tokens have ended: whoever reads one refreshes it.</summary>
    public async Task<List<ProvedGrant>> Seed(int count)
    {
        await using var connection = await Open();
        var seeded = new List<ProvedGrant>();
        for (var index = 0; index < count; index++)
        {
            var atProvider = Provider.Consent();
            var grant = new ProvedGrant(Guid.CreateVersion7(), $"user-{atProvider.Number}", atProvider);
            var salt = SecretBox.NewSalt();
            string Sealed(string text, string purpose) => _box.Seal(new Secret(text), GrantRow.ContextOf(purpose, grant.User, grant.Integration, 1, 1), salt);
            await using var batch = new NpgsqlBatch(connection)
            {
                BatchCommands =
                {
                    new("INSERT INTO owner_salts (user_id, salt) VALUES ($1, $2)") { Parameters = { new() { Value = grant.User }, new() { Value = salt } } },
                    new("INSERT INTO oauth_integrations (user_id, id, provider, provider_account_id, status, is_primary, scopes, connected_at) VALUES ($1, $2, $3, $4, 'active', true, '{all}', now())")
                    {
                        Parameters = { new() { Value = grant.User }, new() { Value = grant.Integration }, new() { Value = StrictServer.Key }, new() { Value = grant.User } },
                    },
                    new("""
                        INSERT INTO oauth_tokens (user_id, id, integration_id, access_token, refresh_token, expires_at, lifetime_seconds, scope, next_refresh_at, provider)
                        VALUES ($1, $2, $3, $4, $5, now() - interval '1 second', 3600, 'all', now() + interval '1 day', $6)
                        """)
                    {
                        Parameters =
                        {
                            new() { Value = grant.User }, new() { Value = Guid.CreateVersion7() }, new() { Value = grant.Integration },
                            new() { Value = Sealed($"at-{atProvider.Current}", GrantRow.AccessTokenPurpose) }, new() { Value = Sealed(atProvider.Current, GrantRow.RefreshTokenPurpose) }, new() { Value = StrictServer.Key },
                        },
                    },
                },
            };
            await batch.ExecuteNonQueryAsync();
            seeded.Add(grant);
        }

        Grants.AddRange(seeded);
        return seeded;
    }

    public async Task Execute(string sql, params object[] arguments)
    {
        await using var connection = await Open();
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var argument in arguments)
            command.Parameters.Add(new NpgsqlParameter { Value = argument });
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>
    /// After a node has died: new refresh tokens that it had asked for, and that are neither on its disk nor in the database,
    /// are beyond anybody's reach. They are counted as the window.
    /// </summary>
    public async Task NoteWindow(NodeProcess dead, IEnumerable<ProvedGrant> grants)
    {
        var kept = Spooled(dead).ToHashSet();
        foreach (var grant in grants)
        {
            if (grant.AtProvider.Replacements.LastOrDefault() is { } last && last.Node == dead.Name && !kept.Contains(last.New) && await Stored(grant) != last.New)
                Window.Add(last.New);
        }
    }

    /// <summary>The refresh tokens of the answers that a dead node's spool holds.</summary>
    public IEnumerable<string> Spooled(NodeProcess dead)
    {
        foreach (var file in Directory.GetFiles(Path.Combine(dead.DataPath, "spool"), "answers", SearchOption.AllDirectories))
        {
            using var spool = SpoolFile.Open(SpoolDisk.Open(file, SpoolFile.Size), _box);
            foreach (var slot in spool?.ReadAll() ?? [])
            {
                if (slot.Record is { } record && SpooledAnswer.Read(record) is { } answer)
                    yield return answer.Tokens.RefreshToken.Reveal();
            }
        }
    }

    /// <summary>The refresh token that the database holds for a grant.</summary>
    public async Task<string?> Stored(ProvedGrant grant)
    {
        await using var connection = await Open();
        await using var command = new NpgsqlCommand("SELECT t.refresh_token, t.epoch, t.generation, s.salt FROM oauth_tokens t JOIN owner_salts s USING (user_id) WHERE t.integration_id = $1", connection)
        {
            Parameters = { new() { Value = grant.Integration } },
        };
        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync()
            ? _box.Open(reader.GetString(0), GrantRow.ContextOf(GrantRow.RefreshTokenPurpose, grant.User, grant.Integration, reader.GetInt32(1), reader.GetInt64(2)), reader.GetFieldValue<byte[]>(3))?.Reveal()
            : null;
    }

    /// <summary>
    /// Reads each grant until its token is good or its user is needed, on any node, and then renews it once more. Returns
    /// those that are lost although nothing of theirs was in the window, with their story.
    /// </summary>
    public async Task<(int Alive, int LostInWindow, List<string> Lost)> Judge(IReadOnlyCollection<ProvedGrant> grants)
    {
        var (alive, lostInWindow, lost) = (0, 0, new List<string>());
        await Parallel.ForEachAsync(grants, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (grant, _) =>
        {
            var first = await Settle(grant);
            if (first.Status == 200 && await Renewed(grant))
                first = await Settle(grant);

            var isAlive = first.Status == 200 && !grant.AtProvider.IsRevoked && first.Json.GetProperty("access_token").GetString() == $"at-{grant.AtProvider.Current}";
            var isExcused = grant.AtProvider.Replacements.Exists(replacement => replacement.IsCut || Window.Contains(replacement.New));
            lock (lost)
            {
                if (isAlive)
                    alive++;
                else if (isExcused)
                    lostInWindow++;
                else
                    lost.Add($"{grant.Integration} (grant {grant.AtProvider.Number}): a read ends with {first.Status} {first.Code}; the provider has {grant.AtProvider.Current}, revoked: {grant.AtProvider.IsRevoked}\n    " + string.Join("\n    ", grant.AtProvider.Log));
            }
        });
        return (alive, lostInWindow, lost);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
            await node.DisposeAsync();
        await Provider.DisposeAsync();
        await Cluster.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Renews a grant, on any node; false when its user is needed.</summary>
    private async Task<bool> Renewed(ProvedGrant grant)
    {
        var began = Stopwatch.GetTimestamp();
        for (var turn = 0; Stopwatch.GetElapsedTime(began) < Patience; turn++)
        {
            var answer = await Nodes[turn % Nodes.Count].Ask(HttpMethod.Post, $"/api/v1/oauth/integrations/{grant.Integration}/refresh");
            if (answer.Status == 200)
                return answer.Json.GetProperty("success").GetBoolean();
            await Task.Delay(Look, TimeProvider.System);
        }

        return false;
    }

    private async Task<NodeAnswer> Settle(ProvedGrant grant)
    {
        var began = Stopwatch.GetTimestamp();
        for (var turn = 0; ; turn++)
        {
            var answer = await Nodes[turn % Nodes.Count].Read(grant.Integration);
            if (answer.Status == 200 || answer.Code is "tokens.reauthorization_required" || Stopwatch.GetElapsedTime(began) > Patience)
                return answer;
            await Task.Delay(Look, TimeProvider.System);
        }
    }

    private async Task<NpgsqlConnection> Open()
    {
        var connection = new NpgsqlConnection(DatabaseUrl.ForMigration(DatabaseUrl.Parse(Database.SuperuserUrl).Value).ConnectionString);
        await connection.OpenAsync();
        return connection;
    }
}
