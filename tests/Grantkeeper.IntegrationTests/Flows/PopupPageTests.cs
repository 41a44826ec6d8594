using System.Net;
using System.Text.RegularExpressions;
using Grantkeeper.Encryption;
using Grantkeeper.Sandbox.Faults;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>The page at the end of a flow: one message to one exact origin, protected headers, and nothing secret in it.</summary>
[Trait("category", "security")]
public sealed partial class PopupPageTests(PopupPageTests.World fixture) : IClassFixture<PopupPageTests.World>
{
    private const string Opener = "https://app.example";

    private FlowWorld Here => fixture.Flows;

    /// <summary>A server whose pop-ups another origin may open.</summary>
    public sealed class World : IAsyncLifetime
    {
        internal FlowWorld Flows { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Flows = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?>(FlowWorld.MoreProviders)
        {
            ["Grantkeeper:Connect:AllowedOrigins:0"] = Opener,
            ["Grantkeeper:Connect:AllowedOrigins:1"] = "https://other.example:8443",
        });

        public ValueTask DisposeAsync() => Flows.DisposeAsync();
    }

    private static string NewUser() => $"user_{Guid.NewGuid():N}";

    [Theory]
    [InlineData(null)]
    [InlineData(Opener)]
    [InlineData("https://other.example:8443")]
    public async Task Message_goes_to_one_exact_origin(string? opener)
    {
        foreach (var confirm in new[] { true, false })
        {
            var (browser, callback, _) = await Here.ReachCallback(NewUser(), confirm: confirm, more: opener is null ? null : new { opener_origin = opener });
            using var _b = browser;
            var page = await browser.Open(callback);
            PopupPage.TargetOf(page).ShouldBe(opener ?? Here.Host.Origin);
            Regex.Count(page.Body, "postMessage").ShouldBe(1);
            page.Body.ShouldNotContain("'*'");
            page.Body.ShouldNotContain("\"*\"");
        }
    }

    [Fact]
    public async Task Trusted_origin_is_the_one_of_the_callback_page()
    {
        var started = await Here.Host.Get($"/oauth/sandbox/auth?user_id={NewUser()}&opener_origin={Uri.EscapeDataString(Opener)}");
        started.Json["trusted_origins"]!.AsArray().Select(origin => (string)origin!).ShouldBe([Here.Host.Origin]);
    }

    [Fact]
    public async Task Nobody_is_told_anything_without_a_flow()
    {
        var (browser, callback, _) = await Here.ReachCallback(NewUser());
        using var _b = browser;
        using var stranger = new FlowBrowser();
        foreach (var page in new[]
        {
            await browser.Open(callback.With("state", RandomHandle.New().Reveal())),
            await stranger.Open(callback),
            await browser.Open(callback.Also("code", "again")),
            await browser.Open(callback.At("/oauth/unheard_of/callback")),
            await browser.Open($"{Here.Host.Origin}/oauth/start/{RandomHandle.New().Reveal()}"),
        })
        {
            ((int)page.Status).ShouldBeInRange(400, 404);
            PopupPage.TargetOf(page).ShouldBeNull();
            PopupPage.ResultOf(page)["message"].ShouldBeNull();
            IsProtected(page);
        }
    }

    [Fact]
    public async Task Every_page_is_protected_by_its_headers()
    {
        var (browser, callback, _) = await Here.ReachCallback(NewUser(), confirm: false);
        using var _b = browser;
        IsProtected(await browser.Open(callback));
        IsProtected(await browser.Open(callback));
        var (form, fields, _) = await Here.ReachForm(NewUser());
        using var _f = form;
        using var crossSite = new FlowBrowser();
        IsProtected(await crossSite.Post($"{Here.Host.Origin}/oauth/posting/callback", fields));
    }

    [Fact]
    public async Task Nonce_is_another_one_every_time()
    {
        using var browser = new FlowBrowser();
        var nonces = new HashSet<string>();
        for (var i = 0; i < 20; i++)
            nonces.Add(Nonce().Match((await browser.Open($"{Here.Host.Origin}/oauth/sandbox/callback?state=x")).Header("Content-Security-Policy")).Groups[1].Value);
        nonces.Count.ShouldBe(20);
    }

