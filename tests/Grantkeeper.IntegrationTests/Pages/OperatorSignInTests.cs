using System.Net;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.IntegrationTests.Identity;
using Grantkeeper.Testing.Browser;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>Operators sign in at the product's identity provider, here the certified <c>oidc-provider</c>.</summary>
[Trait("category", "security")]
public sealed class OperatorSignInTests(ChromiumBrowser chromium)
{
    private sealed record Stand(FlowHost Host, OidcProviderPeer Peer, TestDatabase Database) : IAsyncDisposable
    {
        public string Callback => $"{Host.Origin}/sign-in/callback";

        public static async Task<Stand> Start(bool interactive = false, string? secondFactor = null)
        {
            var port = FreePort.Next();
            var peer = await OidcProviderPeer.Start(new OidcProviderOptions { Interactive = interactive, RedirectUris = [$"http://localhost:{port}/sign-in/callback"] });
            var database = await (await TestCluster.Shared()).NewMigratedDatabase();
            var host = await FlowHost.Start(HostKind.Server, database.Url, new Dictionary<string, string?>
            {
                ["GRANTKEEPER_JWT_ISSUER"] = peer.Issuer, ["GRANTKEEPER_OIDC_CLIENT_ID"] = "basic", ["GRANTKEEPER_OIDC_CLIENT_SECRET"] = "basic-secret",
                ["GRANTKEEPER_JWT_MFA_CLAIM"] = secondFactor,
            }, port);
            return new Stand(host, peer, database);
        }

        public Task<object?> Sql(string sql) => Database.Cluster.ExecuteAsSuperuser(Database, sql);

        /// <summary>Presses the button of the sign-in page.</summary>
        public async Task<FlowReply> Begin(FlowBrowser browser)
        {
            var page = await browser.Open($"{Host.Origin}/sign-in");
            return await browser.Post($"{Host.Origin}/sign-in/provider", ("to", ""), ("__RequestVerificationToken", MadeSession.FormToken(page)));
        }

        /// <summary>Goes as far as the callback's address, unopened, as a person there.</summary>
        public async Task<Uri> Return(FlowBrowser browser, string person)
        {
            var begun = await Begin(browser);
            begun.Status.ShouldBe(HttpStatusCode.SeeOther, begun.Body);
            return await browser.FollowUntil($"{begun.Location!.AbsoluteUri}&login_hint={person}", Callback);
        }

        public async Task<HttpStatusCode> Accounts(FlowBrowser browser) => (await browser.Open($"{Host.Origin}/accounts")).Status;

