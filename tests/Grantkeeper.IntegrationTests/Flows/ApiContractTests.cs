using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>What holds for every operation that the OpenAPI document names.</summary>
[Trait("category", "routes")]
public sealed partial class ApiContractTests(ServerWorld fixture) : IClassFixture<ServerWorld>
{
    private static readonly string[] AllPermissions = ["oauth:read", "oauth:connect", "oauth:refresh", "oauth:revoke", "oauth:audit", "oauth:admin", "oauth:token:read"];

    private FlowWorld World => fixture.World;

    private string? LastError => World.Host.Logs.Lines.LastOrDefault(line => line.StartsWith("Error", StringComparison.Ordinal));

    private static string NewUser() => $"user_{Guid.NewGuid():N}";

    private sealed record Operation(HttpMethod Method, string Template, string? Permission, bool HasBody)
    {
        public string Path => Placeholder().Replace(Template, match => match.Groups[1].Value == "provider" ? "sandbox" : Guid.Empty.ToString());

        public override string ToString() => $"{Method} {Template}";
    }

    private async Task<List<Operation>> Operations()
    {
        var document = (await World.Host.Get("/openapi/v1.json", key: null)).Json;
        return [.. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => new Operation(
            new HttpMethod(operation.Key.ToUpperInvariant()), path.Key,
            operation.Value!["security"] is null ? null : Permission().Match((string)operation.Value["description"]!).Groups[1].Value,
            operation.Value["requestBody"] is not null)))];
    }

    private async Task<List<Operation>> Guarded() => [.. (await Operations()).Where(operation => operation.Permission is not null)];

    private Task<FlowReply> Send(Operation operation, string? key, string query = "", string? body = null) => Send(operation.Method, operation.Path + query, key, body ?? (operation.HasBody ? "{}" : null));

    private async Task<FlowReply> Send(HttpMethod method, string path, string? key, string? body, string contentType = "application/json")
    {
        using var browser = new FlowBrowser();
        var request = new HttpRequestMessage(method, World.Host.Origin + path);
        if (key is not null)
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }

        return await browser.Send(request);
    }

    private async Task<string> KeyWith(params string[] permissions)
    {
        var made = await World.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "test", permissions });
        made.Status.ShouldBe(HttpStatusCode.OK, made.Body);
        return (string)made.Json["key"]!;
    }

    [Fact]
    public async Task Anonymous_operations_are_the_known_ones()
    {
        (await Operations()).Where(operation => operation.Permission is null).Select(operation => operation.Template).Distinct().Order(StringComparer.Ordinal).ShouldBe(
            ["/api/v1/oauth/callback", "/health/live", "/health/ready", "/oauth/health", "/oauth/start/{handle}", "/oauth/{provider}/callback", "/oauth/{provider}/events"]);
        (await Guarded()).Count.ShouldBeGreaterThan(20);
    }

    [Fact]
    public async Task Operation_without_a_credential_is_refused()
    {
        foreach (var operation in await Guarded())
        {
            var reply = await Send(operation, null);
            IsProblem(reply, 401, "identity.unauthenticated", operation);
            reply.Header("WWW-Authenticate").ShouldBe("Bearer realm=\"grantkeeper\"");
        }
    }

    [Fact]
    public async Task Operation_with_a_credential_that_is_none_is_refused()
    {
        var revoked = await KeyWith("oauth:read");
        var id = (string)(await World.Host.Get("/api/v1/oauth/admin/api-keys")).Json["api_keys"]!.AsArray().Last()!["id"]!;
        await World.Host.Delete($"/api/v1/oauth/admin/api-keys/{id}");
        foreach (var operation in await Guarded())
        {
            foreach (var key in new[] { "gk_dev_unknown-but-long-enough-to-be-looked-up-0123", "x", FlowHost.ApiKey + "x", FlowHost.ApiKey[..^1], FlowHost.ApiKey.ToUpperInvariant(), new string('k', 4000), revoked })
            {
                var reply = await Send(operation, key);
                IsProblem(reply, 401, "identity.key_invalid", operation);
                reply.Header("WWW-Authenticate").ShouldNotBe("");
            }
        }

        using var browser = new FlowBrowser();
        foreach (var header in new[] { "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes("x:" + FlowHost.ApiKey)), FlowHost.ApiKey, "Bearer", "Bearer ", "Bearer  " })
        {
            var request = new HttpRequestMessage(HttpMethod.Get, World.Host.Origin + "/oauth/providers");
            request.Headers.TryAddWithoutValidation("Authorization", header);
            (await browser.Send(request)).Status.ShouldBe(HttpStatusCode.Unauthorized, header);
        }

        (await World.Host.Get($"/oauth/providers?access_token={FlowHost.ApiKey}&api_key={FlowHost.ApiKey}", key: null)).Status.ShouldBe(HttpStatusCode.Unauthorized, "never in the address");
    }

    [Fact]
    public async Task Operation_asks_for_its_own_permission()
    {
        var without = new Dictionary<string, string>();
        foreach (var permission in AllPermissions)
            without[permission] = await KeyWith([.. AllPermissions.Where(other => other != permission)]);
        foreach (var operation in await Guarded())
        {
            AllPermissions.ShouldContain(operation.Permission, operation.ToString());
            IsProblem(await Send(operation, without[operation.Permission!]), 403, "identity.permission_missing", operation);
            (await Send(operation, FlowHost.ApiKey)).Code.ShouldNotBe("identity.permission_missing");
        }
    }

    [Fact]
    public async Task Repeated_parameter_is_refused_everywhere()
    {
        // The query of a callback is taken away before anybody reads it.
        foreach (var operation in (await Guarded()).Where(operation => !operation.Template.EndsWith("/callback", StringComparison.Ordinal)))
        {
            IsProblem(await Send(operation, FlowHost.ApiKey, "?user_id=a&user_id=b"), 400, "requests.parameter_repeated", operation);
            IsProblem(await Send(operation, FlowHost.ApiKey, "?user_id=a&USER_ID=a"), 400, "requests.parameter_repeated", operation);
        }
    }

    [Fact]
    public async Task Operation_about_one_user_must_name_the_user()
    {
        var flow = $"/api/v1/oauth/flows/{Guid.NewGuid()}";
        foreach (var path in new[] { "/oauth/sandbox/auth", "/oauth/sandbox/status", "/oauth/sandbox/accounts", "/oauth/sandbox/token", flow })
            IsProblem(await Send(HttpMethod.Get, path, FlowHost.ApiKey, null), 400, "identity.user_required", path);
        foreach (var path in new[] { "/api/v1/oauth/initiate", "/oauth/sandbox/callback", "/oauth/sandbox/refresh", "/oauth/sandbox/disconnect", flow + "/confirm" })
        {
            IsProblem(await Send(HttpMethod.Post, path, FlowHost.ApiKey, """{"provider":"sandbox"}"""), 400, "identity.user_required", path);
            IsProblem(await Send(HttpMethod.Post, path, FlowHost.ApiKey, """{"provider":"sandbox","user_id":null}"""), 400, "identity.user_required", path);
        }

        var reader = await KeyWith("oauth:read");
        IsProblem(await Send(HttpMethod.Get, "/api/v1/oauth/integrations", reader, null), 400, "identity.user_required", "a list over all users is for administrators");
    }

    [Fact]
    public async Task User_that_cannot_be_one_is_refused_everywhere()
    {
        var id = await World.Connect(NewUser());
        foreach (var user in new[] { "", "~x", "~system", new string('u', 256), "a\0b", "a\nb", "a\u007f", " a", "a ", "\u0085" })
        {
            var query = "?user_id=" + Uri.EscapeDataString(user);
            var body = new JsonObject { ["provider"] = "sandbox", ["user_id"] = user, ["generation"] = 1 }.ToJsonString();
            foreach (var (method, path) in new[]
            {
                (HttpMethod.Get, "/oauth/sandbox/auth"), (HttpMethod.Get, "/oauth/sandbox/status"), (HttpMethod.Get, "/oauth/sandbox/accounts"), (HttpMethod.Get, "/oauth/sandbox/token"),
                (HttpMethod.Get, "/oauth/providers"), (HttpMethod.Get, "/api/v1/oauth/providers"), (HttpMethod.Get, "/api/v1/oauth/integrations"), (HttpMethod.Get, $"/api/v1/oauth/integrations/{id}"),
                (HttpMethod.Get, $"/api/v1/oauth/integrations/{id}/token"), (HttpMethod.Get, $"/api/v1/oauth/flows/{id}"), (HttpMethod.Delete, $"/api/v1/oauth/integrations/{id}"),
                (HttpMethod.Post, $"/api/v1/oauth/integrations/{id}/refresh"), (HttpMethod.Post, $"/api/v1/oauth/integrations/{id}/token/rejected"),
            })
                IsProblem(await Send(method, path + query, FlowHost.ApiKey, method == HttpMethod.Post ? body : null), 422, "identity.user_invalid", $"{method} {path}{query}");
            foreach (var path in new[] { "/api/v1/oauth/initiate", "/oauth/sandbox/callback", "/oauth/sandbox/refresh", "/oauth/sandbox/disconnect", $"/api/v1/oauth/flows/{id}/confirm" })
                IsProblem(await Send(HttpMethod.Post, path, FlowHost.ApiKey, body), 422, "identity.user_invalid", $"{path} {body}");
        }

        (await World.Host.Get($"/api/v1/oauth/integrations/{id}")).Status.ShouldBe(HttpStatusCode.OK, "nobody disconnected it");
        (await World.Host.Get("/oauth/sandbox/status?user_id=" + Uri.EscapeDataString(new string('ü', 255)))).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Body_that_is_no_json_object_is_refused_everywhere()
    {
        foreach (var operation in (await Guarded()).Where(operation => operation.HasBody))
        {
            var name = operation.Template.EndsWith("/rejected", StringComparison.Ordinal) ? "generation" : operation.Template.Contains("/admin/clients/", StringComparison.Ordinal) ? "client_id" : operation.Template.EndsWith("/providers/{provider}", StringComparison.Ordinal) ? "manifest" : operation.Template.EndsWith("/add", StringComparison.Ordinal) ? "confirmed" : operation.Template.Contains("/admin/", StringComparison.Ordinal) ? "name" : "user_id";
            foreach (var body in new[]
            {
                "{", "[]", "null", "1", "\"x\"", $"{{\"{name}\":}}", $"{{\"{name}\":\"1\",\"{name}\":\"1\"}}", $"{{\"{name}\":\"1\"}} x", $"{{'{name}':'1'}}", $"{{\"{name}\":\"1\",}}", $"{{\"{name}\":[\"1\"]}}",
                $"{{\"{name}\":\"\\ud800\"}}", new string('[', 5000), "{\"name\":{}}{", "\u0000", "<xml/>",
            }.Where(body => name != "confirmed" || !body.Contains("[\"1\"]", StringComparison.Ordinal)))
                IsProblem(await Send(operation.Method, operation.Path, FlowHost.ApiKey, body), 400, "requests.malformed", $"{operation} {body[..Math.Min(60, body.Length)]}");
            IsProblem(await Send(operation.Method, operation.Path, FlowHost.ApiKey, "{\"x\":\"" + new string('x', 70_000) + "\"}"), 400, "requests.malformed", operation);
            foreach (var type in new[] { "text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jsonp" })
                IsProblem(await Send(operation.Method, operation.Path, FlowHost.ApiKey, "{}", type), 415, "requests.malformed", $"{operation} {type}");
        }
    }

    [Fact]
    public async Task Control_characters_in_any_text_are_never_an_internal_error()
    {
        var (user, id) = (NewUser(), Guid.Empty);
        id = await World.Connect(user);
        foreach (var odd in new[] { "\0", "a\0b", "\u0001", "\ufffe", "\u202e", "a\r\nb", "'; DROP TABLE oauth_tokens; --", new string('x', 5000), "%", "{0}", "🙂" })
        {
            var text = Uri.EscapeDataString(odd);
            foreach (var path in new[]
            {
                $"/oauth/sandbox/token?user_id={user}&account_id={text}", $"/oauth/sandbox/token?user_id={user}&scopes={text}", $"/oauth/sandbox/token?user_id={user}&min_ttl={text}",
                $"/api/v1/oauth/integrations?user_id={user}&provider={text}", $"/api/v1/oauth/integrations?user_id={user}&cursor={text}", $"/api/v1/oauth/integrations?user_id={user}&limit={text}",
                $"/oauth/sandbox/auth?user_id={user}&scopes={text}", $"/oauth/sandbox/auth?user_id={user}&login_hint={text}", $"/oauth/sandbox/auth?user_id={user}&return_to={text}",
                $"/oauth/sandbox/auth?user_id={user}&opener_origin={text}", $"/oauth/sandbox/auth?user_id={user}&integration_id={text}", $"/oauth/sandbox/auth?user_id={user}&confirm={text}",
            })
                ((int)(await Send(HttpMethod.Get, path, FlowHost.ApiKey, null)).Status).ShouldBeLessThan(500, path);
            foreach (var (path, member) in new[]
            {
                ("/api/v1/oauth/initiate", "actor"), ("/api/v1/oauth/initiate", "login_hint"), ("/api/v1/oauth/initiate", "redirect_uri"), ("/api/v1/oauth/initiate", "return_to"), ("/api/v1/oauth/initiate", "opener_origin"),
                ("/oauth/sandbox/refresh", "account_id"), ("/oauth/sandbox/disconnect", "account_id"), ("/oauth/second/disconnect", "reason"), ("/oauth/sandbox/callback", "code"), ("/oauth/sandbox/callback", "state"),
                ("/oauth/sandbox/callback", "error"), ($"/api/v1/oauth/flows/{id}/confirm", "ticket"), ("/api/v1/oauth/admin/api-keys", "name"),
            })
            {
                var body = new JsonObject { ["provider"] = "sandbox", ["user_id"] = user, ["permissions"] = new JsonArray("oauth:read"), ["name"] = "x" };
                body[member] = odd;
                ((int)(await Send(HttpMethod.Post, path, FlowHost.ApiKey, body.ToJsonString())).Status).ShouldBeLessThan(500, $"{path} {member} {body} {LastError}");
            }

            var scopes = new JsonObject { ["provider"] = "sandbox", ["user_id"] = user, ["scopes"] = new JsonArray(odd) };
            ((int)(await Send(HttpMethod.Post, "/api/v1/oauth/initiate", FlowHost.ApiKey, scopes.ToJsonString())).Status).ShouldBeLessThan(500, scopes.ToJsonString());
            var gone = await World.Connect(NewUser());
            ((int)(await Send(HttpMethod.Delete, $"/api/v1/oauth/integrations/{gone}?reason={text}", FlowHost.ApiKey, null)).Status).ShouldBeLessThan(500, odd);
        }
    }

    [Fact]
    public async Task Foreign_id_answers_exactly_like_an_unknown_one()
    {
        var (mine, theirs) = (NewUser(), NewUser());
        var foreign = await World.Connect(theirs);
        foreach (var (method, path, body) in new (HttpMethod, string, string?)[]
        {
            (HttpMethod.Get, "/api/v1/oauth/integrations/{0}?user_id=", null), (HttpMethod.Get, "/api/v1/oauth/integrations/{0}/token?user_id=", null),
            (HttpMethod.Post, "/api/v1/oauth/integrations/{0}/refresh?user_id=", null), (HttpMethod.Post, "/api/v1/oauth/integrations/{0}/token/rejected?user_id=", """{"generation":1}"""),
            (HttpMethod.Delete, "/api/v1/oauth/integrations/{0}?user_id=", null),
        })
        {
            var answers = new List<string>();
            foreach (var id in new object[] { foreign, Guid.NewGuid(), "none", "0", "'" })
            {
                var reply = await Send(method, string.Format(System.Globalization.CultureInfo.InvariantCulture, path, id) + mine, FlowHost.ApiKey, body);
                IsProblem(reply, 404, "integrations.not_found", path);
                answers.Add(Bare(reply));
            }

            answers.Distinct().ShouldHaveSingleItem();
        }

        (await World.Host.Get($"/api/v1/oauth/integrations/{foreign}/token?user_id={theirs}")).Status.ShouldBe(HttpStatusCode.OK, "and nothing happened to it");
    }

    [Fact]
    public async Task Unknown_provider_is_said_everywhere()
    {
        // A manifest may be put under any key.
        foreach (var operation in (await Guarded()).Where(operation => operation.Template.Contains("{provider}", StringComparison.Ordinal) && (operation.Method != HttpMethod.Put || operation.Template.Contains("/clients/", StringComparison.Ordinal))))
        {
            foreach (var key in new[] { "unheard_of", "s", new string('p', 300), "sand%00box", "..", "%3Cscript%3E" })
            {
                var path = operation.Template.Replace("{provider}", key, StringComparison.Ordinal);
                var reply = await Send(operation.Method, $"{path}?user_id=user_1", FlowHost.ApiKey, operation.HasBody ? """{"user_id":"user_1"}""" : null);
                reply.Body.ShouldNotContain("<script>");
                // A path that the server cannot even read is refused before any route is found.
                if (key is "sand%00box" or "..")
                    ((int)reply.Status).ShouldBeInRange(400, 405);
                else
                    IsProblem(reply, 404, "providers.unknown", path);
            }
        }

        IsProblem(await Send(HttpMethod.Post, "/api/v1/oauth/initiate", FlowHost.ApiKey, """{"provider":"unheard_of","user_id":"user_1"}"""), 404, "providers.unknown", "");
        (await World.Host.Get("/oauth/SandBox/status?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK, "keys are folded");
    }

    [Fact]
    public async Task Address_that_is_not_served_is_a_problem_too()
    {
        IsProblem(await World.Host.Get("/api/v1/oauth/nothing"), 404, "requests.not_found", "");
        IsProblem(await World.Host.Delete("/oauth/providers"), 405, "requests.not_found", "");
    }

    [Fact]
    public async Task Json_is_snake_case_and_times_are_utc_with_milliseconds()
    {
        var user = NewUser();
        var id = await World.Connect(user);
        await World.Host.Post($"/api/v1/oauth/integrations/{id}/refresh");
        var times = 0;
        foreach (var path in new[]
        {
            $"/oauth/providers?user_id={user}", $"/oauth/sandbox/status?user_id={user}", $"/oauth/sandbox/accounts?user_id={user}", $"/oauth/sandbox/token?user_id={user}", $"/api/v1/oauth/integrations?user_id={user}",
            $"/api/v1/oauth/integrations/{id}", "/api/v1/oauth/admin/api-keys", "/health/live", "/oauth/health", $"/oauth/sandbox/auth?user_id={user}",
        })
        {
            var reply = await World.Host.Get(path);
            reply.Status.ShouldBe(HttpStatusCode.OK, path);
            reply.Header("Content-Type").ShouldBe("application/json; charset=utf-8");
            reply.Header("Cache-Control").ShouldBe("no-store");
            foreach (var (name, value) in Members(reply.Json))
            {
                SnakeCase().IsMatch(name).ShouldBeTrue($"{path}: {name}");
                if ((name.EndsWith("_at", StringComparison.Ordinal) || name == "last_checked") && value is not null)
                {
                    Time().IsMatch((string)value!).ShouldBeTrue($"{path}: {name} {value}");
                    times++;
                }
            }
        }

        times.ShouldBeGreaterThan(8);
    }

    [Fact]
    public async Task No_schema_but_the_token_read_has_a_member_for_a_token()
    {
        var schemas = (await World.Host.Get("/openapi/v1.json", key: null)).Json["components"]!["schemas"]!.AsObject();
        var holders = schemas.Where(schema => schema.Value!["properties"] is JsonObject members
            && members.Any(member => member.Key is "access_token" or "refresh_token" or "id_token" or "client_secret" or "code_verifier")).Select(schema => schema.Key);
        // A client secret goes in and never comes out.
        holders.ShouldBe(["AccessTokenAnswer", "PutClientRegistrationRequest"], ignoreOrder: true);
    }

    [Fact]
    public async Task List_is_paged_by_a_cursor()
    {
        var user = NewUser();
        var ids = new[] { await World.Connect(user), await World.Connect(user, "bob+auto"), await World.Connect(user, "carol+auto") };
        await World.Connect(NewUser());
        var seen = new List<Guid>();
        string? cursor = null;
        do
        {
            var page = (await World.Host.Get($"/api/v1/oauth/integrations?user_id={user}&limit=1{(cursor is null ? "" : "&cursor=" + cursor)}")).Json;
            page["integrations"]!.AsArray().Count.ShouldBe(1);
            seen.Add(Guid.Parse((string)page["integrations"]![0]!["id"]!));
            cursor = (string?)page["next_cursor"];
        }
        while (cursor is not null);
        seen.ShouldBe(ids, ignoreOrder: true);

        var exact = (await World.Host.Get($"/api/v1/oauth/integrations?user_id={user}&limit=3")).Json;
        exact["next_cursor"].ShouldBeNull();
        exact.AsObject().ContainsKey("next_cursor").ShouldBeTrue("null is said");
        foreach (var wrong in new[] { "limit=0", "limit=201", "limit=-1", "limit=x", "limit=1.5", "limit=", "cursor=x", "cursor=" + new string('A', 23), "cursor=!!!!!!!!!!!!!!!!!!!!!!", "active_only=yes" })
            IsProblem(await World.Host.Get($"/api/v1/oauth/integrations?user_id={user}&{wrong}"), 422, "requests.invalid", wrong);

        await World.Host.Delete($"/api/v1/oauth/integrations/{ids[0]}");
        (await World.Host.Get($"/api/v1/oauth/integrations?user_id={user}&active_only=true")).Json["integrations"]!.AsArray().Count.ShouldBe(2);
        (await World.Host.Get($"/api/v1/oauth/integrations?user_id={user}&provider=second")).Json["integrations"]!.AsArray().ShouldBeEmpty();
        var everybody = (await World.Host.Get("/api/v1/oauth/integrations?limit=200")).Json["integrations"]!.AsArray();
        everybody.Select(entry => (string)entry!["user_id"]!).Distinct().Count().ShouldBeGreaterThan(1);
        everybody.Select(entry => (string)entry!["id"]!).ShouldBeUnique();
    }

    [Fact]
    public async Task Api_key_is_shown_once_works_and_is_revoked()
    {
        var made = await World.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "back end", permissions = new[] { "oauth:read", "oauth:read" } });
        made.Status.ShouldBe(HttpStatusCode.OK, made.Body);
        var (key, id) = ((string)made.Json["key"]!, (string)made.Json["id"]!);
        key.ShouldStartWith("gk_dev_");
        key.Length.ShouldBe("gk_dev_".Length + 43);
        made.Json["permissions"]!.AsArray().Count.ShouldBe(1);
        (await World.Host.Get("/oauth/providers", key)).Status.ShouldBe(HttpStatusCode.OK);
        (await World.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "more", permissions = AllPermissions }, key)).Code.ShouldBe("identity.permission_missing");

        var list = await World.Host.Get("/api/v1/oauth/admin/api-keys");
        list.Body.ShouldNotContain(key);
        var entry = list.Json["api_keys"]!.AsArray().Single(item => (string)item!["id"]! == id)!;
        ((string)entry["prefix"]!).Length.ShouldBe(11);
        entry["revoked_at"].ShouldBeNull();

        var ended = await World.Host.Delete($"/api/v1/oauth/admin/api-keys/{id}");
        ended.Json["revoked_at"].ShouldNotBeNull();
        (await World.Host.Get("/oauth/providers", key)).Code.ShouldBe("identity.key_invalid");
        (await World.Host.Delete($"/api/v1/oauth/admin/api-keys/{id}")).Json["revoked_at"]!.ToString().ShouldBe(ended.Json["revoked_at"]!.ToString(), "twice is harmless");
        IsProblem(await World.Host.Delete($"/api/v1/oauth/admin/api-keys/{Guid.NewGuid()}"), 404, "identity.key_not_found", "");
        (await World.Sql("SELECT count(*) FROM oauth_audit_log WHERE action = 'api_key_revoked'")).ShouldNotBe(0L);
    }

    [Fact]
    public async Task Api_key_that_makes_no_sense_is_refused_with_every_fault()
    {
        var reply = await World.Host.Post("/api/v1/oauth/admin/api-keys", new { name = new string('n', 201), permissions = new[] { "oauth:everything", null }, expires_at = "2020-01-01T00:00:00Z" });
        IsProblem(reply, 422, "requests.invalid", "");
        reply.Json["errors"]!.AsArray().Count.ShouldBe(3);
        (await World.Host.Post("/api/v1/oauth/admin/api-keys")).Json["errors"]!.AsArray().Count.ShouldBe(2);
    }

    [Fact]
    public async Task Expired_key_is_refused()
    {
        var key = await KeyWith("oauth:read");
        await World.Sql("UPDATE api_keys SET expires_at = now() - interval '1 second'");
        (await World.Host.Get("/oauth/providers", key)).Code.ShouldBe("identity.key_invalid");
    }

    [Fact]
    public async Task Health_is_told_without_a_key_and_without_details()
    {
        foreach (var path in new[] { "/health/live", "/health/ready" })
        {
            var reply = await World.Host.Get(path, key: null);
            reply.Status.ShouldBe(HttpStatusCode.OK);
            ((string)reply.Json["status"]!).ShouldBe("healthy");
            reply.Json["components"]!.AsObject().ShouldBeEmpty();
        }

        var details = await World.Host.Get("/oauth/health", key: null);
        ((string)details.Json["components"]!["database"]!["status"]!).ShouldBe("healthy");

        // What a proxy on the same machine passes on is a stranger's.
        using var stranger = new FlowBrowser();
        foreach (var (name, value) in new[] { ("Host", "connect.example.com"), ("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1"), ("Via", "1.1 proxy") })
        {
            var request = new HttpRequestMessage(HttpMethod.Get, World.Host.ListensOn + "/oauth/health");
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
            (await stranger.Send(request)).Code.ShouldBe("identity.unauthenticated", name);
        }
    }

    private static void IsProblem(FlowReply reply, int status, string code, object? about)
    {
        ((int)reply.Status).ShouldBe(status, $"{about}: {reply.Body}");
        reply.Header("Content-Type").ShouldStartWith("application/problem+json");
        reply.Header("Cache-Control").ShouldBe("no-store");
        var json = reply.Json.AsObject();
        ((string)json["code"]!).ShouldBe(code, $"{about}");
        ((string)json["type"]!).ShouldEndWith("/docs/errors/" + code);
        ((int)json["status"]!).ShouldBe(status);
        ((string)json["title"]!).ShouldNotBeNullOrWhiteSpace();
        ((string)json["detail"]!).ShouldNotBeNullOrWhiteSpace();
        ((string)json["trace_id"]!).ShouldNotBeNullOrWhiteSpace();
        json["retryable"]!.GetValueKind().ShouldBeOneOf(System.Text.Json.JsonValueKind.True, System.Text.Json.JsonValueKind.False);
        reply.Body.ShouldNotContain("   at ");
        reply.Body.ShouldNotContain("Exception");
    }

    private static string Bare(FlowReply reply)
    {
        var headers = reply.HeaderText.Split('\n').Where(line => !line.StartsWith("Date:", StringComparison.Ordinal));
        return TraceId().Replace(reply.Body, "") + string.Join('\n', headers);
    }

    private static IEnumerable<(string Name, JsonNode? Value)> Members(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(member => Members(member.Value).Prepend((member.Key, member.Value))),
        JsonArray array => array.SelectMany(Members),
        _ => [],
    };

    [GeneratedRegex("\\{([a-z_A-Z]+)\\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex("permission ([a-z:_]+)\\.")]
    private static partial Regex Permission();

    [GeneratedRegex("\"trace_id\":\"[^\"]*\"")]
    private static partial Regex TraceId();

    [GeneratedRegex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
    private static partial Regex SnakeCase();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
    private static partial Regex Time();
}
