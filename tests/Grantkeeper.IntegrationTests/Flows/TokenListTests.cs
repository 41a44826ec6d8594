using System.Net;
using System.Text.Json.Nodes;
using Grantkeeper.IntegrationTests.Identity;
using Grantkeeper.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>What is known of tokens: lists (R122, R128), counts (R124), what ends soon (R125, R235). Never a token.</summary>
[Trait("category", "manager")]
public sealed class TokenListTests
{
    private const string Path = "/api/v1/oauth/tokens";

    [Fact]
    public async Task All_of_a_users_tokens_are_listed_with_what_is_known_of_them_and_nothing_more()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, FlowWorld.MoreProviders);
        var first = await world.Connect("user_1");
        var second = await world.Connect("user_1", "bob+auto");
        var third = await world.Connect("user_1", provider: "second");
        await world.Connect("user_2", "carol+auto");
        await world.Host.Post($"/api/v1/oauth/integrations/{first}/refresh");
        await world.Sql($"UPDATE oauth_tokens SET expires_at = now() - interval '1 hour' WHERE integration_id = '{second}'; UPDATE oauth_tokens SET expires_at = NULL, refresh_token = NULL WHERE integration_id = '{third}'");
        var reply = await world.Host.Get($"{Path}?user_id=user_1");
        var tokens = reply.Json["tokens"]!.AsArray();
        tokens.Select(Id).ShouldBe([first, second, third]);
        tokens[0]!.AsObject().Select(member => member.Key).ShouldBe(
        [
            "integration_id", "user_id", "provider", "account", "scopes", "generation", "expires_at", "expires_in_seconds", "expired", "refreshable", "created_at", "last_refreshed_at", "status", "reason", "reason_detail",
        ]);
        ((int)tokens[0]!["generation"]!, (bool)tokens[0]!["expired"]!, (bool)tokens[0]!["refreshable"]!, (string)tokens[0]!["account"]!["display_name"]!).ShouldBe((2, false, true, "Alice Archer"));
        ((long)tokens[0]!["expires_in_seconds"]!).ShouldBeInRange(3500, 3600);
        ((DateTimeOffset)tokens[0]!["last_refreshed_at"]!).ShouldBeGreaterThan((DateTimeOffset)tokens[0]!["created_at"]!);
        ((bool)tokens[1]!["expired"]!, (long)tokens[1]!["expires_in_seconds"]!, (string)tokens[1]!["status"]!).ShouldBe((true, 0, "active"), "the next read renews it");
        (tokens[2]!["expires_at"], tokens[2]!["expires_in_seconds"], (bool)tokens[2]!["expired"]!, (bool)tokens[2]!["refreshable"]!).ShouldBe((null, null, false, false));
        foreach (var secret in (List<object?[]>)await world.Database.Cluster.ListAsSuperuser(world.Database, "SELECT access_token FROM oauth_tokens UNION ALL SELECT refresh_token FROM oauth_tokens WHERE refresh_token IS NOT NULL"))
            reply.Body.ShouldNotContain((string)secret[0]!);
        foreach (var id in new[] { first, third })
            reply.Body.ShouldNotContain((string)(await world.Host.Get($"/api/v1/oauth/integrations/{id}/token")).Json["access_token"]!);

        (await Ids(world, $"{Path}?user_id=user_1&provider=second")).ShouldBe([third]);
        (await Ids(world, $"{Path}?user_id=user_1&provider=never-heard-of")).ShouldBeEmpty();
        (await Ids(world, $"{Path}?user_id=nobody")).ShouldBeEmpty();
        (await Ids(world, Path)).Count.ShouldBe(4, "an administrator sees everybody's");
        var paged = new List<Guid>();
        string? cursor = null;
        do
        {
            var page = (await world.Host.Get($"{Path}?user_id=user_1&limit=2&cursor={cursor}")).Json;
            paged.AddRange(page["tokens"]!.AsArray().Select(Id));
            cursor = (string?)page["next_cursor"];
        }
        while (cursor is not null);
        paged.ShouldBe([first, second, third]);
    }

    [Fact]
    public async Task Three_ends_and_three_spans_agree_everywhere_and_the_renewal_takes_the_first()
    {
        await using var world = await FlowWorld.Start(HostKind.Embedded, FlowWorld.MoreProviders);
        var ids = new List<Guid>();
        foreach (var (hint, end) in new[] { ("alice+auto", "30 minutes"), ("bob+auto", "10 hours"), ("carol+auto", "3 days") })
        {
            ids.Add(await world.Connect("user_1", hint));
            await world.Sql($"UPDATE oauth_tokens SET expires_at = now() + interval '{end}' WHERE integration_id = '{ids[^1]}'");
        }

        // Somebody else's, and one that has ended: neither ends soon.
        await world.Connect("user_2");
        var ended = await world.Connect("user_1", provider: "second");
        await world.Sql($"UPDATE oauth_tokens SET expires_at = now() - interval '1 second' WHERE integration_id = '{ended}'");
        var statistics = (await world.Host.Get($"{Path}/statistics?user_id=user_1")).Json;
        statistics.ToJsonString().ShouldBe("""{"total_tokens":4,"expired_tokens":1,"provider_counts":{"sandbox":3,"second":1},"expiring_soon":{"1h":1,"24h":2,"7d":3}}""");
        var tokens = world.Host.Services.GetRequiredService<ITokens>();
        var cancellation = TestContext.Current.CancellationToken;
        foreach (var (hours, expected) in new[] { ("1", 1), ("24", 2), ("168", 3), ("0.5001", 1), ("0.4", 0), ("8760", 3) })
        {
            (await Ids(world, $"{Path}?user_id=user_1&expiring_within_hours={hours}")).ShouldBe(ids.Take(expected), hours);
            var span = TimeSpan.FromHours(double.Parse(hours, System.Globalization.CultureInfo.InvariantCulture));
            (await tokens.List("user_1", expiringWithin: span, cancellation: cancellation)).Value.Select(token => token.IntegrationId).ShouldBe(ids.Take(expected), hours);
        }

        (await tokens.List("user_1", "sandbox", cancellation: cancellation)).Value.Count.ShouldBe(3);
        (await tokens.Statistics("user_1", cancellation)).Value.ExpiringSoon.ShouldBe(new Dictionary<string, int> { ["1h"] = 1, ["24h"] = 2, ["7d"] = 3 });
        (await tokens.Statistics(cancellation: cancellation)).Value.TotalTokens.ShouldBe(5);
        (await tokens.List("", cancellation: cancellation)).Failure!.Code.Code.ShouldBe("identity.user_invalid");
        (await tokens.Statistics("", cancellation)).Failure!.Code.Code.ShouldBe("identity.user_invalid");
        foreach (var span in new[] { TimeSpan.Zero, TimeSpan.FromDays(366) })
            (await tokens.List("user_1", expiringWithin: span, cancellation: cancellation)).Failure!.Code.Code.ShouldBe("requests.invalid");

        // R235: what ends within the hour is renewed, and what has ended.
        var renewed = (await world.Host.Post("/api/v1/oauth/monitoring/refresh-expired", new { user_id = "user_1", buffer_hours = 1 })).Json;
        renewed["refresh_results"]!.AsArray().Select(Id).ShouldBe([ended, ids[0]]);
        ((int)renewed["succeeded"]!).ShouldBe(2);
        (await world.Host.Get($"{Path}/statistics?user_id=user_1")).Json["expired_tokens"]!.GetValue<int>().ShouldBe(0);
    }

    [Fact]
    public async Task Counts_are_those_of_the_table_of_the_caller_or_of_all_for_an_administrator()
    {
        await using var issuer = await HostIssuer.Start();
        var settings = issuer.Settings;
        foreach (var (name, value) in FlowWorld.MoreProviders)
            settings[name] = value;
        await using var world = await FlowWorld.Start(HostKind.Server, settings);
        for (var n = 0; n < 12; n++)
        {
            var id = await world.Connect($"user_{n % 3}", new[] { "alice+auto", "bob+auto", "carol+auto", "alice+auto" }[n / 3], n % 2 == 0 ? "sandbox" : "second");
            await world.Sql($"UPDATE oauth_tokens SET expires_at = now() + {n * n * 95 - 60} * interval '1 minute' WHERE integration_id = '{id}'");
            if (n % 4 == 0)
                await world.Sql($"UPDATE oauth_integrations SET status = 'error' WHERE id = '{id}'; UPDATE oauth_tokens SET is_active = false, expires_at = now() - interval '1 minute' WHERE integration_id = '{id}'");
        }

        await world.Sql("UPDATE oauth_tokens SET expires_at = NULL WHERE integration_id = (SELECT integration_id FROM oauth_tokens ORDER BY integration_id LIMIT 1)");
        foreach (var (path, key, where) in new[]
        {
            ($"{Path}/statistics?user_id=user_0", FlowHost.ApiKey, "user_id = 'user_0'"), ($"{Path}/statistics", FlowHost.ApiKey, "true"),
            ($"{Path}/statistics", issuer.Token("user_1"), "user_id = 'user_1'"), ($"{Path}/statistics?user_id=user_1", issuer.Token("user_1"), "user_id = 'user_1'"),
        })
        {
            var reply = await world.Host.Get(path, key);
            reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
            var counted = (string)(await world.Sql(
                $"""
                SELECT concat_ws('|', count(*), count(*) FILTER (WHERE expires_at < now()), count(*) FILTER (WHERE provider = 'sandbox'), count(*) FILTER (WHERE provider = 'second'),
                    count(*) FILTER (WHERE expires_at BETWEEN now() AND now() + interval '3600 seconds'), count(*) FILTER (WHERE expires_at BETWEEN now() AND now() + interval '1440 minutes'),
                    count(*) FILTER (WHERE expires_at BETWEEN now() AND now() + interval '168 hours')) FROM oauth_tokens WHERE {where}
                """))!;
            var (json, soon) = (reply.Json, reply.Json["expiring_soon"]!);
            $"{json["total_tokens"]}|{json["expired_tokens"]}|{json["provider_counts"]!["sandbox"]}|{json["provider_counts"]!["second"]}|{soon["1h"]}|{soon["24h"]}|{soon["7d"]}".ShouldBe(counted, path);
        }

        (await world.Host.Get($"{Path}/statistics?user_id=user_0", issuer.Token("user_1"))).Code.ShouldBe("identity.user_foreign");
    }

    [Fact]
    public async Task What_makes_no_sense_is_refused_all_at_once_and_others_tokens_are_for_administrators()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        foreach (var hours in new[] { "0", "-1", "8760.1", "soon", "1e3", "", "1,5", "NaN" })
        {
            var refused = await world.Host.Get($"{Path}?expiring_within_hours={hours}&limit=0&cursor=x");
            (refused.Status, refused.Code, refused.Json["errors"]!.AsArray().Count).ShouldBe((HttpStatusCode.UnprocessableEntity, "requests.invalid", 3), $"{hours}: {refused.Body}");
        }

        var key = (string)(await world.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "service", permissions = new[] { "oauth:read" } })).Json["key"]!;
        foreach (var path in new[] { Path, $"{Path}/statistics", "/api/v1/oauth/status" })
        {
            (await world.Host.Get(path, key)).Code.ShouldBe("identity.user_required", path);
            (await world.Host.Get($"{path}?user_id=user_1", key)).Status.ShouldBe(HttpStatusCode.OK, path);
            (await world.Host.Get(path, key: null)).Status.ShouldBe(HttpStatusCode.Unauthorized, path);
        }

        var stranger = (string)(await world.Host.Post("/api/v1/oauth/admin/api-keys", new { name = "refresher", permissions = new[] { "oauth:refresh" } })).Json["key"]!;
        foreach (var path in new[] { Path, $"{Path}/statistics", "/api/v1/oauth/status" })
            (await world.Host.Get($"{path}?user_id=user_1", stranger)).Code.ShouldBe("identity.permission_missing", path);
    }

    [Fact]
    public async Task Connecting_again_keeps_when_a_token_was_first_there()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var id = await world.Connect("user_1");
        var before = (await world.Host.Get($"{Path}?user_id=user_1")).Json["tokens"]!.AsArray().Single()!;
        (await world.Connect("user_1")).ShouldBe(id);
        var after = (await world.Host.Get($"{Path}?user_id=user_1")).Json["tokens"]!.AsArray().Single()!;
        ((DateTimeOffset)after["created_at"]!).ShouldBe((DateTimeOffset)before["created_at"]!);
        Id(after).ShouldBe(id);
    }

    private static Guid Id(JsonNode? entry) => (Guid)entry!["integration_id"]!;

    private static async Task<List<Guid>> Ids(FlowWorld world, string path)
    {
        var reply = await world.Host.Get(path);
        reply.Status.ShouldBe(HttpStatusCode.OK, reply.Body);
        return [.. reply.Json["tokens"]!.AsArray().Select(Id)];
    }
}
