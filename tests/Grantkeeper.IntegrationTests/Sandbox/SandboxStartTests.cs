using System.Net;
using Grantkeeper.Sandbox;
using Grantkeeper.Sandbox.Grants;
using Grantkeeper.Sandbox.OAuth;

namespace Grantkeeper.IntegrationTests.Sandbox;

[Trait("category", "sandbox")]
public sealed class SandboxStartTests
{
    [Theory]
    [InlineData("http://0.0.0.0:21150")]
    [InlineData("http://*:21150")]
    [InlineData("http://192.0.2.1:21150")]
    [InlineData("http://sandbox.example:21150")]
    [InlineData("https://127.0.0.1:21150")]
    [InlineData("http://127.0.0.1:21150/base")]
    [InlineData("http://127.0.0.1:21150;http://[::]:21151")]
    [InlineData("nonsense")]
    [InlineData(";")]
    public void Other_addresses_are_refused(string urls)
    {
        Should.Throw<ArgumentException>(() => SandboxApp.Build([], new SandboxOptions { Urls = urls }));
        Should.Throw<ArgumentException>(() => SandboxApp.Build(["--urls", urls], new SandboxOptions()));
    }

    [Theory]
    [InlineData("http://127.0.0.1:8100")]
    [InlineData("http://localhost:8100;http://[::1]:8100")]
    public void Loopback_addresses_are_accepted(string urls) => LoopbackOnly.Faults(urls).ShouldBeEmpty();

    [Fact]
    public void Registrations_are_read()
    {
        var clients = ClientRegistrations.Parse("""
            [{"client_id":"a","client_secret":"s","redirect_uris":["https://app.example/cb"]},
             {"client_id":"b","redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"none","client_name":"B"}]
            """, out var faults);
        faults.ShouldBeEmpty();
        clients[0].TokenEndpointAuthMethod.ShouldBe("client_secret_basic");
        clients[0].DisplayName.ShouldBe("a");
        clients[1].DisplayName.ShouldBe("B");
        clients[0].ToString().ShouldBe("client a");
        ClientRegistrations.Parse(null, out _).ShouldBeEmpty();
    }

    [Fact]
    public void Every_fault_of_a_registration_is_told()
    {
        ClientRegistrations.Parse("""
            [{"client_id":"","redirect_uris":[]}, null,
             {"client_id":"a","redirect_uris":["https://x.example/#f"]},
             {"client_id":"a","client_secret":"s","redirect_uris":["javascript:alert(1)"],"token_endpoint_auth_method":"none"},
             {"client_id":"c","client_secret":"s","token_endpoint_auth_method":"magic"}]
            """, out var faults).ShouldBeEmpty();
        faults.Count.ShouldBe(9);
        ClientRegistrations.Parse("{", out faults).ShouldBeEmpty();
        faults.Single().ShouldContain("not a JSON array");
        Should.Throw<ArgumentException>(() => new ClientRegistrations([new("x", null, [])]));
    }

    [Fact]
    public void Secrets_stay_out_of_text()
    {
        var token = new AccessToken("sbx_at_secret", "g", [], default, default);
        var grant = new Grant("g", "c", "alice", [], default);
        token.ToString().ShouldNotContain("sbx_at_secret");
        new IssuedTokens(grant, token, "sbx_rt_secret", null).ToString().ShouldNotContain("sbx_");
    }

    [Theory]
    [InlineData("http://0.0.0.0:21151", "[]", "refuses to listen")]
    [InlineData("http://127.0.0.1:21151", "[{}]", "has no client_id")]
    public Task The_program_says_what_is_wrong_and_ends(string urls, string clients, string message) => Ends(urls, clients, message);

    [Fact]
    public async Task The_program_says_that_its_port_is_taken()
    {
        await using var host = await SandboxHost.Start();
        await Ends(host.Origin, "[]", "address already in use");
    }

    [Fact]
    public async Task Names_of_the_machine_lead_to_the_same_sandbox()
    {
        await using var host = await SandboxHost.Start();
        var request = new HttpRequestMessage(HttpMethod.Get, host.Origin + "/.well-known/openid-configuration");
        request.Headers.Host = "localhost";
        var reply = await host.Send(request);
        reply.Status.ShouldBe(HttpStatusCode.OK);
        ((string?)reply.Json["issuer"]).ShouldBe(host.Origin);
    }

    [Fact]
    public async Task Old_access_tokens_are_swept_away()
    {
        await using var host = await SandboxHost.Start();
        await host.Connect();
        var plan = new IssuePlan(TimeSpan.FromSeconds(1), Rotate: false);
        var tokens = await host.Connect();
        host.State.Clock.Advance(TimeSpan.FromHours(3));
        for (var count = 0; count < 1100; count++)
            host.State.Grants.Refresh((string)tokens["refresh_token"]!, "shop", null, plan).Issued.ShouldNotBeNull();
        host.State.Grants.FindAccess((string)tokens["access_token"]!).ShouldBeNull();
    }

    private static async Task Ends(string urls, string clients, string message)
    {
        var start = new System.Diagnostics.ProcessStartInfo("dotnet", [typeof(SandboxApp).Assembly.Location])
        {
            RedirectStandardError = true,
            Environment = { ["ASPNETCORE_URLS"] = urls, ["SANDBOX_CLIENTS"] = clients },
        };
        using var process = System.Diagnostics.Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(2);
        error.ShouldStartWith("sandbox: ");
        error.ShouldContain(message);
        error.ShouldNotContain("   at ");
    }
}
