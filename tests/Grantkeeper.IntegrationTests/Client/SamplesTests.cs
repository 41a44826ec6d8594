using System.Net;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Sandbox;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;

namespace Grantkeeper.IntegrationTests.Client;

/// <summary>The samples as a reader starts them: processes of their own, against the sandbox.</summary>
[Trait("category", "documentation")]
public sealed class SamplesTests
{
    [Fact]
    public async Task Worker_reads_calendars_and_names_the_link_when_it_cannot()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        await world.Connect("user_1");
        var ended = await world.Connect("user_2", "bob+auto");
        await world.Sql($"UPDATE oauth_integrations SET status = 'error', reason = 'reauthorization_required', reason_detail = 'invalid_grant' WHERE id = '{ended}'");
        await using var worker = SampleProcess.Start("Worker", new Dictionary<string, string>
        {
            ["Grantkeeper__Url"] = world.Host.Origin, ["Grantkeeper__ApiKeyFile"] = "", ["Grantkeeper__ApiKey"] = FlowHost.ApiKey, ["Calendar__Url"] = world.SandboxOrigin, ["Grantkeeper__Timeout"] = "00:02:00",
            ["Digest__Users__0"] = "user_1", ["Digest__Users__1"] = "user_2",
        });
        await worker.Says("Events of user user_1: Stand-up, ");
        await worker.Says($"User user_2: tokens.reauthorization_required, link for the user: {world.Host.Origin}/connect/integrations/{ended}");
    }

    [Fact]
    public async Task Embedded_signs_a_user_in_connects_an_account_and_shows_its_events()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var origin = $"http://localhost:{FreePort.Next()}";
        await using var sandbox = SandboxApp.Build([], new SandboxOptions
        {
            Urls = "http://127.0.0.1:0", AutoConsent = true, Clients = [new ClientRegistration("embedded", "only-for-the-sandbox", [$"{origin}/oauth/sandbox/callback"])],
        });
        await sandbox.StartAsync(cancellation);
        await using var embedded = SampleProcess.Start("Embedded", new Dictionary<string, string>
        {
            ["Urls"] = origin, ["FRONTEND_URL"] = origin, ["GRANTKEEPER_PUBLIC_URL"] = origin,
            ["USER_DATA_DATABASE_URL"] = (await (await TestCluster.Shared()).NewMigratedDatabase()).Url, ["OAUTH_ENCRYPTION_KEY"] = TestCluster.Key.Reveal(),
            ["Calendar__Url"] = sandbox.Urls.First(), ["Grantkeeper__Providers__sandbox__issuer"] = sandbox.Urls.First(),
        });
        await embedded.Says("Application started");

        using var browser = new FlowBrowser();
        (await browser.Open($"{origin}/")).Body.ShouldContain("Sign in as user 42");
        await browser.Post($"{origin}/sign-in");
        var before = await browser.Open($"{origin}/events");
        before.Status.ShouldBe(HttpStatusCode.Conflict, before.Body);
        before.Code.ShouldBe("integrations.not_connected");
        ((string)before.Json["connect"]!).ShouldBe("/");
        var start = (await browser.Post($"{origin}/connect")).Location!;
        (await browser.FollowUntil(start.OriginalString, $"{origin}/#gk_flow=")).AbsolutePath.ShouldBe("/");
        (await browser.Open($"{origin}/")).Body.ShouldContain("<li>Alice");
        var events = await browser.Open($"{origin}/events");
        events.Body.ShouldContain("Stand-up", customMessage: events.Body);
    }
}
