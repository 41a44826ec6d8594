using System.Diagnostics;
using System.Net;
using Grantkeeper.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>
/// What becomes of a grant on one node is told alike by every reader of another node, at most a second later (R123), although
/// that node's wall clock is an hour slow.
/// </summary>
[Trait("category", "manager")]
public sealed class OneTruthTests : IAsyncLifetime
{
    private const string User = "user_1";

    private static readonly Dictionary<string, string?> Settings = new()
    {
        ["Grantkeeper:Cache:Life"] = "00:00:05", ["Grantkeeper:Onboarding:Platforms:0"] = "sandbox", ["Grantkeeper:Features:calendar.read:display_name"] = "Calendar",
        ["Grantkeeper:Features:calendar.read:requires:provider"] = "sandbox", ["Grantkeeper:Features:calendar.read:requires:scopes:0"] = "calendar.readonly",
    };

    private static readonly string[] Connected =
        ["status: active, connected True", "providers: active, connected True", "tokens: active, expired False", "statistics: 1 of which 0 expired", "integrations: active", "filter: 1", "summary: active 1 of 1", "onboarding: True", "feature: active", "token: served"];

    private FlowWorld _world = null!;
    private FlowHost _other = null!;

    public async ValueTask InitializeAsync()
    {
        _world = await FlowWorld.Start(HostKind.Server, Settings);
        _other = await _world.AddNode(new Dictionary<string, string?> { ["GRANTKEEPER_FAILPOINTS"] = "clock=-3600" });
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task Every_reader_of_the_other_node_follows_a_grant_through_its_life()
    {
        var id = await _world.Connect(User);
        await Told("active", Connected);

        // It ends by itself: nobody writes anything down, the clock alone says so.
        await _world.Sql("UPDATE oauth_tokens SET refresh_token = NULL, expires_at = now() + interval '1 second'");
        await _world.Host.Services.GetRequiredService<INodeSignals>().ChangedEverywhere(id);
        await _world.Until("SELECT expires_at <= now() FROM oauth_tokens");
        await Told(
            "expired", "status: expired, connected False", "providers: expired, connected False", "tokens: expired, expired True", "statistics: 1 of which 1 expired", "integrations: expired", "filter: 1", "summary: expired 1 of 1",
            "onboarding: False", "feature: locked", "token: tokens.reauthorization_required");

        (await _world.Connect(User)).ShouldBe(id);
        await Told("active", Connected);

        (await _world.Host.Send(HttpMethod.Patch, $"/api/v1/oauth/integrations/{id}", new { is_active = false }, FlowHost.ApiKey)).Status.ShouldBe(HttpStatusCode.OK);
        await Told(
            "inactive", "status: inactive, connected False", "providers: inactive, connected False", "tokens: inactive, expired False", "statistics: 1 of which 0 expired", "integrations: inactive", "filter: 1", "summary: inactive 1 of 1",
            "onboarding: False", "feature: locked", "token: tokens.inactive");
        (await _world.Host.Send(HttpMethod.Patch, $"/api/v1/oauth/integrations/{id}", new { is_active = true }, FlowHost.ApiKey)).Status.ShouldBe(HttpStatusCode.OK);
        await Told("active", Connected);

        _world.Sandbox.Grants.RevokeUser(_world.Sandbox.Grants.All[0].Subject);
        ((bool)(await _world.Host.Post($"/api/v1/oauth/integrations/{id}/refresh")).Json["success"]!).ShouldBeFalse();
        await Told(
            "error", "status: error, connected False", "providers: error, connected False", "tokens: error, expired False", "statistics: 1 of which 0 expired", "integrations: error", "filter: 1", "summary: error 1 of 1",
            "onboarding: False", "feature: locked", "token: tokens.reauthorization_required");
        (await _world.Connect(User)).ShouldBe(id);

        (await _world.Host.Delete($"/api/v1/oauth/integrations/{id}")).Status.ShouldBe(HttpStatusCode.OK);
        await Told(
            "revoked", "status: none, connected False", "providers: none, connected False", "tokens: none", "statistics: 0 of which 0 expired", "integrations: revoked", "filter: 1", "summary: revoked 1 of 1",
            "onboarding: False", "feature: locked", "token: integrations.not_connected");
        (await _world.Connect(User)).ShouldBe(id);
        await Told("active", Connected);
    }

    [Fact]
    public async Task Token_that_a_refresh_token_renews_has_ended_and_the_account_is_connected_all_the_same()
    {
        await _world.Connect(User);
        await _world.Sql("UPDATE oauth_tokens SET expires_at = now() - interval '1 second'");
        var before = await Truth(_other, "active");
        before.ShouldContain("tokens: active, expired True");
        before.ShouldContain("statistics: 1 of which 1 expired");
        // Validating the step renewed it, and so the other node tells of the new one.
        before.ShouldContain("onboarding: True");
        await Told("active", Connected);
    }

    /// <summary>Both nodes tell this; an answer that was asked for later than a second after the change must.</summary>
    private async Task Told(string status, params string[] expected)
    {
        var changed = Stopwatch.GetTimestamp();
        foreach (var node in new[] { _other, _world.Host })
        {
            while (true)
            {
                var asked = Stopwatch.GetElapsedTime(changed);
                var told = await Truth(node, status);
                if (told.SequenceEqual(expected))
                    break;
                if (asked > TimeSpan.FromSeconds(1))
                    told.ShouldBe(expected, $"{status}, asked {asked.TotalMilliseconds:N0} ms after the change");
            }
        }
    }

    /// <summary>One line for each reader.</summary>
    private static async Task<IReadOnlyList<string>> Truth(FlowHost node, string status)
    {
        async Task<System.Text.Json.Nodes.JsonNode> Get(string path)
        {
            var reply = await node.Get($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}user_id={User}");
            reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
            return reply.Json;
        }

        var one = await Get("/oauth/sandbox/status");
        var provider = (await Get("/api/v1/oauth/providers"))["providers"]!.AsArray().Single(each => (string)each!["key"]! == "sandbox")!;
        var tokens = (await Get("/api/v1/oauth/tokens"))["tokens"]!.AsArray();
        var statistics = await Get("/api/v1/oauth/tokens/statistics");
        var integrations = (await Get("/api/v1/oauth/integrations"))["integrations"]!.AsArray();
        var filtered = (await Get($"/api/v1/oauth/integrations?status={status}"))["integrations"]!.AsArray();
        var totals = (await Get("/api/v1/oauth/status"))["totals"]!.AsObject();
        var feature = await Get("/api/v1/oauth/features/calendar.read");
        var token = await node.Get($"/oauth/sandbox/token?user_id={User}");
        var validation = await Get("/api/v1/oauth/onboarding/validate");
        return
        [
            $"status: {one["details"]!["status"] ?? "none"}, connected {one["connected"]!.GetValue<bool>()}",
            $"providers: {provider["status"] ?? "none"}, connected {provider["connected"]!.GetValue<bool>()}",
            tokens.Count == 0 ? "tokens: none" : $"tokens: {tokens.Single()!["status"]}, expired {tokens.Single()!["expired"]!.GetValue<bool>()}",
            $"statistics: {statistics["total_tokens"]} of which {statistics["expired_tokens"]} expired",
            $"integrations: {integrations.Single()!["status"]}",
            $"filter: {filtered.Count}",
            $"summary: {string.Join(", ", totals.Where(entry => entry.Key != "total" && (int)entry.Value! > 0).Select(entry => $"{entry.Key} {entry.Value}"))} of {totals["total"]}",
            $"onboarding: {validation["valid"]!.GetValue<bool>()}",
            $"feature: {feature["state"]}",
            $"token: {(token.Status == HttpStatusCode.OK ? "served" : token.Code)}",
        ];
    }
}
