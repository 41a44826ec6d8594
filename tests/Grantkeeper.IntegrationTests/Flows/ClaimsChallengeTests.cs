using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Grantkeeper.IntegrationTests.Client;
using Grantkeeper.Sandbox;
using Grantkeeper.Sandbox.Faults;
using Microsoft.AspNetCore.WebUtilities;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Microsoft's continuous access evaluation: an API ends a token before its time and says what the next one must be asked for with.</summary>
[Trait("category", "providers")]
public sealed class ClaimsChallengeTests
{
    private const string Me = "/microsoft/v1.0/me";

    private static readonly Dictionary<string, string?> Capable = new() { ["Grantkeeper:Providers:microsoft:client_capabilities:0"] = "cp1" };

    private static SandboxState Microsoft(FlowWorld world) => world.Platform("microsoft");

    private static Task<FlowWorld> Start(HostKind kind = HostKind.Server) => FlowWorld.Start(kind, Capable, platforms: true);

    private static JsonNode ClaimsOf(string url) => JsonNode.Parse(QueryHelpers.ParseQuery(new Uri(url).Query)["claims"]!)!["access_token"]!;

    [Theory]
    [InlineData(HostKind.Server), InlineData(HostKind.Embedded)]
    public async Task A_challenged_call_is_answered_with_a_token_that_was_asked_for_with_the_claims(HostKind kind)
    {
        await using var world = await Start(kind);
        await world.Connect("user_1", provider: "microsoft");
        await using var client = AccountClient.Of(world, kind, configure: options => options.Provider = "microsoft");
        (await client.Get(Me)).StatusCode.ShouldBe(HttpStatusCode.OK);

        Microsoft(world).Faults.Add(new Fault(FaultEndpoint.Userinfo, FaultMode.ClaimsChallenge));
        (await client.Get(Me)).StatusCode.ShouldBe(HttpStatusCode.OK);
        client.Source.Rejections.Count.ShouldBe(1);
        (await world.Sql("SELECT claims_challenge FROM oauth_tokens")).ShouldBeNull("what was asked for is met");
    }

    [Fact]
    public async Task A_report_without_the_claims_brings_a_token_that_is_refused_again()
    {
        await using var world = await Start();
        var id = await world.Connect("user_1", provider: "microsoft");
        Microsoft(world).Faults.Add(new Fault(FaultEndpoint.Userinfo, FaultMode.ClaimsChallenge));
        var (status, claims) = await Ask(world, id);
        status.ShouldBe(HttpStatusCode.Unauthorized);
        (await world.Host.Post($"/api/v1/oauth/integrations/{id}/token/rejected", new { generation = 1 })).Status.ShouldBe(HttpStatusCode.OK);
        (await Ask(world, id)).Status.ShouldBe(HttpStatusCode.Unauthorized, "it was renewed as if nothing had been asked for");
        (await world.Host.Post($"/api/v1/oauth/integrations/{id}/token/rejected", new { generation = 2, claims })).Status.ShouldBe(HttpStatusCode.OK);
        (await Ask(world, id)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_user_who_is_needed_meets_the_claims_on_the_providers_page()
    {
        await using var world = await Start();
        var first = (string)(await world.Host.Get("/oauth/microsoft/auth?user_id=user_1")).Json["details"]!["provider_authorization_url"]!;
        ClaimsOf(first).ToJsonString().ShouldBe("""{"xms_cc":{"values":["cp1"]}}""");
        var id = await world.Connect("user_1", provider: "microsoft");
        Microsoft(world).Faults.Add(new Fault(FaultEndpoint.Userinfo, FaultMode.ClaimsChallenge));
        var (_, claims) = await Ask(world, id);
        Microsoft(world).Grants.RevokeUser(Microsoft(world).Grants.All.Single().Subject);
        await world.Host.Post($"/api/v1/oauth/integrations/{id}/token/rejected", new { generation = 1, claims });
        (await world.Host.Get($"/api/v1/oauth/integrations/{id}/token")).Code.ShouldBe("tokens.reauthorization_required");

        var again = (string)(await world.Host.Get($"/oauth/microsoft/auth?user_id=user_1&integration_id={id}")).Json["details"]!["provider_authorization_url"]!;
        ((bool)ClaimsOf(again)["nbf"]!["essential"]!).ShouldBeTrue();
        await world.Connect("user_1", provider: "microsoft", more: new { reconnect_integration_id = id });
        ClaimsOf((string)(await world.Host.Get($"/oauth/microsoft/auth?user_id=user_1&integration_id={id}")).Json["details"]!["provider_authorization_url"]!)["nbf"].ShouldBeNull("a new consent has met them");
    }

    [Fact]
    public async Task What_is_no_challenge_is_refused_and_changes_nothing()
    {
        await using var world = await Start();
        var id = await world.Connect("user_1", provider: "microsoft");
        foreach (var claims in new[] { "x", "{", Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"id_token":{"email":null}}""")), "{\"access_token\":{\"a\":\"" + new string('x', 5000) + "\"}}" })
        {
            var refused = await world.Host.Post($"/api/v1/oauth/integrations/{id}/token/rejected", new { generation = 1, claims });
            (refused.Code, ((string)refused.Json["errors"]![0]!).StartsWith("claims must be", StringComparison.Ordinal)).ShouldBe(("requests.invalid", true), refused.Body);
        }

        (await world.Sql("SELECT suspect_generation FROM oauth_tokens")).ShouldBeNull();
    }

    [Fact]
    public async Task Without_the_capability_nothing_is_told_and_nobody_challenges()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, platforms: true);
        (await world.Host.Get("/oauth/microsoft/auth?user_id=user_1")).Body.ShouldNotContain("claims");
        var id = await world.Connect("user_1", provider: "microsoft");
        Microsoft(world).Faults.Add(new Fault(FaultEndpoint.Userinfo, FaultMode.ClaimsChallenge));
        (await Ask(world, id)).Status.ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Asks Graph as a back end of another language would.</summary>
    private static async Task<(HttpStatusCode Status, string? Claims)> Ask(FlowWorld world, Guid id)
    {
        var token = (string)(await world.Host.Get($"/api/v1/oauth/integrations/{id}/token")).Json["access_token"]!;
        using var browser = new FlowBrowser();
        var request = new HttpRequestMessage(HttpMethod.Get, world.SandboxOrigin + Me);
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        var reply = await browser.Send(request);
        return (reply.Status, reply.Status == HttpStatusCode.Unauthorized ? reply.Header("WWW-Authenticate").Split("claims=\"")[1].TrimEnd('"') : null);
    }
}
