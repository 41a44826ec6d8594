using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Grantkeeper.Sandbox;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.Platforms;
using Grantkeeper.Testing.Peers;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Sandbox;

/// <summary>What the sandbox's README promises: its snippet runs, and every switch, endpoint, mode and counter is there under its name.</summary>
[Trait("category", "sandbox")]
public sealed partial class SandboxReadmeTests
{
    /// <summary>A good body for each switch of the table.</summary>
    private static readonly Dictionary<string, string> Bodies = new()
    {
        ["GET /__sandbox/stats"] = "", ["GET /__sandbox/grants"] = "", ["GET /__sandbox/grants/{id}"] = "", ["GET /__sandbox/held?at_least=N"] = "",
        ["POST /__sandbox/held/release"] = """{"deliver":true}""", ["POST /__sandbox/faults"] = """{"endpoint":"token","mode":"status","status":500,"count":1}""",
        ["GET /__sandbox/faults"] = "", ["DELETE /__sandbox/faults"] = "", ["POST /__sandbox/expire-all"] = "{}", ["POST /__sandbox/revoke-user/{sub}"] = "{}",
        ["POST /__sandbox/clock"] = """{"advance_seconds":1}""", ["POST /__sandbox/settings"] = """{"access_token_seconds":60,"testing":true}""",
        ["GET /wix/__sandbox/webhook-key"] = "", ["POST /wix/__sandbox/uninstall/{sub}"] = "{}", ["POST /__sandbox/reset"] = "{}",
    };

    private static string Readme => File.ReadAllText(Path.Combine(Checkout.Root, "src", "Grantkeeper.Sandbox", "README.md"));

    [Fact]
    public async Task The_test_of_the_readme_runs()
    {
        var environment = new Dictionary<string, string>();

        #region snippet sandbox-own-test
        await using var sandbox = SandboxApp.Build([], new SandboxOptions
        {
            Urls = "http://127.0.0.1:0",
            AutoConsent = true,
            Clients = [new ClientRegistration("my-app", "my-secret", ["http://localhost:8000/oauth/google/callback"])],
        });
        await sandbox.StartAsync();
        foreach (var (name, value) in PlatformSettings.For(sandbox.Urls.First()))
            environment[name] = value;

        // What is to go wrong: Google carries the next refresh out, and its answer is lost.
        var google = sandbox.Services.GetRequiredService<PlatformStates>()["google"];
        google.Faults.Add(new Fault(FaultEndpoint.Refresh, FaultMode.LoseAnswer));

        await ConnectAndRefreshTwice(environment);

        google.Counters[Counter.FaultsServed].ShouldBe(1);
        google.Counters[Counter.Refreshes].ShouldBe(2);
        google.Grants.All.Single().IsLive.ShouldBeTrue();
        #endregion
    }

