using System.Net;
using System.Text;
using Grantkeeper.IntegrationTests.Cli;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Registry;
using Grantkeeper.Sandbox;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Documentation;

/// <summary>docs/adding-a-provider.md, step by step as it stands there (R327 to R331); only the two addresses are those of this run.</summary>
[Trait("category", "documentation")]
public sealed class AddingProviderTests : IAsyncLifetime
{
    private const string Server = "http://localhost:8000", Provider = "http://127.0.0.1:8100";

    private readonly string _folder = Directory.CreateTempSubdirectory("adding").FullName;
    private readonly Dictionary<string, string> _exported = new() { ["GRANTKEEPER_API_KEY"] = FlowHost.ApiKey };
    private readonly List<string> _done = [];
    private readonly int _port = FreePort.Next();
    private readonly int _providerPort = FreePort.Next();
    private WebApplication? _sandbox;
    private FlowHost? _host;

    private string Page { get; } = File.ReadAllText(Path.Combine(Checkout.Root, "docs", "adding-a-provider.md"));

    private string ThisRuns(string text) => text.Replace(Server, $"http://localhost:{_port}", StringComparison.Ordinal).Replace(Provider, $"http://127.0.0.1:{_providerPort}", StringComparison.Ordinal);

    [Fact]
    public async Task A_file_alone()
    {
        foreach (var (language, text) in ShellSteps.Blocks(ThisRuns(Page)))
        {
            if (language == "yaml")
            {
                Directory.CreateDirectory(Path.Combine(_folder, "providers.d"));
                await File.WriteAllTextAsync(Path.Combine(_folder, "providers.d", "new_platform.yaml"), text, TestContext.Current.CancellationToken);
            }
            else if (language == "sh")
            {
                foreach (var step in ShellSteps.Read(text, _exported))
                    await Do(step, _ => { });
            }
            else
                language.ShouldBe("csharp", "every other block has to be run");
        }

        _done.ShouldBe([
            "lint", "sandbox", "export GRANTKEEPER_PROVIDERS_PATH", "export NEW_PLATFORM_CLIENT_ID", "export NEW_PLATFORM_CLIENT_SECRET", "export NEW_PLATFORM_REDIRECT_URI",
            "serve", "providers", "auth", "status", "accounts", "refresh", "disconnect"]);
    }

    [Fact]
    public async Task A_class()
    {
        // Its manifest names the page's address; this run's is told by configuration, as the page says.
        foreach (var endpoint in new[] { "authorize", "token", "revoke", "userinfo" })
            _exported[$"Grantkeeper:Providers:new_platform:{endpoint switch { "authorize" => "authorization", "revoke" => "revocation", _ => endpoint }}_endpoint"] = $"http://127.0.0.1:{_providerPort}/{endpoint}";
        foreach (var step in ShellSteps.Blocks(ThisRuns(Page)).Where(block => block.Language == "sh").SelectMany(block => ShellSteps.Read(block.Text, _exported)))
        {
            if (step.Words.Contains("lint") || step.Words.Any(word => word.StartsWith("GRANTKEEPER_PROVIDERS_PATH=", StringComparison.Ordinal)))
                continue;
            await Do(step, services =>
            {
                #region snippet adding.register
                services.AddGrantkeeperProvider<NewPlatform>();
                #endregion
                services.AddGrantkeeperProvider<NewPlatform>();
            });
            if (_done[^1] == "accounts")
                (await Account("42")).ShouldStartWith("main/");
        }

        // What the class says of a connection that is made again.
        _sandbox.ShouldNotBeNull();
        var id = (await Connect("43")).ShouldNotBeNull();
        var again = await _host!.Get($"/oauth/new-platform/auth?user_id=43&integration_id={id}");
        QueryHelpers.ParseQuery(new Uri((string)again.Json["details"]!["provider_authorization_url"]!).Query)["prompt"].ToString().ShouldBe("consent");
        var lines = File.ReadLines(Path.Combine(Checkout.Root, "tests", "Grantkeeper.IntegrationTests", "Documentation", "NewPlatform.cs")).Count();
        lines.ShouldBeLessThan(100);
    }

    [Fact]
    public async Task Without_a_redirect_uri_and_a_public_url_a_start_says_so()
    {
        await Sandbox([]);
        // FRONTEND_URL alone is on another origin than the callback of this run may have.
        _exported["NEW_PLATFORM_CLIENT_ID"] = "my-client";
        _exported["NEW_PLATFORM_CLIENT_SECRET"] = "x";
        await Host(services => services.AddGrantkeeperProvider<NewPlatform>(), publicUrl: false);
        (await _host!.Get("/oauth/new-platform/auth?user_id=42")).Code.ShouldBe("redirect_uris.not_configured");
    }

