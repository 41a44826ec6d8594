using System.Security.Cryptography;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Browser;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>Setting a provider up on its page, without a restart.</summary>
[Trait("category", "pages")]
public sealed class ProvidersPageTests(ChromiumBrowser chromium)
{
    /// <summary>A deployment whose environment says nothing about the sandbox's client.</summary>
    private static readonly Dictionary<string, string?> NoClient = new() { ["SANDBOX_CLIENT_ID"] = null, ["SANDBOX_CLIENT_SECRET"] = null };

    [Fact]
    public async Task Provider_is_set_up_connected_and_forgotten_without_a_restart()
    {
        await using var world = await PagesWorld.Start(chromium, more: NoClient);
        await world.SignIn();
        (await world.Page.ContentAsync()).ShouldContain("No provider is configured yet.");
        await world.Page.GetByRole(AriaRole.Link, new() { Name = "Set one up" }).ClickAsync();
        await world.Heading("Providers");
        var card = Card(world, "Sandbox");
        (await card.Locator("pre").InnerTextAsync()).ShouldBe($"{world.Origin}/oauth/sandbox/callback");
        (await card.GetByRole(AriaRole.Link, new() { Name = "console of Sandbox" }).GetAttributeAsync("href")).ShouldBe(world.World.SandboxOrigin + "/");
        (await Card(world, "Google").GetByRole(AriaRole.Link, new() { Name = "console of Google" }).GetAttributeAsync("href")).ShouldBe("https://console.cloud.google.com/auth/clients");

        await Store(card, "grantkeeper", FlowWorld.ClientSecret);
        (await world.Notice()).ShouldBe("The client of Sandbox is stored and in use. Other nodes follow within seconds.");
        (await card.InnerTextAsync()).ShouldContain("Configured");
        await world.Session.Screenshot("pages-providers-stored");
        (await world.Page.ContentAsync()).ShouldNotContain(FlowWorld.ClientSecret);
        ((string)(await world.World.Sql("SELECT sealed_secret FROM client_registrations"))!).ShouldStartWith("gk1.");
        (await world.World.Sql("SELECT count(*) FROM oauth_audit_log WHERE action = 'client_changed' AND provider = 'sandbox' AND caller LIKE 'operator:%'")).ShouldBe(1L);

        await world.Page.GotoAsync($"{world.Origin}/accounts");
        await world.Connect();
        (await world.Run()).ShouldContain("answered 200");

        await world.Page.GotoAsync($"{world.Origin}/providers");
        await card.GetByText("Change client id and secret").ClickAsync();
        await card.GetByRole(AriaRole.Button, new() { Name = "Forget the client of Sandbox" }).ClickAsync();
        (await world.Notice()).ShouldBe("The client of Sandbox was forgotten.");
        (await card.InnerTextAsync()).ShouldContain("Not configured");
        (await world.World.Sql("SELECT count(*) FROM client_registrations")).ShouldBe(0L);
        world.World.Host.Logs.Text.ShouldNotContain(FlowWorld.ClientSecret);
    }