        public async ValueTask DisposeAsync()
        {
            await Host.DisposeAsync();
            await Peer.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_administrator_signs_in_at_the_identity_provider_and_lands_where_they_wanted_to()
    {
        await using var stand = await Stand.Start(interactive: true);
        await using var session = await chromium.NewSession();
        var page = session.Page;
        page.SetDefaultTimeout(60_000);
        (await page.GotoAsync($"{stand.Host.Origin}/providers?stored=sandbox"))!.Status.ShouldBe(401);
        await page.GetByLabel("API key").WaitForAsync();
        await session.Screenshot("pages-sign-in-provider");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in at 127.0.0.1" }).ClickAsync();
        await page.FillAsync("input[name=login]", "admin-ann");
        await page.FillAsync("input[name=password]", "anything");
        await page.ClickAsync("button[type=submit]:has-text('Sign-in')");
        await page.ClickAsync("button[type=submit]:has-text('Continue')");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Providers", Level = 1 }).WaitForAsync();
        page.Url.ShouldBe($"{stand.Host.Origin}/providers?stored=sandbox");
        (await session.Context.CookiesAsync()).ShouldNotContain(cookie => cookie.Name == "gk-sign-in", "the attempt is over");
        (await stand.Sql("SELECT count(*) FROM oauth_audit_log WHERE action = 'sign_in' AND success AND code = 'provider' AND caller = 'user:admin-ann'")).ShouldBe(1L);

        await page.GotoAsync($"{stand.Host.Origin}/accounts");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Sign in", Level = 1 }).WaitForAsync();
        (await page.GotoAsync($"{stand.Host.Origin}/accounts"))!.Status.ShouldBe(401);
    }

    [Fact]
    public async Task A_user_without_the_role_sees_no_page()
    {
        await using var stand = await Stand.Start();
        using var browser = new FlowBrowser();
        var refused = await browser.Open(await stand.Return(browser, "bob"));
        refused.Status.ShouldBe(HttpStatusCode.Forbidden);
        refused.Body.ShouldContain("administrator");
        (await stand.Accounts(browser)).ShouldBe(HttpStatusCode.Unauthorized);
        (await stand.Sql("SELECT count(*) FROM oauth_audit_log WHERE action = 'sign_in' AND NOT success AND code = 'identity.permission_missing'")).ShouldBe(1L);
    }

    [Fact]
    public async Task An_operator_without_the_second_factor_that_is_asked_for_sees_no_page()
    {
        await using var stand = await Stand.Start(secondFactor: "amr");
        using var browser = new FlowBrowser();
        var refused = await browser.Open(await stand.Return(browser, "admin-ann"));
        (refused.Status, refused.Body.Contains("identity.mfa_required", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.Forbidden, true));
        (await stand.Accounts(browser)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task An_answer_is_good_once_in_the_browser_that_began_and_as_it_came()
    {
        await using var stand = await Stand.Start();
        using var victim = new FlowBrowser();
        using var mallory = new FlowBrowser();
        var stolen = await stand.Return(mallory, "admin-mallory");
        // Somebody else's answer signs nobody in, whether or not this browser is at it too.
        await Refused(victim, stolen);
        var own = await stand.Return(victim, "admin-ann");
        await Refused(victim, stolen);
        // That ended the attempt: its own answer comes too late.
        await Refused(victim, own);
        (await stand.Peer.Stats()).TokenRequests.ShouldBe(0, "no code was sent anywhere");

        var again = await stand.Return(victim, "admin-ann");
        await Refused(victim, new Uri(again.AbsoluteUri.Replace($"code={Parameter(again, "code")}", $"code={Parameter(stolen, "code")}", StringComparison.Ordinal)));
        again = await stand.Return(victim, "admin-ann");
        await Refused(victim, new Uri(again.AbsoluteUri.Replace("iss=http", "iss=https", StringComparison.Ordinal)));
        again = await stand.Return(victim, "admin-ann");
        await Refused(victim, new Uri(again.AbsoluteUri + "&state=twice"));
        await Refused(victim, new Uri(await Deny(stand, victim)));

        again = await stand.Return(victim, "admin-ann");
        (await victim.Open(again)).Status.ShouldBe(HttpStatusCode.SeeOther);
        (await stand.Accounts(victim)).ShouldBe(HttpStatusCode.OK);
        (await stand.Accounts(mallory)).ShouldBe(HttpStatusCode.Unauthorized);
        foreach (var secret in new[] { Parameter(again, "code"), Parameter(again, "state"), "basic-secret" })
            stand.Host.Logs.Text.ShouldNotContain(secret);

        async Task Refused(FlowBrowser browser, Uri answer)
        {
            var page = await browser.Open(answer);
            page.Status.ShouldBe(HttpStatusCode.Forbidden, page.Body);
            page.Body.ShouldContain("identity.sign_in_refused");
            (await stand.Accounts(browser)).ShouldBe(HttpStatusCode.Unauthorized);
        }
    }

    [Fact]
    public async Task A_forged_identity_token_signs_nobody_in()
    {
        await using var stand = await Stand.Start();
        await using var forger = await HostIssuer.Start();
        using var browser = new FlowBrowser();
        string Claims(string nonce) => HostIssuer.Claims("admin-ann", ("iss", stand.Peer.Issuer), ("aud", "basic"), ("roles", new[] { "administrator" }), ("nonce", nonce));
        foreach (var forge in new Func<string, string>[]
        {
            nonce => forger.Sign("""{"alg":"RS256","kid":"test-1"}""", Claims(nonce)),
            nonce => HostIssuer.Signed("""{"alg":"none"}""", Claims(nonce), _ => []),
            nonce => forger.Sign($$"""{"alg":"RS256","jku":"{{forger.JwksUri}}","kid":"first"}""", Claims(nonce)),
            _ => "",
        })
        {
            var begun = await stand.Begin(browser);
            var callback = await browser.FollowUntil($"{begun.Location!.AbsoluteUri}&login_hint=admin-ann", stand.Callback);
            var idToken = forge(Parameter(begun.Location, "nonce"));
            await stand.Peer.Fault(OidcProviderPeer.TokenPath, new PeerFault { Status = 200, Body = $$"""{"access_token":"a","token_type":"Bearer","id_token":"{{idToken}}"}""" });
            (await browser.Open(callback)).Status.ShouldBe(HttpStatusCode.Forbidden);
            (await stand.Accounts(browser)).ShouldBe(HttpStatusCode.Unauthorized);
        }

        forger.Fetches.ShouldBe(0);
    }

    [Fact]
    public async Task An_identity_token_of_another_sign_in_signs_nobody_in()
    {
        await using var stand = await Stand.Start();
        // The issuer's keys are ours, so that nothing but the nonce is wrong.
        await using var issuer = await HostIssuer.Start();
        await stand.Peer.Fault("/jwks", new PeerFault { Status = 200, Body = $$"""{"keys":[{{HostIssuer.Jwk(issuer.Rsa, "first")}}]}""", Count = 100 });
        using var browser = new FlowBrowser();
        var another = Parameter((await stand.Begin(browser)).Location!, "nonce");

        (await Finish(_ => another)).ShouldBe(HttpStatusCode.Forbidden);
        (await Finish(_ => null)).ShouldBe(HttpStatusCode.Forbidden);
        (await stand.Accounts(browser)).ShouldBe(HttpStatusCode.Unauthorized);
        (await Finish(nonce => nonce)).ShouldBe(HttpStatusCode.SeeOther);
        (await stand.Accounts(browser)).ShouldBe(HttpStatusCode.OK);

        async Task<HttpStatusCode> Finish(Func<string, string?> nonceOf)
        {
            var begun = await stand.Begin(browser);
            var callback = await browser.FollowUntil($"{begun.Location!.AbsoluteUri}&login_hint=admin-ann", stand.Callback);
            var idToken = issuer.Sign("""{"alg":"RS256","kid":"first"}""", HostIssuer.Claims(
                "admin-ann", ("iss", stand.Peer.Issuer), ("aud", "basic"), ("roles", new[] { "administrator" }), ("nonce", nonceOf(Parameter(begun.Location, "nonce")))));
            await stand.Peer.Fault(OidcProviderPeer.TokenPath, new PeerFault { Status = 200, Body = $$"""{"access_token":"a","token_type":"Bearer","id_token":"{{idToken}}"}""" });
            return (await browser.Open(callback)).Status;
        }
    }

    [Fact]
    public async Task A_provider_that_is_away_is_told_and_the_key_still_works()
    {
        await using var stand = await Stand.Start();
        using var browser = new FlowBrowser();
        await stand.Peer.Fault("/.well-known/openid-configuration", new PeerFault { Status = 503 });
        var refused = await stand.Begin(browser);
        (refused.Status, refused.Header("Retry-After").Length > 0).ShouldBe((HttpStatusCode.ServiceUnavailable, true));
        var page = await browser.Open($"{stand.Host.Origin}/sign-in");
        (await browser.Post($"{stand.Host.Origin}/sign-in", ("key", FlowHost.ApiKey), ("__RequestVerificationToken", MadeSession.FormToken(page)))).Status.ShouldBe(HttpStatusCode.SeeOther);
        (await stand.Accounts(browser)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Without_the_settings_it_is_neither_offered_nor_there()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        using var browser = new FlowBrowser();
        var page = await browser.Open($"{world.Host.Origin}/sign-in");
        page.Body.ShouldNotContain("/sign-in/provider");
        (await browser.Post($"{world.Host.Origin}/sign-in/provider", ("__RequestVerificationToken", MadeSession.FormToken(page)))).Status.ShouldBe(HttpStatusCode.NotFound);
        (await browser.Open($"{world.Host.Origin}/sign-in/callback?code=x&state=y")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    /// <summary>What the browser brings back when its person said no.</summary>
    private static async Task<string> Deny(Stand stand, FlowBrowser browser)
    {
        var begun = await stand.Begin(browser);
        return (await browser.FollowUntil($"{begun.Location!.AbsoluteUri}&login_hint=deny", stand.Callback)).AbsoluteUri;
    }

    private static string Parameter(Uri address, string name) => Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(address.Query)[name].ToString();
}
