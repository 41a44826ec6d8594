using System.Net;
using System.Text.Json;
using Grantkeeper.Encryption;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>A code that came back with a browser is redeemed only for the user who started it, with the ticket of that browser.</summary>
[Trait("category", "security")]
public abstract class ParkedCodeTests(WorldFixture fixture)
{
    private protected FlowWorld World => fixture.World;

    private protected static string NewUser() => $"user_{Guid.NewGuid():N}";

    private protected sealed record Parked(string User, Guid FlowId, string Code, string Ticket);

    private protected async Task<Parked> Park(object? more = null, bool? confirm = null)
    {
        var user = NewUser();
        var body = new Dictionary<string, object?> { ["provider"] = "sandbox", ["user_id"] = user, ["login_hint"] = "alice+auto" };
        if (confirm is not null)
            body["confirm"] = confirm;
        foreach (var property in more?.GetType().GetProperties() ?? [])
            body[property.Name] = property.GetValue(more);
        var started = await World.Host.Post("/api/v1/oauth/initiate", body);
        using var browser = new FlowBrowser();
        var callback = await browser.FollowUntil((string)started.Json["authorization_url"]!, $"{World.Host.Origin}/oauth/sandbox/callback");
        var page = await browser.Open(callback);
        page.Status.ShouldBe(HttpStatusCode.OK, page.Body);
        var message = PopupPage.MessageOf(page);
        ((string)message["status"]!).ShouldBe("awaiting_confirmation");
        return new Parked(user, Guid.Parse((string)started.Json["flow_id"]!), callback.Get("code"), (string)message["ticket"]!);
    }

    private protected Task<FlowReply> Confirm(Guid flowId, string? ticket, string user) => World.Host.Post($"/api/v1/oauth/flows/{flowId}/confirm", new { ticket, user_id = user });

    [Theory]
    [InlineData(null)]
    [InlineData(true)]
    public async Task Code_waits_for_its_user_unless_the_start_says_otherwise(bool? confirm)
    {
        var parked = await Park(confirm: confirm);
        World.Tap.SawCode(parked.Code).ShouldBeFalse();
        ((string)(await World.Flow(parked.FlowId, parked.User)).Json["status"]!).ShouldBe("awaiting_confirmation");
        (await World.Sql($"SELECT parked_code LIKE 'gk1.%' AND length(ticket_hash) = 64 AND parked_until <= now() + interval '5 minutes' FROM oauth_state WHERE id = '{parked.FlowId}'")).ShouldBe(true);

        var done = await Confirm(parked.FlowId, parked.Ticket, parked.User);
        done.Status.ShouldBe(HttpStatusCode.OK, done.Body);
        World.Counters.ExchangesOf(parked.Code).ShouldBe(1);
        (await World.Sql($"SELECT parked_code IS NULL AND ticket_hash IS NULL AND code_verifier IS NULL FROM oauth_state WHERE id = '{parked.FlowId}'")).ShouldBe(true);
    }

    [Fact]
    public async Task Start_by_address_waits_too()
    {
        var user = NewUser();
        var started = await World.Host.Get($"/oauth/sandbox/auth?user_id={user}&login_hint=alice%2Bauto");
        using var browser = new FlowBrowser();
        var callback = await browser.FollowUntil((string)started.Json["auth_url"]!, $"{World.Host.Origin}/oauth/sandbox/callback");
        ((string)PopupPage.MessageOf(await browser.Open(callback))["status"]!).ShouldBe("awaiting_confirmation");
        World.Tap.SawCode(callback.Get("code")).ShouldBeFalse();
    }

    [Fact]
    public async Task Code_is_parked_no_longer_than_it_lives_at_the_provider()
    {
        var parked = await Park();
        (await World.Sql($"SELECT parked_until <= now() + interval '60 seconds' FROM oauth_state WHERE id = '{parked.FlowId}'")).ShouldBe(true);
    }

