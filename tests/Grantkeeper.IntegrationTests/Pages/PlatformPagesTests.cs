using Grantkeeper.Sandbox;
using Grantkeeper.Testing.Browser;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>A newcomer connects every simulated platform in a browser and looks at what each account opens.</summary>
[Trait("category", "pages")]
public sealed class PlatformPagesTests(ChromiumBrowser chromium) : IClassFixture<ChromiumBrowser>
{
    [Fact]
    public async Task All_platforms_are_connected_and_show_account_and_resources()
    {
        await using var world = await PagesWorld.Start(chromium, platforms: true);
        await world.SignIn();
        foreach (var key in PlatformSettings.Providers)
        {
            var name = PlatformSettings.NameOf(key);
            await world.Page.GetByRole(AriaRole.Button, new() { Name = $"Connect {name}", Exact = true }).ClickAsync();
            await world.Page.GetByText("A simulation of").WaitForAsync();
            if (key == "notion")
                await world.Session.Screenshot("pages-platform-consent");
            var alice = world.Page.GetByRole(AriaRole.Button, new() { Name = "Alice" });
            if (await alice.CountAsync() > 0)
                await alice.ClickAsync();
            if (key != "wix")
                await world.Page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
            await world.Heading("Accounts");
            (await world.Notice()).ShouldBe($"{name} is connected.");

            var id = await world.World.Sql($"SELECT id FROM oauth_integrations WHERE provider = '{key}'");
            var card = world.Page.Locator($"#integration-{id}");
            (await card.InnerTextAsync()).ShouldContain("Active");
            await card.GetByRole(AriaRole.Button, new() { Name = "Show what" }).ClickAsync();
            var answer = await world.Page.Locator($"#answer-{id}").InnerTextAsync();
            if (key is "google" or "microsoft")
                answer.ShouldContain("No call was made", customMessage: "calendars were not asked for");
            else
                answer.ShouldContain(key is "youtube" or "wix" or "wix_oauth_legacy" ? "This account opens one thing." : "This account opens 5 things.");
            if (key == "bing")
                await world.Session.Screenshot("pages-platform-resources");
        }

        (await world.World.Sql("SELECT count(*) FROM oauth_integrations WHERE status = 'active'")).ShouldBe((long)PlatformSettings.Providers.Count);
        await world.Session.Screenshot("pages-platforms");
        await world.Page.GotoAsync($"{world.Origin}/providers");
        await world.Session.Screenshot("pages-platforms-providers");
    }
}
