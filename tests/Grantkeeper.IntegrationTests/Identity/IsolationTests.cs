using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Grantkeeper.IntegrationTests.Flows;

namespace Grantkeeper.IntegrationTests.Identity;

/// <summary>
/// Every operation of the running host's own description, called by one user with another user's name and ids: by token and by
/// connect session. What a new operation takes is read from the description; one that takes something unknown to this test fails
/// it until somebody says what a stranger would send there.
/// </summary>
[Trait("category", "security")]
public sealed partial class IsolationTests
{
    private const string Alice = "alice-the-owner";
    private const string Mallory = "mallory";

    /// <summary>Operations that take nothing of a user's, each with the reason; one that does may not stand here.</summary>
    private static readonly Dictionary<string, string> NothingToSteal = new()
    {
        ["GET /oauth/{provider}/health"] = "tells how this node gets on with a provider, and nothing of any user",
        ["POST /oauth/{provider}/events"] = "no credential of ours; the signature is the provider's, and it tells of installations there",
        ["GET /health/live"] = "no credential, no detail",
        ["GET /health/ready"] = "no credential, no detail",
        ["GET /oauth/health"] = "for operators on this machine or with a key; a token is neither",
        ["GET /oauth/start/{handle}"] = "no credential; 256 random bits, bound to the first browser that opens it",
        ["GET /oauth/{provider}/callback"] = "no credential; the state and the browser's cookie bind it",
        ["GET /api/v1/oauth/callback"] = "no credential; the state and the browser's cookie bind it",
    };

    /// <summary>Members of bodies that must be there for the request to get as far as whose things it names.</summary>
    private static readonly Dictionary<string, JsonNode> Needed = new()
    {
        ["provider"] = "sandbox", ["generation"] = 1, ["ticket"] = new string('t', 43), ["code"] = "c", ["state"] = new string('s', 43), ["name"] = "n", ["client_id"] = "c",
    };

    private sealed record Thing(string Name, string Hers, string Unknown);

    private sealed record Operation(HttpMethod Method, string Template, JsonNode Description, JsonObject Schemas)
    {
        public override string ToString() => $"{Method} {Template}";

        public bool IsAnonymous => Description["security"] is null;

        public string Permission => PermissionWord().Match((string)Description["description"]!).Groups[1].Value;

        public IReadOnlyList<string> Query => [.. (Description["parameters"]?.AsArray() ?? []).Where(parameter => (string)parameter!["in"]! == "query").Select(parameter => (string)parameter!["name"]!)];

        public IReadOnlyList<string>? Body => Description["requestBody"]?["content"]!["application/json"]!["schema"]!["$ref"] is { } reference
            ? [.. Schemas[((string)reference!).Split('/')[^1]]!["properties"]!.AsObject().Select(member => member.Key)] : null;

        public IReadOnlyList<string> Placeholders => [.. Placeholder().Matches(Template).Select(match => match.Groups[1].Value)];
    }

    private sealed record Stand(FlowWorld World, Thing Integration, Thing Flow, Thing Session, Thing Account, Thing Key, Thing Bulk, string Cursor, IReadOnlyList<string> Secrets)
    {
        /// <summary>What a placeholder of a path stands for; null for a provider.</summary>
        public Thing? Of(Operation operation, string placeholder) => (operation.Template, placeholder) switch
        {
            (_, "provider") => null,
            // A feature is the product's, not somebody's.
            (var path, "key") when path.StartsWith("/api/v1/oauth/features/", StringComparison.Ordinal) => null,
            (var path, "id") when path.StartsWith("/api/v1/oauth/integrations/{id}", StringComparison.Ordinal) => Integration,
            (var path, "id") when path.StartsWith("/api/v1/oauth/connect-sessions/{id}", StringComparison.Ordinal) => Session,
            (var path, "id") when path.StartsWith("/api/v1/oauth/admin/api-keys/{id}", StringComparison.Ordinal) => Key,
            (_, "flow_id") => Flow,
            (_, "operation_id") => Bulk,
            (_, "user_id") => new Thing(placeholder, Alice, "nobody"),
            _ => throw new ShouldAssertException($"{operation} takes {{{placeholder}}}, and this test does not know what a stranger would put there. Say it in Stand.Of."),
        };

        /// <summary>What a query parameter or a body's member may name of somebody's.</summary>
        public Thing? Of(string name) => name switch
        {
            "user_id" => new Thing(name, Alice, Alice),
            "integration_id" => Integration,
            "account_id" => Account,
            _ => null,
        };
    }

