using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Connect;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Sandbox;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.IntegrationTests.Client;

/// <summary>The lines of the README, run as they stand there; the sandbox plays Google.</summary>
[Trait("category", "routes")]
public sealed class EmbeddingTests
{
    private static WebApplication Build(WebApplicationBuilder builder)
    {
        #region snippet readme.embedding
        builder.Services.AddGrantkeeper(builder.Configuration);
        builder.Services.AddHttpClient<Calendar>().AddConnectedAccount("google", "calendar.readonly");

        var app = builder.Build();
        app.MapGrantkeeper();
        #endregion
        return app;
    }

    [Fact]
    public async Task Three_lines_connect_an_account_and_call_its_api()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var origin = $"http://localhost:{FreePort.Next()}";
        await using var sandbox = SandboxApp.Build([], new SandboxOptions { Urls = "http://127.0.0.1:0", Clients = [new ClientRegistration("app", "s3cret", [$"{origin}/oauth/google/callback"])] });
        await sandbox.StartAsync(cancellation);
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(origin);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["DEPLOY_ENV"] = "development", ["FRONTEND_URL"] = origin, ["GRANTKEEPER_PUBLIC_URL"] = origin, ["GRANTKEEPER_SANDBOX"] = "true",
            ["USER_DATA_DATABASE_URL"] = (await (await TestCluster.Shared()).NewMigratedDatabase()).Url, ["OAUTH_ENCRYPTION_KEY"] = TestCluster.Key.Reveal(),
            ["GRANTKEEPER_PROVIDERS_PATH"] = Path.Combine(AppContext.BaseDirectory, "Client", "Providers"),
            ["GOOGLE_CLIENT_ID"] = "app", ["GOOGLE_CLIENT_SECRET"] = "s3cret", ["Grantkeeper:Providers:google:issuer"] = sandbox.Urls.First(),
        });
        builder.Services.AddSingleton<IStartupFilter>(new SignsIn());
        builder.Services.ConfigureHttpClientDefaults(http => http.ConfigureHttpClient(client => client.BaseAddress = new Uri(sandbox.Urls.First())));
        await using var app = Build(builder);
        await app.StartAsync(cancellation);
        var calendar = app.Services.GetRequiredService<Calendar>();
        var connections = app.Services.GetRequiredService<IConnections>();

        (await Should.ThrowAsync<ConnectedAccountException>(() => calendar.Events("42"))).Code.ShouldBe("integrations.not_connected");

        // The browser comes back in the session of the user for whom the connection was started, so nothing has to be confirmed.
        var started = (await connections.Start(new InitiateRequest { Provider = "google", UserId = "42", LoginHint = "alice+auto", ReturnTo = "/" }, cancellation)).Value;
        using var browser = new FlowBrowser { SignedInAs = "42" };
        var callback = await browser.FollowUntil(started.AuthorizationUrl, $"{origin}/oauth/google/callback");
        (await browser.Open(callback)).Status.ShouldBe(HttpStatusCode.SeeOther);

        (await connections.Accounts("google", "42", cancellation)).Value.Accounts.ShouldHaveSingleItem().DisplayName.ShouldNotBeNull().ShouldContain("Alice");
        (await calendar.Events("42")).ShouldContain("Stand-up");
        (await connections.Disconnect("google", "42", reason: "test", cancellation: cancellation)).Value.ProviderRevocation.ShouldBe("confirmed");
        (await connections.Disconnect("google", "42", cancellation: cancellation)).Value.Success.ShouldBeTrue();
        (await connections.Accounts("google", "42", cancellation)).Value.Accounts.ShouldBeEmpty();
        await app.StopAsync(cancellation);
    }

    [Fact]
    public async Task Connections_are_refused_as_over_http()
    {
        await using var world = await FlowWorld.Start(HostKind.Embedded);
        var connections = world.Host.Services.GetRequiredService<IConnections>();
        var cancellation = TestContext.Current.CancellationToken;
        (await connections.Start(new InitiateRequest { Scopes = ["a b"], Actor = "", LoginHint = new string('x', 321), UserId = "1" }, cancellation)).Failure!.Items.Count.ShouldBe(4);
        (await connections.Start(new InitiateRequest { Provider = "sandbox" }, cancellation)).Failure!.Code.Code.ShouldBe("identity.user_required");
        (await connections.Start(new InitiateRequest { Provider = "none", UserId = "1" }, cancellation)).Failure!.Code.Code.ShouldBe("providers.unknown");
        (await connections.Accounts("none", "1", cancellation)).Failure!.Code.Code.ShouldBe("providers.unknown");
        (await connections.Accounts("sandbox", "~1", cancellation)).Failure!.Code.Code.ShouldBe("identity.user_invalid");
        (await connections.Disconnect("none", "1", cancellation: cancellation)).Failure!.Code.Code.ShouldBe("providers.unknown");
        (await connections.Disconnect("sandbox", "~1", cancellation: cancellation)).Failure!.Code.Code.ShouldBe("identity.user_invalid");
    }

    private sealed class Calendar(HttpClient http)
    {
        public async Task<IReadOnlyList<string>> Events(string userId)
        {
            using var response = await http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "api/calendar/events").ForUser(userId), TestContext.Current.CancellationToken);
            response.EnsureSuccessStatusCode();
            return [.. (await response.Content.ReadFromJsonAsync<EventList>(TestContext.Current.CancellationToken))!.Items.Select(entry => entry.Title)];
        }

        private sealed record EventList(IReadOnlyList<Event> Items);

        private sealed record Event(string Title);
    }

    /// <summary>The application's own sign-in.</summary>
    private sealed class SignsIn : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((http, rest) =>
            {
                if (http.Request.Headers[FlowHost.UserHeader].ToString() is { Length: > 0 } user)
                    http.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", user)], "host"));
                return rest();
            });
            next(app);
        };
    }
}
