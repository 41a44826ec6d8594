using System.Net;
using Grantkeeper.Onboarding;
using Grantkeeper.Sandbox.Control;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>The step "connect a platform" (R209 to R219): who passes it, what it answers, and that completing it asks the platforms.</summary>
[Trait("category", "routes")]
public sealed class OnboardingTests
{
    private const string Path = "/api/v1/oauth/onboarding";
    private const string NoPlatform = """{"valid":false,"error":"At least one platform must be connected","connected_platforms":[]}""";

    [Fact]
    public async Task Each_platform_alone_satisfies_the_step_and_the_answers_have_these_members()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, platforms: true);
        (await world.Host.Get($"{Path}/validate?user_id=nobody")).Body.ShouldBe(NoPlatform);
        // Connected, but none of those that count.
        await world.Connect("nobody", provider: "notion");
        (await world.Host.Get($"{Path}/validate?user_id=nobody")).Body.ShouldBe(NoPlatform);
        (await world.Host.Post($"{Path}/complete", new { user_id = "nobody" })).Code.ShouldBe("onboarding.platform_required");

        string[] keys = ["gsc", "bing", "wordpress", "wix"];
        foreach (var key in keys)
        {
            await world.Connect($"user_{key}", provider: key);
            var valid = (await world.Host.Get($"{Path}/validate?user_id=user_{key}")).Json;
            valid.AsObject().Select(member => member.Key).ShouldBe(["valid", "connected_platforms", "message"]);
            ((bool)valid["valid"]!, (string)valid["message"]!).ShouldBe((true, "Connected to 1 platform(s)"));
            var platform = valid["connected_platforms"]!.AsArray().ShouldHaveSingleItem()!;
            var status = (await world.Host.Get($"/oauth/{key}/status?user_id=user_{key}")).Json;
            ((string)platform["platform"]!, (string)platform["display_name"]!).ShouldBe((key, (string)status["display_name"]!));
            platform["details"]!.ToJsonString().ShouldBe(status["details"]!.ToJsonString(), "one truth");
            var completed = await world.Host.Post($"{Path}/complete", new { user_id = $"user_{key}" });
            (completed.Status, (bool?)completed.Json["completed"]).ShouldBe((HttpStatusCode.OK, true), completed.Body);
        }

        foreach (var key in keys.Take(3))
            await world.Connect("many", provider: key);
        var three = (await world.Host.Get($"{Path}/validate?user_id=many")).Json;
        ((string)three["message"]!).ShouldBe("Connected to 3 platform(s)");
        three["connected_platforms"]!.AsArray().Select(platform => (string)platform!["platform"]!).ShouldBe(keys.Take(3));
    }

    [Fact]
    public async Task Summary_counts_platforms_once_and_tokens_apart()
    {
        await using var world = await Start();
        (await world.Host.Get($"{Path}/summary?user_id=user_1")).Body.ShouldBe("""{"total_platforms":0,"connected_platforms":0,"token_count":0,"platforms":[]}""");
        var first = await world.Connect("user_1");
        await world.Connect("user_1", "bob+auto");
        var second = await world.Connect("user_1", provider: "second");
        await world.Sql($"UPDATE oauth_tokens SET expires_at = NULL WHERE integration_id = '{first}'");
        await world.Sql($"UPDATE oauth_tokens SET expires_at = now() - interval '1 second', refresh_token = NULL WHERE integration_id = '{second}'");
        var summary = (await world.Host.Get($"{Path}/summary?user_id=user_1")).Json;
        ((int)summary["total_platforms"]!, (int)summary["connected_platforms"]!, (int)summary["token_count"]!).ShouldBe((2, 1, 3), "the second platform has ended");
        var platform = summary["platforms"]!.AsArray().ShouldHaveSingleItem()!.AsObject();
        platform.Select(member => member.Key).ShouldBe(["provider", "display_name", "connected_at", "expires_at"]);
        ((string)platform["provider"]!, platform["expires_at"]).ShouldBe(("sandbox", null));
        platform["connected_at"]!.ToJsonString().ShouldBe((await world.Host.Get($"/oauth/sandbox/accounts?user_id=user_1")).Json["accounts"]!.AsArray().Single(account => (Guid)account!["integration_id"]! == first)!["connected_at"]!.ToJsonString());
    }

    [Fact]
    public async Task Expired_token_counts_only_when_it_can_be_renewed_now()
    {
        await using var world = await Start();
        var id = await world.Connect("user_1");
        await world.Expire(id);
        ((bool)(await world.Host.Get($"{Path}/validate?user_id=user_1")).Json["valid"]!).ShouldBeTrue();
        (await world.Sql("SELECT expires_at > now() FROM oauth_tokens")).ShouldBe(true, "it was renewed for it");

        await world.Expire(id);
        await world.Break("refresh", "status", ""","status":503""");
        (await world.Host.Get($"{Path}/validate?user_id=user_1")).Body.ShouldBe(NoPlatform);
        // The provider asked for a pause: another look does not ask it again.
        var asked = world.Counters[Counter.RefreshRequests];
        (await world.Host.Get($"{Path}/validate?user_id=user_1")).Body.ShouldBe(NoPlatform);
        world.Counters[Counter.RefreshRequests].ShouldBe(asked);

        await world.Sql("UPDATE oauth_tokens SET refresh_token = NULL");
        (await world.Host.Get($"{Path}/validate?user_id=user_1")).Body.ShouldBe(NoPlatform);
    }

    [Fact]
    public async Task Completing_asks_the_platform_itself_and_not_what_is_known_here()
    {
        await using var world = await Start();
        await world.Connect("user_1");
        world.Sandbox.Grants.RevokeUser(world.Sandbox.Grants.All.Single().Subject);
        ((bool)(await world.Host.Get($"{Path}/validate?user_id=user_1")).Json["valid"]!).ShouldBeTrue("nothing here knows yet");
        var refused = await world.Host.Post($"{Path}/complete", new { user_id = "user_1" });
        (refused.Status, refused.Code).ShouldBe((HttpStatusCode.Conflict, "onboarding.platform_required"), refused.Body);
        refused.Json["errors"]!.AsArray().Select(error => (string)error!).ShouldBe(["sandbox: tokens.reauthorization_required"]);
        (await world.Host.Get($"{Path}/validate?user_id=user_1")).Body.ShouldBe(NoPlatform);
        (await world.Sql("SELECT count(*) FROM onboarding_completions")).ShouldBe(0L);
    }

    [Fact]
    public async Task Platform_without_an_account_endpoint_is_asked_by_a_renewal()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, platforms: true);
        var id = await world.Connect("user_1", provider: "bing");
        ((bool)(await world.Host.Post($"{Path}/complete", new { user_id = "user_1" })).Json["completed"]!).ShouldBeTrue();
        (await world.Sql($"SELECT generation FROM oauth_tokens WHERE integration_id = '{id}'")).ShouldBe(2L);
        await world.Connect("user_2", provider: "bing");
        foreach (var grant in world.Platform("bing").Grants.All)
            world.Platform("bing").Grants.RevokeUser(grant.Subject);
        (await world.Host.Post($"{Path}/complete", new { user_id = "user_2" })).Code.ShouldBe("onboarding.platform_required");
    }

    [Fact]
    public async Task Platform_that_does_not_answer_is_no_reason_to_send_its_user_away()
    {
        await using var world = await Start();
        var id = await world.Connect("user_1");
        await world.Expire(id);
        await world.Break("refresh", "status", ""","status":503""");
        var later = await world.Host.Post($"{Path}/complete", new { user_id = "user_1" });
        (later.Status, (bool)later.Json["retryable"]!).ShouldBe((HttpStatusCode.ServiceUnavailable, true), later.Body);
        // One of two is enough.
        await world.Connect("user_1", provider: "second");
        var completed = await world.Host.Post($"{Path}/complete", new { user_id = "user_1" });
        completed.Json["connected_platforms"]!.AsArray().Select(key => (string)key!).ShouldBe(["second"], completed.Body);
    }

    [Fact]
    public async Task Completes_once_however_often_and_by_how_many_at_once_it_is_asked()
    {
        await using var world = await Start();
        var id = await world.Connect("user_1");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => world.Host.Post($"{Path}/complete", new { user_id = "user_1" })));
        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
        answers.Select(answer => (string)answer.Json["completed_at"]!).Distinct().ShouldHaveSingleItem();
        (await world.Sql("SELECT count(*) FROM oauth_audit_log WHERE action = 'onboarding_completed' AND user_id = 'user_1' AND caller IS NOT NULL")).ShouldBe(1L);
        // What watches over it: the schedule that renews it.
        var watched = answers[0].Json["monitoring"]!.AsArray().ShouldHaveSingleItem()!;
        ((string)watched["platform"]!, (Guid)watched["integration_id"]!).ShouldBe(("sandbox", id));
        ((DateTimeOffset?)watched["next_refresh_at"]).ShouldNotBeNull();

        // The completion stays what it was; the step itself tells the truth of now.
        await world.Host.Post("/oauth/sandbox/disconnect", new { user_id = "user_1" });
        var again = (await world.Host.Post($"{Path}/complete", new { user_id = "user_1" })).Json;
        ((string)again["completed_at"]!, again["monitoring"]!.AsArray().Count).ShouldBe(((string)answers[0].Json["completed_at"]!, 0));
        (await world.Host.Get($"{Path}/validate?user_id=user_1")).Body.ShouldBe(NoPlatform);
    }

    [Fact]
    public async Task Prerequisites_come_first_in_their_order_and_are_the_applications_word()
    {
        await using var world = await Start(new() { ["Grantkeeper:Onboarding:Prerequisites:0"] = "api_keys", ["Grantkeeper:Onboarding:Prerequisites:1"] = "persona" });
        await world.Connect("user_1");
        async Task<FlowReply> Complete(Dictionary<string, bool>? prerequisites) => await world.Host.Post($"{Path}/complete", new { user_id = "user_1", prerequisites });
        static string[] Missing(FlowReply reply) => [.. reply.Json["errors"]!.AsArray().Select(name => (string)name!)];

        var none = await Complete(null);
        (none.Status, none.Code).ShouldBe((HttpStatusCode.Conflict, "onboarding.prerequisites_missing"), none.Body);
        Missing(none).ShouldBe(["api_keys", "persona"]);
        Missing(await Complete(new() { ["terms"] = false, ["persona"] = true })).ShouldBe(["api_keys", "terms"]);
        (await Complete(new() { [new string('x', 61)] = true })).Code.ShouldBe("requests.invalid");
        (await world.Sql("SELECT count(*) FROM onboarding_completions")).ShouldBe(0L);
        var done = await Complete(new() { ["persona"] = true, ["api_keys"] = true });
        done.Json["prerequisites"]!.ToJsonString().ShouldBe("""[{"name":"api_keys","satisfied":true},{"name":"persona","satisfied":true}]""", done.Body);
    }

    [Fact]
    public async Task A_key_names_the_user_and_users_do_not_share_a_step()
    {
        await using var world = await Start();
        await world.Connect("user_1");
        (await world.Host.Get($"{Path}/validate")).Code.ShouldBe("identity.user_required");
        (await world.Host.Get($"{Path}/summary")).Code.ShouldBe("identity.user_required");
        (await world.Host.Post($"{Path}/complete")).Code.ShouldBe("identity.user_required");
        (await world.Host.Get($"{Path}/validate?user_id=user_2")).Body.ShouldBe(NoPlatform);
        (await world.Host.Get($"{Path}/validate?user_id=user_1", key: null)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Application_in_the_same_process_gets_the_same_answers()
    {
        await using var world = await Start(kind: HostKind.Embedded);
        await world.Connect("user_1");
        var onboarding = world.Host.Services.GetRequiredService<IOnboarding>();
        var cancellation = TestContext.Current.CancellationToken;
        (await onboarding.Validate("user_1", cancellation)).Value.Message.ShouldBe("Connected to 1 platform(s)");
        (await onboarding.Summary("user_1", cancellation)).Value.TokenCount.ShouldBe(1);
        (await onboarding.Complete(new("user_1", null), cancellation)).Value.ConnectedPlatforms.ShouldBe(["sandbox"]);
        (await onboarding.Complete(new("", null), cancellation)).Failure!.Code.Code.ShouldBe("identity.user_invalid");
    }

    /// <summary>A world in which the sandbox and its second key are the platforms that count.</summary>
    private static Task<FlowWorld> Start(Dictionary<string, string?>? more = null, HostKind kind = HostKind.Server)
    {
        var settings = new Dictionary<string, string?>(FlowWorld.MoreProviders)
        {
            ["Grantkeeper:Onboarding:Platforms:0"] = "sandbox", ["Grantkeeper:Onboarding:Platforms:1"] = "second", ["Grantkeeper:Onboarding:Platforms:2"] = "never-heard-of",
        };
        foreach (var (name, value) in more ?? [])
            settings[name] = value;
        return FlowWorld.Start(kind, settings);
    }
}
