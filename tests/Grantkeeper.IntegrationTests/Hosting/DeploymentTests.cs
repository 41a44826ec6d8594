using System.Net;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Storage;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;
using Grantkeeper.Tokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.IntegrationTests.Hosting;

/// <summary>Shapes of a deployment: two databases or one, a provider that the operator adds, the engine inside another application.</summary>
[Trait("category", "manager")]
public sealed class DeploymentTests
{
    [Fact]
    public async Task Two_databases_keep_grants_and_the_deployments_own_rows_apart()
    {
        var cluster = await TestCluster.Shared();
        var (userData, platform) = (await cluster.NewDatabase(), await cluster.NewDatabase());
        await using var world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?> { ["PLATFORM_DATABASE_URL"] = platform.Url }, userData);
        var made = await world.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "back end", permissions = new[] { "oauth:token:read" } });
        made.Status.ShouldBe(HttpStatusCode.OK, made.Body);
        var id = await world.Connect("user_1");
        await world.Expire(id);
        var read = await world.Host.Get("/oauth/sandbox/token?user_id=user_1", (string)made.Json["key"]!);
        read.Status.ShouldBe(HttpStatusCode.OK, read.Body);
        ((long)read.Json["generation"]!).ShouldBe(2);
        ((bool)(await world.Host.Post("/oauth/sandbox/disconnect", new { user_id = "user_1" })).Json["success"]!).ShouldBeTrue();

        (await cluster.ExecuteAsSuperuser(platform, "SELECT count(*) FROM api_keys")).ShouldBe(1L);
        foreach (var (table, home, other) in new[] { ("api_keys", platform, userData), ("sign_in_links", platform, userData), ("data_protection_keys", platform, userData), ("oauth_tokens", userData, platform), ("oauth_audit_log", userData, platform), ("data_keys", userData, platform) })
        {
            (await cluster.ExecuteAsSuperuser(home, $"SELECT to_regclass('{table}') IS NOT NULL")).ShouldBe(true, table);
            (await cluster.ExecuteAsSuperuser(other, $"SELECT to_regclass('{table}') IS NULL")).ShouldBe(true, table);
        }
    }

    [Fact]
    public async Task One_URL_is_one_pool_however_it_is_given()
    {
        var database = await (await TestCluster.Shared()).NewMigratedDatabase();
        foreach (var settings in new[]
        {
            new Dictionary<string, string?>(),
            new() { ["PLATFORM_DATABASE_URL"] = database.Url },
            new() { ["USER_DATA_DATABASE_URL"] = null, ["PLATFORM_DATABASE_URL"] = database.Url },
            new() { ["USER_DATA_DATABASE_URL"] = null, ["ConnectionStrings:grantkeeper"] = database.Url },
        })
        {
            await using var host = await FlowHost.Start(HostKind.Server, database.Url, settings);
            host.Services.GetRequiredService<PlatformDatabase>().Database.ShouldBeSameAs(host.Services.GetRequiredService<Database>());
            (await host.Get("/health/ready", key: null)).Status.ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task Provider_added_by_a_file_connects_without_a_rebuild()
    {
        var folder = Directory.CreateTempSubdirectory("gk-providers-").FullName;
        var port = FreePort.Next();
        var callback = $"http://localhost:{port}/oauth/new-platform/callback";
        await using var peer = await OidcProviderPeer.Start(new OidcProviderOptions { RedirectUris = [callback] }, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "new_platform.yaml"), $"""
            schema_version: 1
            key: new_platform
            extends: generic_oidc
            display_name: New Platform
            verification: documented
            issuer: {peer.Issuer}
            """, TestContext.Current.CancellationToken);
        var database = await (await TestCluster.Shared()).NewMigratedDatabase();
        await using var host = await FlowHost.Start(HostKind.Server, database.Url, new Dictionary<string, string?>
        {
            ["GRANTKEEPER_PROVIDERS_PATH"] = folder,
            ["NEW_PLATFORM_CLIENT_ID"] = "odd:id",
            ["NEW_PLATFORM_CLIENT_SECRET"] = OidcProviderPeer.OddSecret,
            ["NEW_PLATFORM_REDIRECT_URI"] = callback,
        }, port);

        var offered = (await host.Get("/oauth/providers?user_id=user_1")).Json["providers"]!.AsArray().Single(entry => (string)entry!["key"]! == "new_platform")!;
        ((bool)offered["configured"]!).ShouldBeTrue(offered.ToJsonString());
        var started = await host.Get("/oauth/new_platform/auth?user_id=user_1&confirm=false&login_hint=alice");
        using var browser = new FlowBrowser();
        var back = await browser.FollowUntil((string)started.Json["auth_url"]!, callback);
        (await browser.Open(back)).Status.ShouldBe(HttpStatusCode.OK);
        foreach (var spelling in new[] { "new_platform", "new-platform", "NEW_PLATFORM" })
            (await host.Get($"/oauth/{spelling}/token?user_id=user_1")).Status.ShouldBe(HttpStatusCode.OK, spelling);
        (await peer.Stats(TestContext.Current.CancellationToken)).TokenRequests.ShouldBe(1);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Bare_application_embeds_it_with_three_lines_and_reads_tokens_in_process()
    {
        var port = FreePort.Next();
        var origin = $"http://localhost:{port}";
        await using var peer = await OidcProviderPeer.Start(new OidcProviderOptions { RedirectUris = [$"{origin}/oauth/generic_oidc/callback"] }, TestContext.Current.CancellationToken);
        var database = await (await TestCluster.Shared()).NewDatabase();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(origin);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["DEPLOY_ENV"] = "development", ["FRONTEND_URL"] = origin, ["GRANTKEEPER_PUBLIC_URL"] = origin, ["GRANTKEEPER_API_KEY"] = FlowHost.ApiKey,
            ["USER_DATA_DATABASE_URL"] = database.Url, ["OAUTH_ENCRYPTION_KEY"] = TestCluster.Key.Reveal(),
            ["Grantkeeper:Providers:generic_oidc:issuer"] = peer.Issuer, ["GENERIC_OIDC_CLIENT_ID"] = "basic", ["GENERIC_OIDC_CLIENT_SECRET"] = "basic-secret",
        });

        builder.Services.AddGrantkeeper(builder.Configuration);
        await using var app = builder.Build();
        app.MapGrantkeeper();

        await app.StartAsync(TestContext.Current.CancellationToken);
        using var browser = new FlowBrowser();
        var request = new HttpRequestMessage(HttpMethod.Get, $"{origin}/oauth/generic_oidc/auth?user_id=user_1&confirm=false");
        request.Headers.Authorization = new("Bearer", FlowHost.ApiKey);
        var link = (string)(await browser.Send(request)).Json["auth_url"]!;
        (await browser.Open(await browser.FollowUntil(link, $"{origin}/oauth/generic_oidc/callback"))).Status.ShouldBe(HttpStatusCode.OK);

        var token = await app.Services.GetRequiredService<ITokens>().Get("generic_oidc", "user_1", cancellation: TestContext.Current.CancellationToken);
        token.IsSuccess.ShouldBeTrue();
        token.Value.AccessToken.IsEmpty.ShouldBeFalse();
        token.Value.Scopes.ShouldContain("openid");
        (await app.Services.GetRequiredService<ITokens>().Get("generic_oidc", "nobody", cancellation: TestContext.Current.CancellationToken)).Failure!.Code.Code.ShouldBe("integrations.not_connected");
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Log_of_a_start_holds_no_warning()
    {
        var data = Directory.CreateTempSubdirectory("gk-data-");
        await using (var world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?> { ["GRANTKEEPER_DATA_PATH"] = data.FullName }))
        {
            using var browser = new FlowBrowser();
            await browser.Open((string)(await world.Host.Post("/api/v1/oauth/admin/sign-in-links")).Json["url"]!);
            world.Host.Logs.Lines.Where(line => line.StartsWith("Warning ", StringComparison.Ordinal) || line.StartsWith("Error ", StringComparison.Ordinal)).ShouldBeEmpty();
        }

        data.Delete(recursive: true);
    }
}