    [Fact]
    public async Task Wrong_user_with_the_right_ticket_destroys_the_code()
    {
        var parked = await Park();
        var thief = NewUser();
        var refused = await Confirm(parked.FlowId, parked.Ticket, thief);
        refused.Status.ShouldBe(HttpStatusCode.Forbidden);
        refused.Code.ShouldBe("connect.subject_mismatch");
        refused.Body.ShouldNotContain(parked.User);
        World.Tap.SawCode(parked.Code).ShouldBeFalse();
        (await World.Sql($"SELECT parked_code IS NULL AND status = 'failed' FROM oauth_state WHERE id = '{parked.FlowId}'")).ShouldBe(true);
        (await World.Sql($"SELECT count(*) FROM oauth_audit_log WHERE user_id = '{parked.User}' AND action = 'subject_mismatch' AND NOT success AND code = 'connect.subject_mismatch'")).ShouldBe(1L);

        (await Confirm(parked.FlowId, parked.Ticket, parked.User)).Code.ShouldBe("connect.ticket_invalid");
        var flow = (await World.Flow(parked.FlowId, parked.User)).Json;
        ((string)flow["status"]!).ShouldBe("failed");
        ((string)flow["error"]!["code"]!).ShouldBe("connect.subject_mismatch");
        World.Tap.SawCode(parked.Code).ShouldBeFalse();
        (await World.Sql($"SELECT count(*) FROM oauth_integrations WHERE user_id IN ('{parked.User}', '{thief}')")).ShouldBe(0L);
    }

