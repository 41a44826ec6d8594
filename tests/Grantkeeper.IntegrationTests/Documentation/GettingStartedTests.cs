using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Documentation;

/// <summary>The commands of docs/getting-started.md, in their order, lead to a fresh token.</summary>
[Trait("category", "documentation")]
public sealed partial class GettingStartedTests
{
    private static string Guide => File.ReadAllText(Path.Combine(Checkout.Root, "docs", "getting-started.md"));

    [Fact]
    public async Task Commands_lead_from_a_user_to_a_fresh_token()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var posts = Post().Matches(Guide).Select(match => (Path: match.Groups["path"].Value, Body: JsonNode.Parse(match.Groups["body"].Value)!)).ToList();
        posts.Count.ShouldBe(2);

        posts[0].Body["provider"] = "sandbox";
        posts[0].Body["login_hint"] = "alice+auto";
        var started = await world.Host.Post(posts[0].Path, posts[0].Body);
        started.Status.ShouldBe(HttpStatusCode.OK, started.Body);
        using var browser = new FlowBrowser();
        var back = await browser.FollowUntil((string)started.Json["authorization_url"]!, $"{world.Host.Origin}/settings/accounts");
        var fragment = System.Web.HttpUtility.ParseQueryString(back.Fragment[1..]);

        posts[1].Body["ticket"] = fragment["gk_ticket"];
        var confirmed = await world.Host.Post(posts[1].Path.Replace("$FLOW", fragment["gk_flow"], StringComparison.Ordinal), posts[1].Body);
        ((bool)confirmed.Json["success"]!).ShouldBeTrue(confirmed.Body);

        var read = Read().Match(Guide).Groups["path"].Value.Replace("/google/", "/sandbox/", StringComparison.Ordinal);
        var token = await world.Host.Get(read);
        token.Status.ShouldBe(HttpStatusCode.OK, token.Body);
        ((string)token.Json["access_token"]!).ShouldNotBeEmpty();
        world.Sandbox.Grants.RevokeUser(world.Sandbox.Grants.All.Single().Subject);
        await world.Expire(Guid.Parse((string)confirmed.Json["integration_id"]!));
        var needed = await world.Host.Get(read);
        (needed.Status, needed.Code).ShouldBe((HttpStatusCode.Conflict, "tokens.reauthorization_required"));
        ((string)needed.Json["reconnect_url"]!).ShouldNotBeEmpty();
    }

    [GeneratedRegex("curl -s -X POST https://connect\\.example\\.com(?<path>\\S+) .*?-d '(?<body>[^']+)'", RegexOptions.Singleline)]
    private static partial Regex Post();

    [GeneratedRegex("\"https://connect\\.example\\.com(?<path>/oauth/google/token[^\"]+)\"")]
    private static partial Regex Read();
}
