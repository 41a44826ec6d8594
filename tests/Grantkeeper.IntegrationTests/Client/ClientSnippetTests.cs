using System.Net;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.IntegrationTests.Flows;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Grantkeeper.IntegrationTests.Client;

/// <summary>The snippets of docs/embedding.md that are no sample of their own, run against a real server.</summary>
[Trait("category", "documentation")]
public sealed class ClientSnippetTests
{
    [Fact]
    public async Task Client_connects_reads_lists_and_ends()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        await using var provider = Registered(world.Host.Origin, FlowHost.ApiKey);
        var client = provider.GetRequiredService<GrantkeeperClient>();
        (await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken)).Status.ShouldBe(HealthStatus.Healthy);

        var (flowId, link) = await Start(client, "user_1");
        using var browser = new FlowBrowser();
        var page = await browser.Open(await browser.FollowUntil(link, $"{world.Host.Origin}/oauth/sandbox/callback"));
        var ticket = (string)PopupPage.MessageOf(page)["ticket"]!;
        (await Finish(client, flowId, ticket, "user_1")).ShouldBe("Sandbox is connected.");
        (await Finish(client, flowId, ticket, "user_1")).ShouldContain("connect.");

        (await Token(client, "user_1")).ShouldStartWith("good until ");
        (await Token(client, "user_2")).ShouldBe("integrations.not_connected");
        (await Users(client)).ShouldBe(["user_1"]);
        await client.Disconnect("sandbox", "user_1", cancellation: TestContext.Current.CancellationToken);
        (await Token(client, "user_1")).ShouldBe("integrations.not_connected");
    }

    private static ServiceProvider Registered(string url, string key)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        #region snippet client.register
        services.AddGrantkeeperClient(url, key);
        services.AddHealthChecks().AddGrantkeeperClient();
        #endregion
        services.Configure<GrantkeeperClientOptions>(options => options.Timeout = AccountClient.Patience);
        return services.BuildServiceProvider();
    }

    private static async Task<(Guid FlowId, string Link)> Start(GrantkeeperClient client, string userId)
    {
        #region snippet client.connect
        // 1. Send the browser of your signed-in user to the link.
        var started = await client.Initiate(new InitiateRequest { Provider = "sandbox", UserId = userId, LoginHint = "alice+auto" });
        if (!started.TryGet(out var connection, out var problem))
            throw new InvalidOperationException(problem.Detail);
        var (flowId, link) = (connection.FlowId, connection.AuthorizationUrl);
        #endregion
        return (flowId, link);
    }

    private static async Task<string> Finish(GrantkeeperClient client, Guid flowId, string ticket, string signedInUser)
    {
        #region snippet client.confirm
        // 2. The browser comes back with flow and ticket. The user comes from your own session, never from the browser.
        var answer = await client.Confirm(flowId, ticket, signedInUser);
        return answer.TryGet(out var done, out var problem) ? done.Message : $"{problem.Code}: {problem.Detail}";
        #endregion
    }

    private static async Task<string> Token(GrantkeeperClient client, string userId)
    {
        #region snippet client.token
        var answer = await client.GetToken("sandbox", userId, new TokenRequirements { MinTtl = TimeSpan.FromMinutes(5) });
        if (answer.TryGet(out var token, out var problem))
            return $"good until {token.ExpiresAt:u}";
        // problem.ReconnectUrl is where the user can help, problem.RetryAfter when to ask again.
        return problem.Code;
        #endregion
    }

    private static async Task<List<string>> Users(GrantkeeperClient client)
    {
        #region snippet client.list
        var users = new List<string>();
        await foreach (var answer in client.AllIntegrations(new IntegrationFilter { Provider = "sandbox", ActiveOnly = true }))
        {
            if (!answer.TryGet(out var integration, out var problem))
                throw new InvalidOperationException(problem.Detail);
            users.Add(integration.UserId);
        }
        #endregion

        return users;
    }

    [Fact]
    public async Task Package_page_shows_what_works()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        await world.Connect("user_1", provider: "sandbox");
        var services = new ServiceCollection();
        services.AddLogging();
        Package(services, world.Host.Origin, FlowHost.ApiKey);
        services.Configure<GrantkeeperClientOptions>(options => options.Timeout = AccountClient.Patience);
        services.ConfigureHttpClientDefaults(http => http.ConfigureHttpClient(client => client.BaseAddress ??= new Uri(world.SandboxOrigin)));
        await using var provider = services.BuildServiceProvider();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/calendar/events").ForUser("user_1");
        using var reply = await provider.GetRequiredService<Calendar>().Http.SendAsync(request, TestContext.Current.CancellationToken);
        reply.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    private static void Package(IServiceCollection services, string url, string key)
    {
        #region snippet client.package
        services.AddGrantkeeperClient(url, key);
        services.AddHttpClient<Calendar>().AddConnectedAccount("sandbox", "calendar.readonly");
        #endregion
    }

    private sealed class Calendar(HttpClient http)
    {
        public HttpClient Http => http;
    }

    [Fact]
    public async Task Applications_are_tested_with_a_source_of_their_own()
    {
        await using var api = await ApiStand.Start();
        var services = new ServiceCollection();
        services.AddSingleton<IAccessTokenSource, TestTokens>();
        services.AddHttpClient("api", http => http.BaseAddress = new Uri(api.Origin)).AddConnectedAccount("google", "calendar.readonly");
        await using var provider = services.BuildServiceProvider();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/events");
        using var reply = await provider.GetRequiredService<IHttpClientFactory>().CreateClient("api").SendAsync(request.ForUser("42"), TestContext.Current.CancellationToken);
        reply.StatusCode.ShouldBe(HttpStatusCode.OK);
        api.Calls.Single().Token.ShouldBe("token-of-42");
    }

    #region snippet client.test-source
    /// <summary>In a test of your application: tokens without Grantkeeper.</summary>
    private sealed class TestTokens : IAccessTokenSource
    {
        public Task<Answer<AccessTokenAnswer>> Get(AccountTokenRequest request, CancellationToken cancellation) => Task.FromResult<Answer<AccessTokenAnswer>>(new AccessTokenAnswer
        {
            AccessToken = $"token-of-{request.UserId}", TokenType = "Bearer", ExpiresAt = null, Scopes = request.Scopes, IntegrationId = Guid.Empty, Generation = 1, CacheSeconds = 0, Warning = null,
        });

        public Task<Answer<TokenRejectedAnswer>> Reject(AccountTokenRequest request, AccessTokenAnswer token, string? claims, CancellationToken cancellation) =>
            Task.FromResult<Answer<TokenRejectedAnswer>>(new TokenRejectedAnswer(false));
    }
    #endregion
}
