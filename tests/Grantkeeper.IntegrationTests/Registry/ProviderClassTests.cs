using System.Net;
using System.Text.Json;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Providers;
using Grantkeeper.Sandbox.Control;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Registry;

/// <summary>
/// A provider's class that misbehaves, against a server that ends a grant whose refresh token is shown twice: requests are
/// refused with a code, grants are never lost.
/// </summary>
[Trait("category", "providers")]
public sealed class ProviderClassTests : IAsyncLifetime
{
    /// <summary>What the class does now; a service, so that each world has its own.</summary>
    public sealed class Mood
    {
        public string ThrowsIn { get; set; } = "";

        public List<string> Shown { get; } = [];
    }

    /// <summary>A class whose overrides throw on request and remember what they were shown.</summary>
    public sealed class Moody(Mood mood) : ProviderClass
    {
        public override string Manifest => new SampleProvider().Manifest;

        public override IReadOnlyDictionary<string, string> AuthorizationParameters(AuthorizationFacts request) => Say(nameof(AuthorizationParameters), $"{request}", new Dictionary<string, string>());

        public override TokenRequestAdditions TokenRequest(TokenRequestFacts request) => Say(nameof(TokenRequest), $"{request}", new TokenRequestAdditions { Parameters = new Dictionary<string, string> { ["kind"] = request.IsRefresh ? "again" : "first" } });

        public override TokenAnswerFacts? TokenAnswer(JsonElement members) => Say(nameof(TokenAnswer), members.GetRawText(), new TokenAnswerFacts(TimeSpan.FromMinutes(7)));

        public override AccountFacts? Account(JsonElement members) => Say(nameof(Account), members.GetRawText(), new AccountFacts($"moody:{members.GetProperty("sub").GetString()}"));

        private T Say<T>(string name, string shown, T answer)
        {
            lock (mood.Shown)
                mood.Shown.Add(shown);
            return mood.ThrowsIn == name ? throw new InvalidOperationException($"never told: {shown}") : answer;
        }
    }

    private readonly Mood _mood = new();
    private FlowWorld _world = null!;

    public async ValueTask InitializeAsync() => _world = await FlowWorld.Start(
        HostKind.Embedded, SampleProvider.Settings, services: services => services.AddSingleton(_mood).AddGrantkeeperProvider<Moody>(), callbacks: "sample");

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task<FlowReply> Refresh() => _world.Host.Post("/oauth/sample/refresh", new { user_id = "user_1" });

    private TappedCall LastTokenCall() => _world.Tap.Calls.Last(call => call.Path == ProviderTap.Token);

    [Fact]
    public async Task What_the_class_says_is_done_and_no_secret_is_shown_to_it()
    {
        var id = await _world.Connect("user_1", provider: "sample");
        LastTokenCall().Value("kind").ShouldBe("first");
        (await Refresh()).Json["success"]!.GetValue<bool>().ShouldBeTrue();
        LastTokenCall().Value("kind").ShouldBe("again");
        ((string)(await _world.Host.Get("/oauth/sample/accounts?user_id=user_1")).Json["accounts"]![0]!["account_id"]!).ShouldStartWith("moody:");
        (await _world.Sql($"SELECT expires_at BETWEEN now() + interval '6 minutes' AND now() + interval '8 minutes' FROM oauth_tokens WHERE integration_id = '{id}'")).ShouldBe(true);

        string[] members = ["access_token", "refresh_token", "id_token"];
        var secrets = _world.Tap.Calls.SelectMany(call => members.Select(call.Answered).Append(call.Value("code")).Append(call.Value("code_verifier"))).OfType<string>().Append(FlowWorld.ClientSecret).ToList();
        secrets.Count.ShouldBeGreaterThan(6);
        _mood.Shown.Count.ShouldBeGreaterThan(5);
        secrets.ShouldAllBe(secret => !_mood.Shown.Any(shown => shown.Contains(secret, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_rotated_answer_that_the_class_cannot_read_is_stored_all_the_same()
    {
        var id = await _world.Connect("user_1", provider: "sample");
        _mood.ThrowsIn = nameof(ProviderClass.TokenAnswer);
        for (var round = 0; round < 2; round++)
            (await Refresh()).Json["success"]!.GetValue<bool>().ShouldBeTrue();
        (await _world.Sql($"SELECT generation FROM oauth_tokens WHERE integration_id = '{id}'")).ShouldBe(3L);
        _world.Counters[Counter.Refreshes].ShouldBe(2);
        _world.Counters[Counter.ReuseDetected].ShouldBe(0);
        _world.Host.Logs.Text.ShouldContain("The provider class Moody threw InvalidOperationException");
        _world.Host.Logs.Text.ShouldNotContain("never told");
    }

    [Fact]
    public async Task A_refresh_that_the_class_spoils_is_not_sent_and_goes_on_when_it_is_repaired()
    {
        var id = await _world.Connect("user_1", provider: "sample");
        _mood.ThrowsIn = nameof(ProviderClass.TokenRequest);
        for (var round = 0; round < 4; round++)
        {
            var refused = await Refresh();
            (refused.Status, refused.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "providers.class_failed"));
        }

        _world.Counters[Counter.RefreshRequests].ShouldBe(0);
        ((string)(await _world.Host.Get($"/api/v1/oauth/integrations/{id}")).Json["status"]!).ShouldBe("active");
        _mood.ThrowsIn = "";
        (await Refresh()).Json["success"]!.GetValue<bool>().ShouldBeTrue();
    }

    [Theory]
    [InlineData(nameof(ProviderClass.TokenRequest)), InlineData(nameof(ProviderClass.Account))]
    public async Task A_connection_that_the_class_spoils_stores_nothing_and_says_so(string where)
    {
        var (browser, callback, flowId) = await _world.ReachCallback("user_1", confirm: false, provider: "sample");
        _mood.ThrowsIn = where;
        using (browser)
            await browser.Open(callback);
        ((string)(await _world.Flow(flowId, "user_1")).Json["error"]!["code"]!).ShouldBe("providers.class_failed");
        (await _world.Host.Get("/oauth/sample/accounts?user_id=user_1")).Json["accounts"]!.AsArray().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_start_that_the_class_spoils_begins_no_flow()
    {
        _mood.ThrowsIn = nameof(ProviderClass.AuthorizationParameters);
        var refused = await _world.Host.Get("/oauth/sample/auth?user_id=user_1");
        (refused.Status, refused.Code).ShouldBe((HttpStatusCode.ServiceUnavailable, "providers.class_failed"));
        (await _world.Sql("SELECT count(*) FROM oauth_state")).ShouldBe(0L);
    }
}