    private async Task<string> Account(string userId)
    {
        var registry = _host!.Services.GetRequiredService<IIntegrationRegistry>();
        var cancellation = TestContext.Current.CancellationToken;

        #region snippet adding.use
        if (!registry.Get("new-platform").TryGet(out var platform, out var failure))
            throw new InvalidOperationException(failure.Message);
        var answer = await platform.ListAccounts(userId, cancellation);
        return answer.TryGet(out var list, out failure) ? list.Accounts[0].AccountId! : failure.Message;
        #endregion
    }

    /// <summary>Does what a command says.</summary>
    private async Task Do(ShellStep step, Action<IServiceCollection> services)
    {
        switch (step.Command)
        {
            case "export":
                var pair = step.Words[1].Split('=', 2);
                _exported[pair[0]] = pair[1];
                _done.Add($"export {pair[0]}");
                break;
            case "grantkeeper" when step.Words[1] == "providers":
                var run = await ToolRun.With([], [.. step.Words.Skip(1)], folder: _folder);
                run.Code.ShouldBe(0, run.Out + run.Error);
                _done.Add(step.Words[2]);
                break;
            case "grantkeeper":
                step.Words.ShouldBe(["grantkeeper", "serve"]);
                await Host(services);
                _done.Add("serve");
                break;
            case "dotnet":
                step.Words.ShouldBe(["dotnet", "run", "--project", "src/Grantkeeper.Sandbox"]);
                await Sandbox(ClientRegistrations.Parse(step.Assigned["SANDBOX_CLIENTS"], out var faults));
                faults.ShouldBeEmpty();
                _done.Add("sandbox");
                break;
            case "curl":
                await Curl(step);
                break;
            default:
                throw new InvalidOperationException($"This test cannot do {step.Command}.");
        }
    }

    private async Task Curl(ShellStep step)
    {
        var address = new Uri(step.Words.Single(word => word.StartsWith("http", StringComparison.Ordinal)));
        using var request = new HttpRequestMessage(step.ValuesOf("-d").Any() ? HttpMethod.Post : HttpMethod.Get, address);
        foreach (var header in step.ValuesOf("-H").Select(header => header.Split(": ", 2)).Where(header => header[0] != "Content-Type"))
            request.Headers.TryAddWithoutValidation(header[0], header[1]);
        if (step.ValuesOf("-d").SingleOrDefault() is { } body)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var browser = new FlowBrowser();
        var reply = await browser.Send(request);
        reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
        var operation = address.Segments[^1];
        switch (operation)
        {
            case "providers":
                var listed = reply.Json["providers"]!.AsArray().Single(entry => (string)entry!["key"]! == "new_platform")!;
                ((bool)listed["configured"]!, (string)listed["display_name"]!).ShouldBe((true, "New Platform"), reply.Body);
                break;
            case "auth":
                await Open((string)reply.Json["auth_url"]!);
                break;
            case "status":
                ((bool)reply.Json["connected"]!).ShouldBeTrue(reply.Body);
                break;
            case "accounts":
                reply.Json["accounts"]!.AsArray().Count.ShouldBe(1, reply.Body);
                break;
            default:
                ((bool)reply.Json["success"]!).ShouldBeTrue(reply.Body);
                break;
        }

        _done.Add(operation);
    }

    /// <summary>What a person does with the link; the sandbox allows access by itself here.</summary>
    private async Task Open(string link)
    {
        using var browser = new FlowBrowser();
        var callback = await browser.FollowUntil(link, $"http://localhost:{_port}/oauth/new-platform/callback");
        (await browser.Open(callback)).Status.ShouldBe(HttpStatusCode.OK);
    }

    private async Task<string?> Connect(string user)
    {
        await Open((string)(await _host!.Get($"/oauth/new-platform/auth?user_id={user}&confirm=false")).Json["auth_url"]!);
        return (string?)(await _host.Get($"/oauth/new-platform/status?user_id={user}")).Json["details"]!["integration_id"];
    }

    private async Task Sandbox(IReadOnlyList<ClientRegistration> clients)
    {
        _sandbox = SandboxApp.Build([], new SandboxOptions { Urls = $"http://127.0.0.1:{_providerPort}", Clients = clients, AutoConsent = true });
        await _sandbox.StartAsync(TestContext.Current.CancellationToken);
    }

    private async Task Host(Action<IServiceCollection> services, bool publicUrl = true)
    {
        var settings = _exported.ToDictionary(pair => pair.Key, pair => (string?)pair.Value);
        if (settings.TryGetValue("GRANTKEEPER_PROVIDERS_PATH", out var path))
            settings["GRANTKEEPER_PROVIDERS_PATH"] = Path.Combine(_folder, path!);
        if (!publicUrl)
            settings["GRANTKEEPER_PUBLIC_URL"] = null;
        _host = await FlowHost.Start(HostKind.Server, (await (await TestCluster.Shared()).NewMigratedDatabase()).Url, settings, _port, services);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        if (_sandbox is not null)
            await _sandbox.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