    [Fact]
    public async Task No_operation_gives_one_user_anything_of_another()
    {
        await using var issuer = await HostIssuer.Start();
        var settings = issuer.Settings;
        settings["Grantkeeper:Limits:PerUser"] = "0";
        settings["Grantkeeper:Features:calendar.read:display_name"] = "Calendar";
        settings["Grantkeeper:Features:calendar.read:requires:provider"] = "sandbox";
        settings["Grantkeeper:Features:calendar.read:requires:scopes:0"] = "calendar.readonly";
        await using var world = await FlowWorld.Start(HostKind.Server, settings);
        var stand = await Own(world);
        var before = await Standing(world);
        var session = await MadeSession.Make(world, Mallory);
        var operations = await Operations(world);
        operations.Count.ShouldBeGreaterThan(30);
        var visited = new List<string>();
        foreach (var operation in operations)
        {
            foreach (var (kind, credential) in new[] { ("token", issuer.Token(Mallory)), ("session", session.Token) })
            {
                var tried = operation.IsAnonymous ? 0 : await Try(stand, operation, credential, kind);
                if (tried == 0)
                    NothingToSteal.Keys.ShouldContain(operation.ToString(), "takes nothing of a user's, says its description; write down why that is so");
                else
                    visited.Add(operation.ToString());
            }
        }

        NothingToSteal.Keys.Except(operations.Select(operation => operation.ToString())).ShouldBeEmpty("no longer there");
        NothingToSteal.Keys.Intersect(visited).ShouldBeEmpty("takes something of a user's after all");
        (await Standing(world)).ShouldBe(before, "and nothing of hers has changed");
    }

    /// <summary>Sends everything that a stranger could, and says how many requests were about somebody's things.</summary>
    private static async Task<int> Try(Stand stand, Operation operation, string credential, string kind)
    {
        var tried = 0;
        var about = $"{operation} by {kind}";
        var placeholders = operation.Placeholders.Select(name => (Name: name, Thing: stand.Of(operation, name))).ToList();
        var isForbidden = operation.Permission is "oauth:admin" or "oauth:audit" or "oauth:token:read";

        // Without naming anybody: nothing of hers is in the answer.
        var plain = await Send(stand, operation, credential, placeholders, hers: false, null);
        Clean(stand, plain, about);
        if (isForbidden)
        {
            plain.Status.ShouldBe(HttpStatusCode.Forbidden, $"{about}: {plain.Body}");
            tried++;
        }

        // Her ids in the path: as if they did not exist.
        if (placeholders.Any(placeholder => placeholder.Thing is not null))
        {
            tried++;
            await Alike(await Send(stand, operation, credential, placeholders, hers: true, null), plain, refuses: true);
        }

        // Her name, and her ids in the query and the body.
        foreach (var name in operation.Query.Concat(operation.Body ?? []).Distinct())
        {
            if (stand.Of(name) is not { } thing)
                continue;
            tried++;
            var named = await Send(stand, operation, credential, placeholders, hers: false, (name, thing.Hers));
            if (name == "user_id")
                (named.Status, named.Code is "identity.user_foreign" or "identity.session_not_allowed" or "identity.permission_missing" or "identity.key_required").ShouldBe((HttpStatusCode.Forbidden, true), $"{about} {name}: {named.Body}");
            else
                await Alike(named, await Send(stand, operation, credential, placeholders, hers: false, (name, thing.Unknown)), refuses: false);
        }

        if (operation.Query.Contains("cursor"))
        {
            tried++;
            Clean(stand, await Send(stand, operation, credential, placeholders, hers: false, ("cursor", stand.Cursor)), about);
        }

        return tried;

        Task Alike(FlowReply reply, FlowReply unknown, bool refuses)
        {
            Clean(stand, reply, about);
            if (refuses)
                reply.Status.ShouldBeOneOf(HttpStatusCode.Forbidden, HttpStatusCode.NotFound);
            reply.Status.ShouldBe(unknown.Status, $"{about}: {reply.Body}");
            Bare(reply).ShouldBe(Bare(unknown), about);
            return Task.CompletedTask;
        }
    }

    private static Task<FlowReply> Send(
        Stand stand, Operation operation, string credential, List<(string Name, Thing? Thing)> placeholders, bool hers, (string Name, string Value)? member)
    {
        var path = placeholders.Aggregate(operation.Template, (text, entry) => text.Replace(
            $"{{{entry.Name}}}", entry.Thing is null ? entry.Name == "key" ? "calendar.read" : "sandbox" : hers ? entry.Thing.Hers : entry.Thing.Unknown, StringComparison.Ordinal));
        if (member is { } parameter && operation.Query.Contains(parameter.Name))
            path += $"?{parameter.Name}={Uri.EscapeDataString(parameter.Value)}";
        JsonObject? body = null;
        if (operation.Body is { } members)
        {
            body = new JsonObject(members.Where(Needed.ContainsKey).Select(name => KeyValuePair.Create(name, (JsonNode?)Needed[name].DeepClone())));
            if (member is { } named && members.Contains(named.Name))
                body[named.Name] = named.Value;
        }

        return stand.World.Host.Send(operation.Method, path, body, credential);
    }