    [Fact]
    public async Task Ticket_works_once_even_for_fifty_at_the_same_time()
    {
        var parked = await Park();
        var replies = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Confirm(parked.FlowId, parked.Ticket, parked.User)));
        replies.Count(reply => reply.Status == HttpStatusCode.OK).ShouldBe(1);
        replies.Where(reply => reply.Status != HttpStatusCode.OK).ShouldAllBe(reply => reply.Code == "connect.ticket_invalid");
        World.Counters.ExchangesOf(parked.Code).ShouldBe(1);
    }

    [Fact]
    public async Task Wrong_ticket_changes_nothing()
    {
        var parked = await Park();
        var other = await Park();
        foreach (var ticket in new[] { RandomHandle.New().Reveal(), other.Ticket, parked.Ticket[..^1], parked.Ticket + "A", parked.Ticket.ToUpperInvariant(), "", null, new string('x', 5000), "\0", RandomHandle.HashOf(parked.Ticket) })
            (await Confirm(parked.FlowId, ticket, parked.User)).Code.ShouldBe("connect.ticket_invalid");
        // Neither a stranger with a wrong ticket.
        (await Confirm(parked.FlowId, RandomHandle.New().Reveal(), NewUser())).Code.ShouldBe("connect.flow_unknown");
        World.Tap.SawCode(parked.Code).ShouldBeFalse();
        (await Confirm(parked.FlowId, parked.Ticket, parked.User)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Code_that_was_parked_too_long_is_not_redeemed()
    {
        var parked = await Park();
        await World.Sql($"UPDATE oauth_state SET parked_until = now() WHERE id = '{parked.FlowId}'");
        ((string)(await World.Flow(parked.FlowId, parked.User)).Json["status"]!).ShouldBe("expired");
        (await Confirm(parked.FlowId, parked.Ticket, parked.User)).Code.ShouldBe("connect.ticket_invalid");
        World.Tap.SawCode(parked.Code).ShouldBeFalse();
    }

    [Fact]
    public async Task Flow_that_is_foreign_or_unknown_is_not_found()
    {
        var parked = await Park();
        var stranger = NewUser();
        (await World.Flow(parked.FlowId, stranger)).Code.ShouldBe("connect.flow_unknown");
        (await World.Flow(Guid.NewGuid(), stranger)).Code.ShouldBe("connect.flow_unknown");
        (await World.Host.Get($"/api/v1/oauth/flows/none?user_id={stranger}")).Code.ShouldBe("connect.flow_unknown");
        (await World.Host.Get($"/api/v1/oauth/flows/{parked.FlowId}")).Code.ShouldBe("identity.user_required");
        (await Confirm(Guid.NewGuid(), parked.Ticket, parked.User)).Code.ShouldBe("connect.flow_unknown");
        (await World.Host.Post("/api/v1/oauth/flows/none/confirm", new { ticket = parked.Ticket, user_id = parked.User })).Code.ShouldBe("connect.flow_unknown");
        (await World.Host.Post($"/api/v1/oauth/flows/{parked.FlowId}/confirm", new { ticket = parked.Ticket, user_id = parked.User }, key: null)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await Confirm(parked.FlowId, parked.Ticket, parked.User)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Start_without_confirmation_redeems_at_once()
    {
        var user = NewUser();
        var (browser, callback, flowId) = await World.ReachCallback(user, confirm: false);
        using var _b = browser;
        var page = await browser.Open(callback);
        ((string)PopupPage.MessageOf(page)["status"]!).ShouldBe("completed");
        PopupPage.MessageOf(page)["ticket"].ShouldBeNull();
        World.Counters.ExchangesOf(callback.Get("code")).ShouldBe(1);
        (await Confirm(flowId, RandomHandle.New().Reveal(), user)).Code.ShouldBe("connect.ticket_invalid");
    }

    [Fact]
    public async Task Ticket_travels_in_the_fragment_when_the_browser_goes_on()
    {
        var user = NewUser();
        var (browser, callback, flowId) = await World.ReachCallback(user, more: new { return_to = "/done?x=1" });
        using var _b = browser;
        var reply = await browser.Open(callback);
        reply.Status.ShouldBe(HttpStatusCode.SeeOther);
        reply.Body.ShouldBe("");
        reply.Header("Referrer-Policy").ShouldBe("no-referrer");
        reply.Header("Cache-Control").ShouldBe("no-store");
        var fragment = reply.Location!.Fragment.TrimStart('#').Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        fragment.Keys.Order().ShouldBe(["gk_flow", "gk_ticket"]);
        reply.Location.GetLeftPart(UriPartial.Query).ShouldBe($"{World.Host.Origin}/done?x=1", "servers log everything before the fragment");
        (await Confirm(flowId, fragment["gk_ticket"], user)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Ticket_is_in_the_message_and_nowhere_else()
    {
        var user = NewUser();
        var (browser, callback, flowId) = await World.ReachCallback(user);
        using var _b = browser;
        var page = await browser.Open(callback);
        var ticket = (string)PopupPage.MessageOf(page)["ticket"]!;
        page.Body.Split(ticket).Length.ShouldBe(2, "once in the page");
        page.HeaderText.ShouldNotContain(ticket);
        (await World.Flow(flowId, user)).Body.ShouldNotContain(ticket);
        var done = await Confirm(flowId, ticket, user);
        done.Body.ShouldNotContain(ticket);
        World.Host.Logs.Text.ShouldNotContain(ticket);
        JsonSerializer.Serialize(World.Tap.Calls).ShouldNotContain(ticket);
    }
}

public sealed class ParkedCodeOverServerTests(ServerWorld fixture) : ParkedCodeTests(fixture), IClassFixture<ServerWorld>
{
    [Fact]
    public async Task Header_of_an_embedding_application_means_nothing_here()
    {
        var user = NewUser();
        var (browser, callback, _) = await World.ReachCallback(user);
        using var _b = browser;
        browser.SignedInAs = user;
        ((string)PopupPage.MessageOf(await browser.Open(callback))["status"]!).ShouldBe("awaiting_confirmation");
        World.Tap.SawCode(callback.Get("code")).ShouldBeFalse();
    }
}

public sealed class ParkedCodeOverEmbeddedTests(EmbeddedWorld fixture) : ParkedCodeTests(fixture), IClassFixture<EmbeddedWorld>
{
    [Fact]
    public async Task Signed_in_user_of_the_application_needs_no_ticket()
    {
        var user = NewUser();
        var (browser, callback, _) = await World.ReachCallback(user);
        using var _b = browser;
        browser.SignedInAs = user;
        ((string)PopupPage.MessageOf(await browser.Open(callback))["status"]!).ShouldBe("completed");
        World.Counters.ExchangesOf(callback.Get("code")).ShouldBe(1);
    }

    [Fact]
    public async Task Another_signed_in_user_parks_the_code()
    {
        var user = NewUser();
        var (browser, callback, _) = await World.ReachCallback(user);
        using var _b = browser;
        browser.SignedInAs = NewUser();
        ((string)PopupPage.MessageOf(await browser.Open(callback))["status"]!).ShouldBe("awaiting_confirmation");
        World.Tap.SawCode(callback.Get("code")).ShouldBeFalse();
    }

    [Fact]
    public async Task Signed_in_user_without_the_cookie_of_the_flow_redeems_nothing()
    {
        var user = NewUser();
        var (browser, callback, _) = await World.ReachCallback(user);
        browser.Dispose();
        using var other = new FlowBrowser { SignedInAs = user };
        PopupPage.CodeOf(await other.Open(callback)).ShouldBe("connect.browser_mismatch");
        World.Tap.SawCode(callback.Get("code")).ShouldBeFalse();
    }
}