    [Theory]
    [InlineData(FaultMode.OkWithError, "connect.code_rejected")]
    [InlineData(FaultMode.Status, "connect.exchange_failed")]
    [InlineData(FaultMode.Html, "connect.exchange_unreadable")]
    [InlineData(FaultMode.BadSignature, "connect.id_token_invalid")]
    public async Task Success_is_said_only_after_a_real_exchange(FaultMode mode, string code)
    {
        var user = NewUser();
        var (browser, callback, flowId) = await Here.ReachCallback(user, confirm: false);
        using var _b = browser;
        Here.Break(new Fault(FaultEndpoint.Token, mode));
        var page = await browser.Open(callback);
        page.Status.ShouldNotBe(HttpStatusCode.OK);
        var message = PopupPage.MessageOf(page);
        ((string)message["status"]!).ShouldBe("failed");
        ((string)message["code"]!).ShouldBe(code);
        page.Body.ShouldNotContain("completed");
        page.Body.ShouldNotContain("Connected");
        ((string)(await Here.Flow(flowId, user)).Json["status"]!).ShouldBe("failed");
    }

    [Fact]
    public async Task Parked_code_is_no_success_yet()
    {
        var (browser, callback, _) = await Here.ReachCallback(NewUser());
        using var _b = browser;
        var page = await browser.Open(callback);
        page.Body.ShouldNotContain("completed");
        page.Body.ShouldNotContain("Connected");
    }

    [Fact]
    public async Task Page_holds_nothing_secret_and_takes_its_own_address_out_of_the_history()
    {
        foreach (var hint in new[] { "alice+auto", "deny+auto" })
        {
            foreach (var confirm in new[] { true, false })
            {
                var (browser, callback, _) = await Here.ReachCallback(NewUser(), hint, confirm);
                using var _b = browser;
                var page = await browser.Open(callback);
                page.Body.ShouldContain("history.replaceState(null, '', location.pathname)");
                var secrets = new List<string> { callback.Get("state"), FlowWorld.ClientSecret, FlowHost.ApiKey };
                if (callback.Query.Contains("code=", StringComparison.Ordinal))
                    secrets.Add(callback.Get("code"));
                secrets.AddRange(browser.CookieValues);
                foreach (var call in Here.Tap.Calls.Where(call => call.Path == ProviderTap.Token))
                    secrets.AddRange(new[] { call.Value("code_verifier"), call.Value("refresh_token"), call.Answered("access_token"), call.Answered("refresh_token"), call.Answered("id_token") }.OfType<string>());
                foreach (var secret in secrets)
                {
                    page.Body.ShouldNotContain(secret[..Math.Min(12, secret.Length)]);
                    page.HeaderText.ShouldNotContain(secret[..Math.Min(12, secret.Length)]);
                }

                PopupPage.MessageOf(page).AsObject().Select(member => member.Key).Except(["type", "flow_id", "provider", "status", "ticket", "code"]).ShouldBeEmpty();
                Regex.Count(page.Body, "https?:").ShouldBe(1, "the target is the only address, nothing is loaded");
            }
        }
    }

    private static void IsProtected(FlowReply page)
    {
        page.Header("Content-Type").ShouldBe("text/html; charset=utf-8");
        page.Header("Cache-Control").ShouldBe("no-store");
        page.Header("Referrer-Policy").ShouldBe("no-referrer");
        page.Header("X-Content-Type-Options").ShouldBe("nosniff");
        page.Header("X-Frame-Options").ShouldBe("DENY");
        var policy = page.Header("Content-Security-Policy");
        policy.ShouldStartWith("default-src 'none'; ");
        policy.ShouldContain("frame-ancestors 'none'");
        policy.ShouldContain("base-uri 'none'");
        policy.ShouldNotContain("unsafe");
        policy.ShouldNotContain("*");
        var nonce = Nonce().Match(policy).Groups[1].Value;
        Convert.FromBase64String(nonce).Length.ShouldBeGreaterThanOrEqualTo(16);
        foreach (Match element in Active().Matches(page.Body))
            element.Value.ShouldContain($"nonce=\"{nonce}\"");
        Handler().IsMatch(page.Body).ShouldBeFalse("no inline handlers");
    }

    [GeneratedRegex("script-src 'nonce-([^']+)'")]
    private static partial Regex Nonce();

    [GeneratedRegex("<(script|style)[^>]*>")]
    private static partial Regex Active();

    [GeneratedRegex("<[^>]*\\son[a-z]+=", RegexOptions.IgnoreCase)]
    private static partial Regex Handler();
}
