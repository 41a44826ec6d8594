using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Browser;
using Grantkeeper.Testing.Peers;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>What docs/connect.md tells people to write works as it stands there.</summary>
[Trait("category", "pages")]
public sealed partial class ConnectGuideTests(ChromiumBrowser chromium)
{
    private const string Documented = "https://connect.example.com";

    private static string Guide => File.ReadAllText(Path.Combine(Checkout.Root, "docs", "connect.md"));

    [Fact]
    public async Task Script_of_the_guide_connects()
    {
        await using var site = await ProductSite.Start();
        site.Documented = Script().Match(Guide).Groups[1].Value.Replace(Documented, site.World.Host.Origin, StringComparison.Ordinal).Replace("'google'", "'sandbox'", StringComparison.Ordinal);
        await using var session = await chromium.NewSession();
        session.Context.SetDefaultTimeout(60_000);
        await session.Page.GotoAsync($"{site.Origin}/documented");
        await session.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        var popup = await session.Page.RunAndWaitForPopupAsync(() => session.Page.ClickAsync("#connect"));
        await popup.GetByRole(AriaRole.Button, new() { Name = "Alice" }).ClickAsync();
        await popup.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
        await session.Page.GetByText("connected", new() { Exact = true }).WaitForAsync();
        (await site.World.Sql($"SELECT count(*) FROM oauth_integrations WHERE user_id = '{site.User}' AND status = 'active'")).ShouldBe(1L);
    }

    [Fact]
    public async Task Commands_of_the_guide_are_answered()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var commands = Command().Matches(Guide).Select(match => (Path: match.Groups["path"].Value, Body: JsonNode.Parse(match.Groups["body"].Value)!)).ToList();
        commands.Count.ShouldBe(2);
        commands[0].Body["providers"] = new JsonArray("sandbox");
        var made = await world.Host.Post(commands[0].Path, commands[0].Body);
        ((string)made.Json["status"]!).ShouldBe("open", made.Body);
        foreach (var member in new[] { "id", "token", "connect_url", "expires_at", "status" })
            Guide.ShouldContain($"`{member}`");

        var session = new MadeSession(world, Guid.Parse((string)made.Json["id"]!), "42", (string)made.Json["token"]!, (string)made.Json["connect_url"]!);
        using var browser = new FlowBrowser();
        await session.Redeem(browser);
        var back = await session.Connect(browser, $"{world.Host.Origin}/settings/accounts");
        var fragment = System.Web.HttpUtility.ParseQueryString(back.Fragment[1..]);
        commands[1].Body["ticket"] = fragment["gk_ticket"];
        var confirmed = await world.Host.Post(commands[1].Path.Replace("$SESSION", fragment["gk_session"]!, StringComparison.Ordinal), commands[1].Body);
        ((bool)confirmed.Json["success"]!).ShouldBeTrue(confirmed.Body);
    }

    [Fact]
    public void Every_member_and_every_outcome_is_named()
    {
        foreach (var property in typeof(Grantkeeper.Client.Contracts.ConnectSessionRequest).GetProperties())
            Guide.ShouldContain($"| `{System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)}` |");
        var types = File.ReadAllText(Path.Combine(Checkout.Root, "src", "Grantkeeper.Browser", "grantkeeper.d.ts"));
        foreach (Match outcome in Status().Matches(types[..types.IndexOf("export type Change", StringComparison.Ordinal)]))
            Guide.ShouldContain($"`{outcome.Groups[1].Value}`");
    }

    [GeneratedRegex("```js\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Script();

    [GeneratedRegex("curl -s -X POST https://connect\\.example\\.com(?<path>\\S+) .*?-d '(?<body>[^']+)'", RegexOptions.Singleline)]
    private static partial Regex Command();

    [GeneratedRegex("'([a-z_]+)'")]
    private static partial Regex Status();
}
