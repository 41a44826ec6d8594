using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Peers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Grantkeeper.IntegrationTests.Client;

/// <summary>Every operation through the typed client, against a real server.</summary>
[Trait("category", "services")]
public sealed partial class ClientOperationsTests
{
    /// <summary>What browsers and providers call, and the second name of an operation; everything else has a method of the client.</summary>
    private static readonly string[] NotForClients = ["GET /oauth/start/{handle}", "GET /oauth/{provider}/callback", "GET /api/v1/oauth/callback", "GET /oauth/providers", "POST /oauth/{provider}/events"];

    private static readonly Dictionary<string, string?> Features = new()
    {
        ["Grantkeeper:Features:calendar.read:display_name"] = "Calendar", ["Grantkeeper:Features:calendar.read:requires:provider"] = "sandbox", ["Grantkeeper:Features:calendar.read:requires:scopes:0"] = "calendar.readonly",
        ["Grantkeeper:Features:files:display_name"] = "Files", ["Grantkeeper:Features:files:requires:provider"] = "sandbox", ["Grantkeeper:Features:files:requires:any_of:0:0"] = "files.readonly",
    };

    [Fact]
    public async Task Every_operation_of_the_api_has_its_method_and_answers_as_its_example_says()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, Features, platforms: true);
        var called = new ConcurrentQueue<string>();
        var examples = new ExampleRecorder(await AllOperations());
        await using var services = Services(world.Host.Origin, FlowHost.ApiKey, called, examples);
        var client = services.GetRequiredService<GrantkeeperClient>();
        var cancellation = TestContext.Current.CancellationToken;

        // Connect, confirmed by the ticket that came back with the browser.
        (await client.GetProviders("user_1", cancellation)).Value.Providers.Single(provider => provider.Key == "sandbox").Connected.ShouldBe(false);
        var started = (await client.Initiate(new InitiateRequest { Provider = "sandbox", UserId = "user_1", LoginHint = "alice+auto" }, cancellation)).Value;
        using var browser = new FlowBrowser();
        var callback = await browser.FollowUntil(started.AuthorizationUrl, $"{world.Host.Origin}/oauth/sandbox/callback");
        var ticket = (string)PopupPage.MessageOf(await browser.Open(callback))["ticket"]!;
        (await client.GetFlow(started.FlowId, "user_1", cancellation)).Value.Status.ShouldBe("awaiting_confirmation");
        (await client.Confirm(started.FlowId, ticket, "user_1", cancellation)).Value.Connected.ShouldBeTrue();

        // Connect, with the callback handed in.
        var link = (await client.GetAuthorizationUrl("sandbox", "user_2", new AuthorizationUrlOptions { LoginHint = "bob+auto", Scopes = ["openid", "calendar.readonly"], Confirm = false }, cancellation)).Value;
        using var second = new FlowBrowser();
        var query = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery((await second.FollowUntil(link.AuthUrl, $"{world.Host.Origin}/oauth/sandbox/callback")).Query);
        var handed = await client.HandInCallback("sandbox", new CallbackRequest { Code = query["code"], State = query["state"], Iss = query["iss"], UserId = "user_2" }, cancellation);
        handed.Value.Success.ShouldBeTrue();

        // Connect, on the hosted page: its ticket comes back to the application.
        var session = (await client.CreateConnectSession(new ConnectSessionRequest { UserId = "user_3", Providers = ["sandbox"] }, cancellation)).Value;
        $"{session}".ShouldNotContain(session.Token);
        using var third = new FlowBrowser();
        var inSession = GrantkeeperClient.Create(new GrantkeeperClientOptions { Url = new Uri(world.Host.Origin), ApiKey = session.Token, Timeout = AccountClient.Patience });
        using (inSession)
        {
            var own = (await inSession.Initiate(new InitiateRequest { Provider = "sandbox", LoginHint = "carol+auto" }, cancellation)).Value;
            var returned = await third.Open(await third.FollowUntil(own.AuthorizationUrl, $"{world.Host.Origin}/oauth/sandbox/callback"));
            (await client.GetConnectSession(session.Id, "user_3", cancellation)).Value.Flows.ShouldHaveSingleItem().Status.ShouldBe("awaiting_confirmation");
            (await client.ConfirmConnectSession(session.Id, (string)PopupPage.MessageOf(returned)["ticket"]!, "user_3", cancellation)).Value.Connected.ShouldBeTrue();
            (await client.EndConnectSession(session.Id, cancellation: cancellation)).Value.Status.ShouldBe("ended");
            (await inSession.GetStatus("sandbox", "user_3", cancellation)).Problem!.Code.ShouldBe("identity.session_invalid");
        }

        // Look.
        (await client.GetStatus("sandbox", "user_1", cancellation)).Value.Connected.ShouldBeTrue();
        var account = (await client.GetAccounts("sandbox", "user_1", cancellation)).Value.Accounts.ShouldHaveSingleItem();
        (await client.GetIntegration(account.IntegrationId, "user_1", cancellation)).Value.Account.DisplayName.ShouldNotBeNull().ShouldContain("Alice");
        (await client.GetIntegration(account.IntegrationId, "user_2", cancellation)).Problem!.Code.ShouldBe("integrations.not_found");
        (await client.ListIntegrations(new IntegrationFilter { UserId = "user_1", Provider = "sandbox", ActiveOnly = true }, cancellation: cancellation)).Value.Integrations.ShouldHaveSingleItem();
        var everybody = new List<string>();
        await foreach (var entry in client.AllIntegrations(new IntegrationFilter { PageSize = 1 }, cancellation))
            everybody.Add(entry.Value.UserId);
        everybody.Order().ShouldBe(["user_1", "user_2", "user_3"]);

        // Tokens.
        var token = (await client.GetToken("sandbox", "user_1", new TokenRequirements { MinTtl = TimeSpan.FromSeconds(90.5), Scopes = ["calendar.readonly"], AccountId = account.AccountId }, cancellation)).Value;
        (token.CacheSeconds, token.Generation).ShouldBe((60, 1));
        token.ReconnectUrl.ShouldBe($"{world.Host.Origin}/connect/integrations/{account.IntegrationId}");
        (await client.GetToken(account.IntegrationId, "user_1", cancellation: cancellation)).Value.AccessToken.ShouldBe(token.AccessToken);
        (await client.ReportRejected(account.IntegrationId, token.Generation, "user_1", cancellation: cancellation)).Value.Accepted.ShouldBeTrue();
        (await client.Refresh("sandbox", "user_1", cancellation: cancellation)).Value.Success.ShouldBeTrue();
        (await client.Refresh(account.IntegrationId, "user_1", cancellation)).Value.Success.ShouldBeTrue();
        (await client.GetToken("sandbox", "user_1", cancellation: cancellation)).Value.Generation.ShouldBe(3);

        (await client.ListTokens(new TokenFilter { UserId = "user_1", Provider = "sandbox", ExpiringWithin = TimeSpan.FromHours(1.25), PageSize = 1 }, cancellation: cancellation)).Value.Tokens
            .ShouldHaveSingleItem().ShouldSatisfyAllConditions(entry => entry.IntegrationId.ShouldBe(account.IntegrationId), entry => entry.Generation.ShouldBe(3), entry => entry.Expired.ShouldBeFalse());
        (await client.ListTokens(new TokenFilter { UserId = "user_1", ExpiringWithin = TimeSpan.FromMinutes(5) }, cancellation: cancellation)).Value.Tokens.ShouldBeEmpty();
        var known = new List<string>();
        await foreach (var entry in client.AllTokens(new TokenFilter { PageSize = 1 }, cancellation))
            known.Add(entry.Value.UserId);
        known.Order().ShouldBe(["user_1", "user_2", "user_3"]);
        await foreach (var entry in client.AllTokens(new TokenFilter { PageSize = 1000 }, cancellation))
            entry.Problem!.Code.ShouldBe("requests.invalid");
        (await client.GetTokenStatistics("user_1", cancellation)).Value.ShouldSatisfyAllConditions(counts => counts.TotalTokens.ShouldBe(1), counts => counts.ProviderCounts["sandbox"].ShouldBe(1), counts => counts.ExpiringSoon["24h"].ShouldBe(1));
        var summary = (await client.GetStatusSummary("user_1", cancellation)).Value;
        (summary.Totals.Total, summary.Totals.Active, summary.Providers.Single().Provider, summary.Components["database"].Status).ShouldBe((1, 1, "sandbox", "healthy"));
        (await client.GetStatusSummary(cancellation: cancellation)).Value.Totals.Active.ShouldBe(3);

        // What may be asked for, what was granted, what it unlocks.
        (await client.ListScopes("sandbox", "user_1", cancellation)).Value.Scopes.Single(scope => scope.Scope == "calendar.readonly").Granted.ShouldBe(true);
        (await client.ListConsents("user_1", account.IntegrationId, pageSize: 1, cancellation: cancellation)).Value.Consents.ShouldHaveSingleItem().ScopesGranted.ShouldContain("calendar.readonly");
        (await client.ListFeatures("user_1", cancellation)).Value.Features.Select(feature => feature.State).ShouldBe(["active", "locked"]);
        (await client.GetFeature("files", "user_1", cancellation)).Value.Missing.ShouldBe(["files.readonly"]);
        var unlock = (await client.UnlockFeature("files", new UnlockRequest { UserId = "user_1" }, cancellation)).Value;
        (unlock.Missing.Single(), $"{unlock}".Contains(unlock.AuthorizationUrl, StringComparison.Ordinal)).ShouldBe(("files.readonly", false));
        (await client.UnlockFeature("calendar.read", new UnlockRequest { UserId = "user_1" }, cancellation)).Problem!.Code.ShouldBe("consents.feature_active");

        // Operate.
        (await client.GetLiveness(cancellation)).Value.Status.ShouldBe("healthy");
        (await client.GetReadiness(cancellation)).Value.Status.ShouldBe("healthy");
        (await client.GetHealth(cancellation)).Value.Components.Keys.ShouldContain("database");
        (await client.GetProviderHealth("sandbox", cancellation)).Value.CircuitBreakerState.ShouldBe("closed");
        (await client.ListResources("sandbox", "user_1", cancellation: cancellation)).Problem!.Code.ShouldBe("providers.resources_unsupported");
        (await client.RefreshExpired(new RefreshExpiredRequest("nobody", null, null), cancellation)).Value.HasMore.ShouldBeFalse();
        (await client.CleanUp(cancellation)).Value.Tokens.ShouldBe(0);
        var timeline = (await client.GetTimeline(account.IntegrationId, "user_1", pageSize: 2, cancellation: cancellation)).Value;
        (timeline.Verdict.Kind, timeline.Timeline.Count, timeline.Generation).ShouldBe(("healthy", 2, 3));
        (await client.GetTimeline(account.IntegrationId, "user_1", timeline.NextCursor, cancellation: cancellation)).Value.Timeline.ShouldNotBeEmpty();
        (await client.PutClientRegistration("github", new PutClientRegistrationRequest { ClientId = "Ov23liNc4Xb0mQ", ClientSecret = "a secret of its own" }, cancellation)).Value.HasSecret.ShouldBeTrue();
        (await client.GetClientRegistration("github", cancellation)).Value.ClientId.ShouldBe("Ov23liNc4Xb0mQ");
        (await client.RemoveClientRegistration("github", cancellation)).Value.ClientId.ShouldBeNull();
        var patch = new PatchIntegrationRequest { Label = System.Text.Json.JsonSerializer.SerializeToElement("Work"), IsActive = true };
        (await client.PatchIntegration(account.IntegrationId, patch, cancellation)).Value.Label.ShouldBe("Work");
        (await client.SyncIntegration(account.IntegrationId, "user_1", cancellation)).Value.Success.ShouldBeTrue();
        (await client.SyncIntegrations(new SyncRequest("user_1", null), cancellation)).Value.Failed.ShouldBe(0);
        (await client.ValidateOnboarding("user_1", cancellation)).Value.Error.ShouldBe("At least one platform must be connected");
        (await client.GetOnboardingSummary("user_1", cancellation)).Value.Platforms.ShouldHaveSingleItem().Provider.ShouldBe("sandbox");
        (await client.CompleteOnboarding(new CompleteOnboardingRequest("user_1", null), cancellation)).Problem!.Code.ShouldBe("onboarding.platform_required");
        var bulk = (await client.RefreshMany(new BulkRequest("user_1", "sandbox"), cancellation)).Value;
        (await client.GetBulkOperation(bulk.Id, cancellation)).Value.Action.ShouldBe("refresh");
        (await client.DisconnectMany(new BulkRequest("nobody", null), cancellation)).Value.Total.ShouldBe(0);
        (await client.CancelBulkOperation(bulk.Id, cancellation)).Value.Id.ShouldBe(bulk.Id);
        var manifest = "schema_version: 1\nkey: acme\ndisplay_name: Acme\nauthorization_endpoint: https://acme.example.com/a\ntoken_endpoint: https://acme.example.com/t\naccount: { source: none }\n";
        (await client.PutProviderDefinition("acme", new PutProviderRequest(manifest), cancellation)).Value.Manifest.ShouldBe(manifest);
        (await client.GetProviderDefinition("acme", cancellation)).Value.Origin.ShouldBe("stored");
        (await client.RemoveProviderDefinition("acme", cancellation)).Value.Provider.ShouldBe("acme");
        var draft = (await client.ListProviderDefinitions(cancellation)).Value.Providers.First(provider => provider.Verification == "draft").Provider;
        (await client.AddProvider(draft, new AddProviderRequest(["endpoints", "pkce", "refresh"]), cancellation)).Value.Offered.ShouldBeTrue();
        (await client.TestProvider("sandbox", cancellation)).Value.Findings.ShouldContain(finding => finding.Check == "exchange" && finding.Verdict == "ok");
        var key = (await client.CreateApiKey(new CreateApiKeyRequest("reader", ["oauth:read"], null), cancellation)).Value;
        $"{key}".ShouldNotContain(key.Key);
        (await client.ListApiKeys(cancellation)).Value.ApiKeys.ShouldContain(entry => entry.Id == key.Id);
        await using (var reader = Services(world.Host.Origin, key.Key, []))
        {
            (await reader.GetRequiredService<GrantkeeperClient>().GetStatus("sandbox", "user_1", cancellation)).IsSuccess.ShouldBeTrue();
            (await reader.GetRequiredService<GrantkeeperClient>().GetToken("sandbox", "user_1", cancellation: cancellation)).Problem!.Code.ShouldBe("identity.permission_missing");
        }

        (await client.RevokeApiKey(key.Id, cancellation)).Value.RevokedAt.ShouldNotBeNull();
        (await client.Diagnose("sandbox", cancellation)).Value.Findings.ShouldContain(finding => finding.Check == "redirect_uri" && finding.Verdict == "ok");
        (await client.ExplainToken("sandbox", "user_1", new TokenRequirements { MinTtl = TimeSpan.FromSeconds(30) }, cancellation)).Value.Findings.ShouldContain(finding => finding.Check == "token");
        (await client.ListAudit(new AuditQuery { UserId = "user_1", Action = "connect", Provider = "sandbox", Success = true, IntegrationId = account.IntegrationId, Caller = "nobody", Actor = "nobody" }, cancellation: cancellation)).Value.Audit.ShouldBeEmpty();
        var since = TimeProvider.System.GetUtcNow().AddHours(-1);
        var rows = new List<string>();
        await foreach (var row in client.AllAudit(new AuditQuery { UserId = "user_1", From = since, To = since.AddHours(2), PageSize = 1 }, cancellation))
            rows.Add(row.Value.Action);
        rows.ShouldContain("connect");
        await using (var csv = (await client.ExportAudit("csv", new AuditQuery { UserId = "user_1" }, cancellation)).Value)
            (await new StreamReader(csv).ReadToEndAsync(cancellation)).ShouldStartWith("id,at,action,");
        await using (var copy = (await client.ExportUser("user_2", cancellation)).Value)
            (await System.Text.Json.JsonSerializer.DeserializeAsync<UserExport>(copy, Http.WireJson.Options, cancellation))!.Integrations.ShouldNotBeEmpty();
        (await client.EraseUser("no/body", cancellation)).Value.ShouldBe(new ErasedUser("no/body", 0, new RevocationCounts(0, 0, 0, 0, 0), 0));
        (await client.ExportAudit("xml", cancellation: cancellation)).Problem!.Code.ShouldBe("requests.invalid");
        (await client.CreateSignInLink(cancellation)).Value.Url.ShouldStartWith($"{world.Host.Origin}/sign-in/");

        // A platform of the documents: what it opens, and the onboarding that it completes.
        await world.Connect("user_4", provider: "gsc");
        (await client.ListResources("gsc", "user_4", cancellation: cancellation)).Value.Resources.ShouldNotBeEmpty();
        (await client.CompleteOnboarding(new CompleteOnboardingRequest("user_4", null), cancellation)).IsSuccess.ShouldBeTrue();

        // End.
        (await client.Disconnect("sandbox", "user_1", reason: "test", cancellation: cancellation)).Value.ProviderRevocation.ShouldBe("confirmed");
        (await client.DeleteIntegration(handed.Value.IntegrationId!.Value, "user_2", "test", cancellation)).Value.Success.ShouldBeTrue();

        await OperationsWithoutMethod(called);
        await examples.Compare();
    }

    [Fact]
    public async Task Refusals_are_values_with_everything_the_server_said()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        using var client = GrantkeeperClient.Create(new GrantkeeperClientOptions { Url = new Uri(world.Host.Origin), ApiKey = FlowHost.ApiKey, Timeout = AccountClient.Patience });
        var cancellation = TestContext.Current.CancellationToken;

        var unknown = (await client.GetToken("sandbox", "user_1", cancellation: cancellation)).Problem!;
        (unknown.Code, unknown.Status, unknown.Retryable).ShouldBe(("integrations.not_connected", 404, false));
        unknown.TraceId.ShouldNotBeNullOrEmpty();
        unknown.Detail.ShouldNotBeNullOrEmpty();

        var invalid = (await client.Initiate(new InitiateRequest { UserId = "user_1", Scopes = ["a b"] }, cancellation)).Problem!;
        (invalid.Code, invalid.Status).ShouldBe(("requests.invalid", 422));
        invalid.Errors.Count.ShouldBe(2);

        // Text that an address would fold away or that ends a query is still one name.
        foreach (var name in new[] { "..", ".", "", "a/b", "sandbox/../x", "sandbox?user_id=evil", "sandbox#x", "ü ☃" })
            (await client.GetStatus(name, "user_1", cancellation)).Problem!.Code.ShouldBe("providers.unknown", name);
        (await client.GetStatus("sandbox", "", cancellation)).Problem!.Code.ShouldBe("identity.user_invalid");
        (await client.GetStatus("sandbox", "a&user_id=b", cancellation)).Value.UserId.ShouldBe("a&user_id=b");

        await world.Connect("user_1");
        world.Break(new Grantkeeper.Sandbox.Faults.Fault(Grantkeeper.Sandbox.Faults.FaultEndpoint.Refresh, Grantkeeper.Sandbox.Faults.FaultMode.RetryAfter, 429) { RetryAfter = "7" });
        var later = (await client.Refresh("sandbox", "user_1", cancellation: cancellation)).Problem!;
        (later.Code, later.Retryable).ShouldBe(("tokens.provider_unavailable", true));
        later.RetryAfter!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));

        world.Sandbox.Grants.RevokeUser(world.Sandbox.Grants.All.Single().Subject);
        await world.Sql("UPDATE oauth_tokens SET expires_at = now() - interval '1 second', next_refresh_at = now(), failure_count = 0");
        var ended = (await client.GetToken("sandbox", "user_1", cancellation: cancellation)).Problem!;
        (ended.Code, ended.Status, ended.Reason).ShouldBe(("tokens.reauthorization_required", 409, "invalid_grant"));
        ended.ReconnectUrl.ShouldStartWith($"{world.Host.Origin}/connect/integrations/");
        (await client.Initiate(new InitiateRequest { Provider = "sandbox", UserId = "user_1" }, cancellation)).Value.ToString().ShouldBe(typeof(InitiateAnswer).FullName);

        await foreach (var entry in client.AllIntegrations(new IntegrationFilter { PageSize = 1000 }, cancellation))
            entry.Problem!.Code.ShouldBe("requests.invalid");
    }

    [Fact]
    public async Task Trouble_on_the_way_is_a_value_with_a_code_of_the_client()
    {
        await using var stranger = await ApiStand.Start();
        GrantkeeperClient At(string url, TimeSpan? timeout = null) => GrantkeeperClient.Create(new GrantkeeperClientOptions { Url = new Uri(url), ApiKey = "x", Timeout = timeout ?? AccountClient.Patience });
        var cancellation = TestContext.Current.CancellationToken;

        using (var nobody = At($"http://127.0.0.1:{FreePort.Next()}"))
        {
            var problem = (await nobody.GetReadiness(cancellation)).Problem!;
            (problem.Code, problem.Status, problem.Retryable).ShouldBe((ClientErrors.Unreachable, 0, true));
            problem.Detail.ShouldContain("connection_error");
        }

        using (var client = At(stranger.Origin))
        {
            foreach (var (status, type, body) in new[] { (200, "text/html", "<html>"), (200, "application/json", "null"), (200, "application/json", "{"), (404, "text/html", ""), (502, "application/json", "{\"message\":\"bad gateway\"}"), (503, "application/json", "{}"), (302, "text/html", "") })
            {
                stranger.Answer = async (_, http) =>
                {
                    http.Response.StatusCode = status;
                    http.Response.ContentType = type;
                    http.Response.Headers.Location = "http://192.0.2.1/";
                    await http.Response.WriteAsync(body);
                };
                foreach (var problem in new[] { (await client.GetReadiness(cancellation)).Problem!, (await client.GetToken("google", "42", cancellation: cancellation)).Problem! })
                    (problem.Code, problem.Status, problem.Retryable).ShouldBe((ClientErrors.UnreadableAnswer, status, status >= 500), $"{status} {body}");
            }

            stranger.Answer = (_, http) =>
            {
                http.Abort();
                return Task.CompletedTask;
            };
            (await client.GetReadiness(cancellation)).Problem!.Code.ShouldBe(ClientErrors.Unreachable);
            using var given = new CancellationTokenSource();
            await given.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => client.GetReadiness(given.Token));
        }

        using var impatient = At(stranger.Origin, TimeSpan.FromSeconds(1));
        stranger.Answer = (_, http) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        (await impatient.GetReadiness(cancellation)).Problem!.Code.ShouldBe(ClientErrors.TimedOut);
    }

    [Fact]
    [Trait("category", "security")]
    public async Task Key_is_taken_from_its_file_again_when_it_is_refused()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var cancellation = TestContext.Current.CancellationToken;
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "gk_dev_not-yet-the-right-one\n", cancellation);
            using var client = GrantkeeperClient.Create(new GrantkeeperClientOptions { Url = new Uri(world.Host.Origin), ApiKeyFile = file, Timeout = AccountClient.Patience });
            (await client.GetProviders(cancellation: cancellation)).Problem!.Code.ShouldBe("identity.key_invalid");
            await File.WriteAllTextAsync(file, FlowHost.ApiKey + "\n", cancellation);
            (await client.CreateSignInLink(cancellation)).IsSuccess.ShouldBeTrue();
            (await client.GetProviders(cancellation: cancellation)).IsSuccess.ShouldBeTrue();
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Health_check_says_whether_grantkeeper_can_serve()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        await using var services = Services(world.Host.Origin, FlowHost.ApiKey, []);
        (await services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken)).Status.ShouldBe(HealthStatus.Healthy);
        await using var away = Services($"http://127.0.0.1:{FreePort.Next()}", "x", []);
        var report = await away.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
        report.Status.ShouldBe(HealthStatus.Degraded);
        report.Entries["grantkeeper"].Description.ShouldNotBeNull().ShouldContain("client.unreachable");
    }

    [Fact]
    public async Task Health_check_says_that_grantkeeper_answers_but_cannot_serve()
    {
        await using var stranger = await ApiStand.Start();
        stranger.Answer = async (_, http) =>
        {
            http.Response.StatusCode = 503;
            await http.Response.WriteAsJsonAsync(new { status = "unhealthy", components = new { } });
        };
        await using var services = Services(stranger.Origin, "x", []);
        var report = await services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
        report.Entries["grantkeeper"].Description.ShouldBe("Grantkeeper answers but is unhealthy.");
    }

    private static ServiceProvider Services(string url, string key, ConcurrentQueue<string> called, ExampleRecorder? examples = null)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddGrantkeeperClient(url, key).AddHttpMessageHandler(() => new Recorder(called, examples));
        services.Configure<GrantkeeperClientOptions>(options => options.Timeout = AccountClient.Patience);
        services.AddHealthChecks().AddGrantkeeperClient(failureStatus: HealthStatus.Degraded);
        return services.BuildServiceProvider();
    }

    private static async Task<List<string>> AllOperations()
    {
        var document = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Checkout.Root, "tests", "Grantkeeper.IntegrationTests", "openapi.approved.json"), TestContext.Current.CancellationToken))!;
        return [.. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => $"{operation.Key.ToUpperInvariant()} {path.Key}"))];
    }

    private static async Task OperationsWithoutMethod(IReadOnlyCollection<string> called)
    {
        var missing = (await AllOperations()).Where(operation => !NotForClients.Contains(operation) && !called.Any(call => Regex.IsMatch(call, $"^{Parameter().Replace(Regex.Escape(operation).Replace("}", "\\}", StringComparison.Ordinal), "[^/]+")}$")));
        missing.ShouldBeEmpty("give GrantkeeperClient a method for it and call it above, or name it as one that is not for clients");
    }

    [GeneratedRegex(@"\\\{[^}]+\}")]
    private static partial Regex Parameter();

    private sealed class Recorder(ConcurrentQueue<string> called, ExampleRecorder? examples) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            called.Enqueue($"{request.Method} {request.RequestUri!.AbsolutePath}");
            var sent = examples is not null && request.Content is { } content ? await content.ReadAsStringAsync(cancellationToken) : null;
            var response = await base.SendAsync(request, cancellationToken);
            if (examples is not null)
                await examples.Take(request, sent, response, cancellationToken);
            return response;
        }
    }
}