    private static void Clean(Stand stand, FlowReply reply, string about)
    {
        ((int)reply.Status).ShouldBeLessThan(500, $"{about}: {reply.Body}");
        foreach (var secret in stand.Secrets)
            (reply.Body + reply.HeaderText).Contains(secret, StringComparison.OrdinalIgnoreCase).ShouldBeFalse($"{about} tells {secret}: {reply.Body}");
    }

    /// <summary>What Alice has: an account, a flow that waits for her, a session, a page of a list; and the deployment's key.</summary>
    private static async Task<Stand> Own(FlowWorld world)
    {
        var integration = await world.Connect(Alice);
        await world.Connect(Alice, "bob+auto");
        var (browser, callback, flow) = await world.ReachCallback(Alice, "carol+auto");
        using (browser)
            (await browser.Open(callback)).Status.ShouldBe(HttpStatusCode.OK);
        var session = await MadeSession.Make(world, Alice);
        var key = (await world.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "hers", permissions = new[] { "oauth:read" } })).Json;
        // Over a provider at which she has nothing, so that it changes nothing.
        var bulk = Guid.Parse((string)(await world.Host.Post("/api/v1/oauth/bulk/refresh", new { user_id = Alice, provider = "google" })).Json["id"]!);
        var page = (await world.Host.Get($"/api/v1/oauth/integrations?user_id={Alice}&limit=1")).Json;
        var account = (string)page["integrations"]![0]!["account"]!["account_id"]!;
        return new Stand(
            world, new Thing("integration", integration.ToString(), Unknown(integration)), new Thing("flow", flow.ToString(), Unknown(flow)),
            new Thing("session", session.Id.ToString(), Unknown(session.Id)), new Thing("account", account, account + "0"), new Thing("key", (string)key["id"]!, Guid.CreateVersion7().ToString()), new Thing("bulk", bulk.ToString(), Unknown(bulk)),
            (string)page["next_cursor"]!, [Alice, integration.ToString(), flow.ToString(), session.Id.ToString(), bulk.ToString(), session.Token, "alice@", "bob@"]);

        // An id that could be hers: only the last digit is another.
        static string Unknown(Guid id) => $"{id}"[..^1] + ($"{id}"[^1] == '0' ? '1' : '0');
    }

    private static async Task<string> Standing(FlowWorld world) => (string)(await world.Sql(
        $"""
        SELECT concat_ws('|',
            (SELECT string_agg(concat_ws(' ', id, status, epoch, updated_at), ',' ORDER BY id) FROM oauth_integrations WHERE user_id = '{Alice}'),
            (SELECT string_agg(concat_ws(' ', integration_id, generation), ',' ORDER BY integration_id) FROM oauth_tokens WHERE user_id = '{Alice}'),
            (SELECT string_agg(concat_ws(' ', id, status), ',' ORDER BY id) FROM oauth_state WHERE user_id = '{Alice}'),
            (SELECT string_agg(concat_ws(' ', id, ended_at), ',' ORDER BY id) FROM connect_sessions WHERE user_id = '{Alice}'),
            (SELECT count(*) FROM api_keys WHERE revoked_at IS NULL))
        """))!;

    private static async Task<List<Operation>> Operations(FlowWorld world)
    {
        var document = (await world.Host.Get("/openapi/v1.json", key: null)).Json;
        var schemas = document["components"]!["schemas"]!.AsObject();
        return [.. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation =>
            new Operation(new HttpMethod(operation.Key.ToUpperInvariant()), path.Key, operation.Value!, schemas)))];
    }

    private static string Bare(FlowReply reply) =>
        Changing().Replace(reply.Body, "") + string.Join('\n', reply.HeaderText.Split('\n').Where(line => !line.StartsWith("Date:", StringComparison.Ordinal)));

    // What differs from one answer to the next whoever asks.
    [GeneratedRegex("\"(trace_id|auth_url|authorization_url|state|state_token|flow_id|last_checked|checked_at|finished_at)\":\"[^\"]*\"")]
    private static partial Regex Changing();

    [GeneratedRegex("\\{([a-z_A-Z]+)\\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex("permission ([a-z:_]+)\\.")]
    private static partial Regex PermissionWord();
}