    [Fact]
    public async Task Environment_wins_and_is_not_edited_here()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        await world.Page.GotoAsync($"{world.Origin}/providers");
        var card = Card(world, "Sandbox");
        (await card.InnerTextAsync()).ShouldContain("Set by the environment");
        (await card.InnerTextAsync()).ShouldContain("grantkeeper");
        (await card.Locator("input[name=client_id]").CountAsync()).ShouldBe(0);
        await world.Session.Screenshot("pages-providers-environment");
    }

    [Fact]
    public async Task Provider_is_tried_and_a_bad_manifest_is_told()
    {
        var folder = Directory.CreateTempSubdirectory("providers");
        await using var world = await PagesWorld.Start(chromium, more: new Dictionary<string, string?> { ["GRANTKEEPER_PROVIDERS_PATH"] = folder.FullName });
        await world.SignIn();
        await world.Page.GotoAsync($"{world.Origin}/providers");
        await Card(world, "Sandbox").GetByRole(AriaRole.Button, new() { Name = "Check Sandbox" }).ClickAsync();
        var report = await Card(world, "Sandbox").GetByRole(AriaRole.Status).InnerTextAsync();
        report.ShouldContain("It works, as far as can be seen without an account.");
        report.ShouldContain("A wrong secret it refuses otherwise: ours is right.");
        await world.Session.Screenshot("pages-providers-check");

        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "acme.yaml"), "schema_version: 1\nkey: acme\n", TestContext.Current.CancellationToken);
        var alert = world.Page.GetByRole(AriaRole.Alert);
        await world.World.Host.Logs.Until("1403");
        await world.Page.GotoAsync($"{world.Origin}/providers");
        (await alert.InnerTextAsync()).ShouldContain("acme.yaml: display_name is required");
        await world.Session.Screenshot("pages-providers-bad-manifest");
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Likely_mistakes_are_named_and_nothing_is_stored()
    {
        await using var world = await PagesWorld.Start(chromium, more: NoClient);
        await world.SignIn();
        await world.Page.GotoAsync($"{world.Origin}/providers");
        var card = Card(world, "Google");
        await Store(card, "GOCSPX-abcdefghijklmnopqrstuvwxyz12", "1234567890-abcdefghijklmnop.apps.googleusercontent.com");
        var told = await card.GetByRole(AriaRole.Alert).InnerTextAsync();
        told.ShouldContain("client_id has the form of a client secret of Google: the two may be swapped");
        told.ShouldContain("copy the secret's value, not its id");
        await world.Session.Screenshot("pages-providers-swapped");
        (await world.Page.ContentAsync()).ShouldNotContain("GOCSPX-");
        await Store(card, "id ", "abc8Q~aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        (await card.GetByRole(AriaRole.Alert).InnerTextAsync()).ShouldContain("client_id begins or ends with a blank");
        await Store(card, "id", "abc8Q~aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        (await card.GetByRole(AriaRole.Alert).InnerTextAsync()).ShouldContain("a client secret of Microsoft, not of Google");
        (await card.GetByLabel("Client id").InputValueAsync()).ShouldBe("id");
        (await card.GetByLabel("Client secret").InputValueAsync()).ShouldBe("");
        (await world.Page.ContentAsync()).ShouldNotContain("8Q~");
        (await world.World.Sql("SELECT count(*) FROM client_registrations")).ShouldBe(0L);
    }

    [Fact]
    public async Task Private_key_is_pasted_with_its_line_breaks()
    {
        using var rsa = RSA.Create(2048);
        await using var world = await PagesWorld.Start(chromium, more: new Dictionary<string, string?>(NoClient) { ["Grantkeeper:Providers:sandbox:client_authentication"] = "private_key_jwt" });
        await world.SignIn();
        await world.Page.GotoAsync($"{world.Origin}/providers");
        var card = Card(world, "Sandbox");
        async Task Paste(string key)
        {
            if (!await card.GetByLabel("Private key").IsVisibleAsync())
                await card.Locator("summary").ClickAsync();
            await card.GetByLabel("Client id").FillAsync("ours");
            await card.GetByLabel("Private key").FillAsync(key);
            await card.GetByRole(AriaRole.Button, new() { Name = "Store for Sandbox" }).ClickAsync();
        }

        await Paste(rsa.ExportSubjectPublicKeyInfoPem());
        (await card.GetByRole(AriaRole.Alert).InnerTextAsync()).ShouldContain("client_secret holds no private key");
        await Paste(rsa.ExportPkcs8PrivateKeyPem());
        (await world.Notice()).ShouldContain("is stored and in use");
        (await world.Page.ContentAsync()).ShouldNotContain(rsa.ExportPkcs8PrivateKeyPem().Split('\n')[1]);
        await world.Session.Screenshot("pages-providers-key");
    }

    [Fact]
    public async Task Redirect_uri_that_cannot_work_is_explained()
    {
        await using var world = await PagesWorld.Start(chromium, more: new Dictionary<string, string?>
        {
            ["GOOGLE_REDIRECT_URI"] = "http://app.example.com/oauth/google/callback", ["MICROSOFT_REDIRECT_URI"] = "https://elsewhere.example.com/oauth/microsoft/callback",
        });
        await world.SignIn();
        await world.Page.GotoAsync($"{world.Origin}/providers");
        (await Card(world, "Google").InnerTextAsync()).ShouldContain("it is not https");
        (await Card(world, "Microsoft").InnerTextAsync()).ShouldContain("is neither FRONTEND_URL");
        (await Card(world, "Google").Locator("pre").CountAsync()).ShouldBe(0);
        await world.Session.Screenshot("pages-providers-redirect-uri");
    }

    [Fact]
    public async Task Texts_of_strangers_are_text()
    {
        const string hostile = "\"><script>document.title='owned'</script>";
        await using var world = await PagesWorld.Start(chromium, more: new Dictionary<string, string?>(NoClient) { ["Grantkeeper:Providers:google:display_name"] = "<img src=x onerror=alert(1)>" });
        await world.SignIn();
        await world.Page.GotoAsync($"{world.Origin}/providers");
        var card = Card(world, "Sandbox");
        await Store(card, hostile, FlowWorld.ClientSecret);
        await world.Page.GetByRole(AriaRole.Status).WaitForAsync();
        await card.GetByText("Change client id and secret").ClickAsync();
        (await card.GetByLabel("Client id").InputValueAsync()).ShouldBe(hostile);
        (await world.Page.GotoAsync($"{world.Origin}/providers?stored={Uri.EscapeDataString(hostile)}&removed=x"))!.Status.ShouldBe(200);
        (await world.Page.TitleAsync()).ShouldBe("Providers · Grantkeeper");
        (await world.Page.Locator("main script, main img").CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Redirect_uri_is_copied_by_its_button()
    {
        await using var world = await PagesWorld.Start(chromium);
        await world.SignIn();
        await world.Session.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await world.Page.GotoAsync($"{world.Origin}/providers");
        var copy = Card(world, "Google").GetByRole(AriaRole.Button, new() { Name = "Copy" });
        await copy.ClickAsync();
        await Card(world, "Google").GetByRole(AriaRole.Button, new() { Name = "Copied" }).WaitForAsync();
        (await world.Page.EvaluateAsync<string>("navigator.clipboard.readText()")).ShouldBe($"{world.Origin}/oauth/google/callback");
    }

    [Fact]
    public async Task Everything_but_copying_works_without_script()
    {
        await using var world = await PagesWorld.Start(chromium, new() { JavaScriptEnabled = false }, NoClient);
        await world.SignIn();
        await world.Page.GotoAsync($"{world.Origin}/providers");
        await Store(Card(world, "Sandbox"), "grantkeeper", FlowWorld.ClientSecret);
        (await world.Notice()).ShouldContain("is stored and in use");
        (await world.Page.GetByRole(AriaRole.Button, new() { Name = "Copy" }).CountAsync()).ShouldBe(0);
        await world.Page.GotoAsync($"{world.Origin}/accounts");
        await world.Connect();
        (await world.Run()).ShouldContain("answered 200");
        (await world.Page.Locator("pre.csharp").IsVisibleAsync()).ShouldBeFalse();
        await world.Page.GetByText("C#", new() { Exact = true }).ClickAsync();
        (await world.Page.Locator("pre.csharp").InnerTextAsync()).ShouldContain("AddConnectedAccount(\"sandbox\", \"calendar.readonly\")");
        (await world.Page.Locator("pre.curl").IsVisibleAsync()).ShouldBeFalse();
        (await world.Break("Revoke at the provider")).ShouldContain("withdrawn everything");
    }

    private static ILocator Card(PagesWorld world, string name) => world.Page.GetByRole(AriaRole.Article, new() { Name = name, Exact = true });

    private static async Task Store(ILocator card, string id, string secret)
    {
        if (!await card.GetByLabel("Client id").IsVisibleAsync())
            await card.Locator("summary").ClickAsync();
        await card.GetByLabel("Client id").FillAsync(id);
        await card.GetByLabel("Client secret").FillAsync(secret);
        await card.GetByRole(AriaRole.Button, new() { Name = "Store for" }).ClickAsync();
    }
}