    /// <summary>The application of whoever reads the README: it is sent back with a code, and renews until it gets an answer.</summary>
    private static async Task ConnectAndRefreshTwice(Dictionary<string, string> environment)
    {
        using var http = new HttpMessageInvoker(new SocketsHttpHandler { AllowAutoRedirect = false });
        const string callback = "http://localhost:8000/oauth/google/callback";
        async Task<JsonElement> Token(params (string Name, string Value)[] form)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, environment["Grantkeeper__Providers__google__token_endpoint"])
            {
                Content = new FormUrlEncodedContent([.. form.Select(pair => KeyValuePair.Create(pair.Name, pair.Value)), new("client_id", "my-app"), new("client_secret", "my-secret")]),
            };
            using var answer = await http.SendAsync(request, CancellationToken.None);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        }

        var url = $"{environment["Grantkeeper__Providers__google__authorization_endpoint"]}?response_type=code&client_id=my-app&redirect_uri={Uri.EscapeDataString(callback)}&scope=openid&access_type=offline&prompt=consent";
        using var redirect = await http.SendAsync(new HttpRequestMessage(HttpMethod.Get, url), CancellationToken.None);
        var code = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(redirect.Headers.Location!.Query)["code"].ToString();
        var refresh = (await Token(("grant_type", "authorization_code"), ("code", code), ("redirect_uri", callback))).GetProperty("refresh_token").GetString()!;
        await Should.ThrowAsync<HttpRequestException>(() => Token(("grant_type", "refresh_token"), ("refresh_token", refresh)));
        (await Token(("grant_type", "refresh_token"), ("refresh_token", refresh))).TryGetProperty("access_token", out _).ShouldBeTrue();
    }

    [Fact]
    public async Task Every_switch_of_the_readme_is_there()
    {
        var named = Switch().Matches(Readme).SelectMany(row => row.Groups["methods"].Value.Split(", ").SelectMany(method =>
            row.Groups["paths"].Value.Split("`, `").Select((path, index) => $"{method.Trim('`', ' ')} {(index == 0 ? path : "/__sandbox" + path)}")));
        named.ShouldBe(Bodies.Keys, ignoreOrder: true);
        await using var host = await SandboxHost.Start();
        await host.Connect();
        var id = (string)(await host.Get("/__sandbox/grants")).Json["grants"]![0]!["id"]!;
        foreach (var (row, body) in Bodies)
        {
            var (method, path) = (row.Split(' ')[0], row.Split(' ')[1].Replace("{id}", id, StringComparison.Ordinal).Replace("{sub}", "alice", StringComparison.Ordinal).Replace("=N", "=0", StringComparison.Ordinal));
            var request = new HttpRequestMessage(new HttpMethod(method), host.Origin + path);
            if (body.Length > 0)
                request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
            var reply = await host.Send(request);
            reply.Status.ShouldBe(HttpStatusCode.OK, $"{row}: {reply.Body}");
        }
    }

    [Fact]
    public void Every_endpoint_mode_and_counter_is_in_the_readme()
    {
        var readme = Readme;
        string[] Words<T>() where T : struct, Enum => [.. Enum.GetNames<T>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];
        var endpoints = readme[readme.IndexOf("Endpoints: ", StringComparison.Ordinal)..readme.IndexOf("Modes that answer", StringComparison.Ordinal)];
        Quoted().Matches(endpoints).Select(match => match.Groups[1].Value).ShouldBe(Words<FaultEndpoint>(), ignoreOrder: true);
        var modes = readme[readme.IndexOf("Modes that answer", StringComparison.Ordinal)..readme.IndexOf("also works at", StringComparison.Ordinal)];
        Quoted().Matches(modes).Select(match => match.Groups[1].Value).Distinct().ShouldBe(Words<FaultMode>(), ignoreOrder: true);
        CounterRow().Matches(readme[readme.IndexOf("| counter |", StringComparison.Ordinal)..]).Select(match => match.Groups[1].Value).ShouldBe(Words<Counter>());
    }

    [Fact]
    public async Task Help_is_what_the_readme_shows()
    {
        var (code, output, _) = await Run("--help");
        code.ShouldBe(0);
        Readme.ShouldContain($"```\n{output.Trim().ReplaceLineEndings("\n")}\n```");
    }

    [Theory]
    [InlineData("does not know the option '--nonsense'", "--nonsense"), InlineData("needs a value after --urls", "--urls"), InlineData("is not a JSON array", "--clients", "{"), InlineData("between 1 and 86400", "--access-token-seconds", "0")]
    public async Task An_option_that_is_wrong_is_told(string fault, params string[] args)
    {
        var (code, _, error) = await Run(args);
        (code, error.Contains(fault, StringComparison.Ordinal)).ShouldBe((2, true), error);
    }

    [Fact]
    public async Task Options_win_over_the_environment()
    {
        var options = SandboxArguments.Read(
            ["--urls", "http://127.0.0.1:0", "--auto-consent", "--access-token-seconds", "5", "--clients", """[{"client_id":"a","client_secret":"s","redirect_uris":["http://127.0.0.1/cb"]}]"""],
            name => name == "ASPNETCORE_URLS" ? "http://127.0.0.1:8100" : "[]", out var faults)!;
        faults.ShouldBeEmpty();
        (options.Urls, options.AutoConsent, options.AccessTokenLifetime, options.Clients.Single().ClientId).ShouldBe(("http://127.0.0.1:0", true, TimeSpan.FromSeconds(5), "a"));
        await using var app = SandboxApp.Build([], options);
        await app.StartAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<(int Code, string Output, string Error)> Run(params string[] args)
    {
        var start = new System.Diagnostics.ProcessStartInfo("dotnet", [typeof(SandboxApp).Assembly.Location, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = System.Diagnostics.Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    [GeneratedRegex(@"^\| `(?<methods>(?:GET|POST|DELETE)(?:`, `(?:GET|POST|DELETE))*) (?<paths>/[^|]*?)` \|", RegexOptions.Multiline)]
    private static partial Regex Switch();

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^\| `([a-z_]+)` \|", RegexOptions.Multiline)]
    private static partial Regex CounterRow();
}
