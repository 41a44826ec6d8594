using System.Net;
using System.Text.Json.Nodes;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Trying a provider with its client and nobody's account, over real HTTP against every simulated platform.</summary>
[Trait("category", "providers")]
public sealed class ProviderProbeTests : IAsyncLifetime
{
    private FlowWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await FlowWorld.Start(HostKind.Server, platforms: true, asks: true);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Theory]
    [InlineData("sandbox"), InlineData("google"), InlineData("youtube"), InlineData("gsc"), InlineData("microsoft"), InlineData("notion"), InlineData("bing"), InlineData("wordpress")]
    [InlineData("wordpress_oauth21"), InlineData("wix")]
    public async Task Platform_that_is_set_up_right_shows_no_fault(string key)
    {
        var findings = await Try(_world.Host, key);
        findings.Where(finding => finding.Verdict is "fail" or "warn").Select(finding => $"{finding.Check}: {finding.What}").ShouldBeEmpty();
        // The client is proved: the provider tells a wrong secret from a made-up code.
        var exchange = findings.Single(finding => finding.Check == "exchange");
        exchange.ShouldSatisfyAllConditions(found => found.Verdict.ShouldBe("ok"), found => found.What.ShouldContain("ours is right"));
        (await _world.Sql("SELECT count(*) FROM oauth_integrations")).ShouldBe(0L);
    }

    [Theory]
    [InlineData("google", "GOOGLE_CLIENT_SECRET", "wrong", "exchange", "invalid_client")]
    [InlineData("google", "GOOGLE_CLIENT_ID", "somebody", "authorization", "refuses the request")]
    [InlineData("notion", "Grantkeeper:Providers:notion:token_request", "form", "exchange", "does not understand")]
    [InlineData("notion", "Grantkeeper:Providers:notion:client_authentication", "post", "exchange", "refuses our client")]
    [InlineData("microsoft", "Grantkeeper:Providers:microsoft:token_endpoint", "http://127.0.0.1:9/token", "endpoints", "does not answer")]
    [InlineData("sandbox", "SANDBOX_REDIRECT_URI", "{origin}/oauth/sandbox/elsewhere", "authorization", "refuses the request")]
    [InlineData("sandbox", "Grantkeeper:Providers:sandbox:token_endpoint", "{sandbox}/authorize", "exchange", "none of a token endpoint")]
    [InlineData("sandbox", "Grantkeeper:Providers:sandbox:pkce", "false", "metadata", "which the manifest leaves out")]
    [InlineData("google", "Grantkeeper:Providers:google:userinfo_endpoint", "{sandbox}/nowhere", "account", "404")]
    public async Task What_is_wrong_is_found(string key, string setting, string value, string check, string words)
    {
        var node = await _world.AddNode(new Dictionary<string, string?>
        {
            [setting] = value.Replace("{sandbox}", _world.SandboxOrigin, StringComparison.Ordinal).Replace("{origin}", _world.Host.Origin, StringComparison.Ordinal),
        });
        var found = (await Try(node, key)).Single(finding => finding.Check == check);
        found.Verdict.ShouldBeOneOf("fail", "warn");
        found.What.ShouldContain(words);
        found.Remedy.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public async Task What_is_not_configured_is_not_tried()
    {
        var node = await _world.AddNode(new Dictionary<string, string?> { ["GOOGLE_CLIENT_SECRET"] = null });
        var findings = await Try(node, "google");
        findings[0].ShouldSatisfyAllConditions(found => found.Check.ShouldBe("credentials"), found => found.Verdict.ShouldBe("fail"));
        findings[^1].ShouldSatisfyAllConditions(found => found.Check.ShouldBe("everything_else"), found => found.Verdict.ShouldBe("skipped"));
        (await node.Post("/api/v1/oauth/admin/providers/nobody/test", new { })).Code.ShouldBe("providers.unknown");
    }

    private static async Task<List<(string Check, string Verdict, string What, string? Remedy)>> Try(FlowHost node, string key)
    {
        var reply = await node.Post($"/api/v1/oauth/admin/providers/{key}/test", new { });
        reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
        reply.Body.ShouldNotContain(FlowWorld.ClientSecret);
        return [.. reply.Json["findings"]!.AsArray().Select(Read)];

        static (string, string, string, string?) Read(JsonNode? finding) => ((string)finding!["check"]!, (string)finding["verdict"]!, (string)finding["what"]!, (string?)finding["remedy"]);
    }
}
