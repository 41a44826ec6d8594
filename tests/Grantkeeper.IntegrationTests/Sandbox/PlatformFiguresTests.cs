using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Grantkeeper.IntegrationTests.Sandbox;

/// <summary>Figures of the simulated platforms: the same every time, in each platform's own form, and refused as it refuses.</summary>
[Trait("category", "sandbox")]
public sealed class PlatformFiguresTests : IAsyncLifetime
{
    private const string Search = "openid " + PlatformHost.GoogleScope + "webmasters.readonly";
    private const string Channel = "openid " + PlatformHost.GoogleScope + "yt-analytics.readonly";

    private PlatformHost _platforms = null!;

    public async ValueTask InitializeAsync() => _platforms = await PlatformHost.Start();

    public ValueTask DisposeAsync() => _platforms.DisposeAsync();

    private async Task<string> Token(string platform, string scope, string hint = "alice+auto") => (string)(await _platforms.Connect(platform, scope, hint))["access_token"]!;

    private Task<Reply> Ask(string token, string site, string body) =>
        _platforms.Post($"/google/webmasters/v3/sites/{Uri.EscapeDataString(site)}/searchAnalytics/query", token, body);

    [Fact]
    public async Task Search_console_answers_the_same_and_its_groups_add_up()
    {
        var token = await Token("google", Search);
        const string month = "\"startDate\":\"2026-10-01\",\"endDate\":\"2026-10-31\"";
        var byDay = await Ask(token, "https://site1.example.com/", $$"""{{{month}},"dimensions":["date"]}""");
        byDay.Status.ShouldBe(HttpStatusCode.OK, byDay.Body);
        (await Ask(token, "https://site1.example.com/", $$"""{{{month}},"dimensions":["date"]}""")).Body.ShouldBe(byDay.Body);
        var rows = byDay.Json["rows"]!.AsArray();
        rows.Count.ShouldBe(31);
        ((string)rows[0]!["keys"]![0]!, (string)rows[30]!["keys"]![0]!).ShouldBe(("2026-10-01", "2026-10-31"));
        static int Clicks(JsonNode answer) => answer["rows"]!.AsArray().Sum(row => (int)row!["clicks"]!);
        var byQuery = (await Ask(token, "https://site1.example.com/", $$"""{{{month}},"dimensions":["query","country"]}""")).Json;
        byQuery["rows"]!.AsArray().Select(row => (int)row!["clicks"]!).ShouldBeInOrder(SortDirection.Descending);
        Clicks(byQuery).ShouldBe(Clicks(byDay.Json));
        var all = (await Ask(token, "https://site1.example.com/", $$"""{{{month}}}""")).Json;
        Clicks(all).ShouldBe(Clicks(byDay.Json));
        all["rows"]![0]!["keys"].ShouldBeNull();
        ((string)(await Ask(token, "sc-domain:example.com", $$"""{{{month}},"dimensions":["page"]}""")).Json["responseAggregationType"]!).ShouldBe("byPage");

        var page = (await Ask(token, "https://site1.example.com/", $$"""{{{month}},"dimensions":["date"],"rowLimit":10,"startRow":25}""")).Json;
        page["rows"]!.AsArray().Count.ShouldBe(6);
        (await Ask(token, "https://site1.example.com/", $$"""{{{month}},"startRow":50}""")).Json.AsObject().ContainsKey("rows").ShouldBeFalse("where there is nothing, there is no list");
    }

    [Fact]
    public async Task Google_names_its_reason_in_a_challenge_and_the_others_do_not()
    {
        const string realm = "Bearer realm=\"https://accounts.google.com/\"";
        static string Challenge(Reply reply) => string.Join(", ", reply.Headers.WwwAuthenticate);
        Challenge(await _platforms.Host.Get("/google/webmasters/v3/sites")).ShouldBe(realm);
        Challenge(await _platforms.Host.Get("/google/webmasters/v3/sites", "void")).ShouldBe($"{realm}, error=\"invalid_token\"");
        Challenge(await _platforms.Host.Get("/google/webmasters/v3/sites", await Token("google", "openid")))
            .ShouldBe($"{realm}, error=\"insufficient_scope\", scope=\"{PlatformHost.GoogleScope}webmasters.readonly {PlatformHost.GoogleScope}webmasters\"");
        var graph = await _platforms.Host.Get("/microsoft/v1.0/me", "void");
        (graph.Status, Challenge(graph)).ShouldBe((HttpStatusCode.Unauthorized, ""));
    }

    [Fact]
    public async Task Search_console_has_no_figures_of_the_last_days()
    {
        var token = await Token("google", Search);
        var today = TimeZoneInfo.ConvertTime(_platforms.Host.State.Clock.GetUtcNow(), TimeZoneInfo.FindSystemTimeZoneById("America/Los_Angeles"));
        string Day(int ago) => today.AddDays(-ago).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var last = (await Ask(token, "https://site1.example.com/", $$"""{"startDate":"{{Day(6)}}","endDate":"{{Day(0)}}","dimensions":["date"]}""")).Json;
        ((string)last["rows"]!.AsArray()[^1]!["keys"]![0]!).ShouldBe(Day(2));
    }

    [Theory]
    [InlineData("https://site1.example.com/", "{}", 400, "invalidParameter"), InlineData("https://site1.example.com/", "[]", 400, "invalidParameter")]
    [InlineData("https://site1.example.com/", """{"startDate":"2026-10-31","endDate":"2026-10-01"}""", 400, "invalidParameter")]
    [InlineData("https://site1.example.com/", """{"startDate":"2026-10-01","endDate":"2026-10-02","dimensions":["weather"]}""", 400, "invalidParameter")]
    [InlineData("https://site1.example.com/", """{"startDate":"2026-10-01","endDate":"2026-10-02","rowLimit":25001}""", 400, "invalidParameter")]
    [InlineData("https://site1.example.com/", """{"startDate":"2026-10-01","endDate":"2026-10-02","startRow":-1}""", 400, "invalidParameter")]
    [InlineData("https://site5.example.com/", """{"startDate":"2026-10-01","endDate":"2026-10-02"}""", 403, "forbidden"), InlineData("https://other.example/", "{}", 403, "forbidden")]
    public async Task Search_console_refuses_as_google_does(string site, string body, int status, string reason)
    {
        var reply = await Ask(await Token("google", Search), site, body);
        ((int)reply.Status, (int)reply.Json["error"]!["code"]!, (string)reply.Json["error"]!["errors"]![0]!["reason"]!).ShouldBe((status, status, reason));
    }

    [Fact]
    public async Task Youtube_reports_name_their_columns_and_leave_out_what_they_do_not_have()
    {
        var token = await Token("google", Channel);
        const string path = "/google/v2/reports?ids=channel==MINE&startDate=2026-10-01&endDate=2026-10-31&metrics=views,likes";
        var byDay = (await _platforms.Host.Get(path + "&dimensions=day", token)).Json;
        string.Join(' ', byDay["columnHeaders"]!.AsArray().Select(column => $"{column!["name"]}:{column["columnType"]}:{column["dataType"]}")).ShouldBe("day:DIMENSION:STRING views:METRIC:INTEGER likes:METRIC:INTEGER");
        byDay["rows"]!.AsArray().Count.ShouldBe(31);
        ((string)byDay["rows"]![0]![0]!).ShouldBe("2026-10-01");
        var whole = (await _platforms.Host.Get(path, token)).Json["rows"]![0]!;
        ((int)whole[0]!).ShouldBe(byDay["rows"]!.AsArray().Sum(row => (int)row![1]!));
        (await _platforms.Host.Get(path + "&dimensions=country", token)).Json["rows"]!.AsArray().Count.ShouldBe(2);
        (await _platforms.Host.Get("/google/v2/reports?ids=channel==MINE&startDate=2999-10-01&endDate=2999-10-31&metrics=views&dimensions=day", token)).Json.AsObject().ContainsKey("rows").ShouldBeFalse();
    }

    [Theory]
    [InlineData("ids=channel==MINE&startDate=2026-10-01&endDate=2026-10-31&metrics=estimatedRevenue", 403), InlineData("ids=channel==UCbob0000000000000000&startDate=2026-10-01&endDate=2026-10-31&metrics=views", 403)]
    [InlineData("ids=channel==MINE&startDate=2026-10-01&endDate=2026-10-31&metrics=weather", 400), InlineData("ids=channel==MINE&startDate=2026-10-01&endDate=2026-10-31", 400)]
    [InlineData("ids=channel==MINE&startDate=yesterday&endDate=2026-10-31&metrics=views", 400), InlineData("ids=channel==MINE&startDate=2026-10-01&endDate=2026-10-31&metrics=views&dimensions=mood", 400)]
    public async Task Youtube_reports_refuse_what_they_do_not_have(string query, int status)
    {
        var reply = await _platforms.Host.Get("/google/v2/reports?" + query, await Token("google", Channel));
        ((int)reply.Status, (int)reply.Json["error"]!["code"]!).ShouldBe((status, status));
    }

    [Fact]
    public async Task Bing_wraps_its_figures_and_writes_dates_as_wcf_does()
    {
        var token = await Token("bing", "webmaster.read");
        Task<Reply> Get(string method, string site = "https://site1.example.com/") => _platforms.Host.Get($"/bing/webmaster/api.svc/json/{method}?siteUrl={Uri.EscapeDataString(site)}", token);
        foreach (var (method, count) in new[] { ("GetQueryStats", 24), ("GetPageStats", 16), ("GetRankAndTrafficStats", 30) })
        {
            var rows = (await Get(method)).Json["d"]!.AsArray();
            rows.Count.ShouldBe(count, method);
            rows.ShouldAllBe(row => System.Text.RegularExpressions.Regex.IsMatch((string)row!["Date"]!, @"^/Date\(\d+-0700\)/$") && ((string)row["__type"]!).EndsWith(":#Microsoft.Bing.Webmaster.Api", StringComparison.Ordinal));
            (await Get(method)).Body.ShouldBe((await Get(method)).Body);
        }

        ((int)(await Get("GetUrlSubmissionQuota")).Json["d"]!["DailyQuota"]!).ShouldBe(5);
        foreach (var (site, error) in new[] { ("https://site5.example.com/", 14), ("https://other.example/", 14), ("", 7) })
        {
            var reply = await Get("GetQueryStats", site);
            ((int)reply.Status, (int)reply.Json["ErrorCode"]!).ShouldBe((400, error), site);
        }

        var carol = await Token("bing", "webmaster.read", "carol+auto");
        (await _platforms.Host.Get("/bing/webmaster/api.svc/json/GetQueryStats?siteUrl=https://site1.example.com/", carol)).Json["ErrorCode"]!.GetValue<int>().ShouldBe(14);
    }

    [Fact]
    public async Task Wordpress_visits_stand_by_their_place_in_the_row()
    {
        var token = await Token("wordpress", "auth sites stats");
        const string blog = "/wordpress/rest/v1.1/sites/55555556/stats/";
        var visits = (await _platforms.Host.Get(blog + "visits?unit=day&quantity=3&date=2026-10-31", token)).Json;
        visits["fields"]!.AsArray().Select(field => (string)field!).ShouldBe(["period", "views", "visitors", "likes", "reblogs", "comments", "posts"]);
        visits["data"]!.AsArray().Select(row => (string)row![0]!).ShouldBe(["2026-10-29", "2026-10-30", "2026-10-31"]);
        var summary = (await _platforms.Host.Get(blog + "summary?period=day&date=2026-10-31", token)).Json;
        ((int)summary["views"]!).ShouldBe((int)visits["data"]![2]![1]!);
        (await _platforms.Host.Get("/wordpress/rest/v1.1/sites/alice1.wordpress.com/stats/summary?date=2026-10-31", token)).Json["views"]!.GetValue<int>().ShouldBe((int)summary["views"]!);
        (await _platforms.Host.Get(blog + "top-posts?date=2026-10-31", token)).Json["days"]!["2026-10-31"]!["postviews"]!.AsArray().Count.ShouldBe(3);
    }

    [Theory]
    [InlineData("55555556", "visits?quantity=0", 400, "invalid_input"), InlineData("55555556", "visits?unit=week", 400, "invalid_input"), InlineData("55555556", "summary?date=today", 400, "invalid_input")]
    [InlineData("55555560", "visits", 403, "unauthorized"), InlineData("1", "visits", 404, "unknown_blog")]
    public async Task Wordpress_refuses_as_it_does(string site, string ask, int status, string error)
    {
        var reply = await _platforms.Host.Get($"/wordpress/rest/v1.1/sites/{site}/stats/{ask}", await Token("wordpress", "auth sites stats"));
        ((int)reply.Status, reply.Error).ShouldBe((status, error));
        (await _platforms.Host.Get($"/wordpress/rest/v1.1/sites/{site}/stats/{ask}", await Token("wordpress", "auth"))).Status.ShouldBe(HttpStatusCode.Forbidden, "without the scope stats");
        (await _platforms.Host.Get($"/wordpress/rest/v1.1/sites/{site}/stats/{ask}", "no-token")).Error.ShouldBe("invalid_token");
    }

    private Task<Reply> Wix(string path, string? token, string? body = null)
    {
        var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, _platforms.Host.Origin + "/wix_oauth_legacy" + path);
        if (token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", token);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        return _platforms.Host.Send(request);
    }

    [Fact]
    public async Task Wix_models_are_listed_described_and_asked()
    {
        var token = await Token("wix_oauth_legacy", "");
        const string models = "/analytics/semantic-model/v3/semantic-models";
        var id = (string)(await Wix(models, token)).Json["semanticModels"]![0]!["id"]!;
        (await Wix($"{models}/{id}", token)).Json["semanticModel"]!["measures"]!.AsArray().Count.ShouldBe(2);
        string Ask(string end, string more = "") =>
            $$"""{"semanticModelId":"{{id}}","interval":{"start":"2026-06-01T00:00:00.000Z","end":"{{end}}"},"fields":["traffic.referrer_category_name","traffic.sessions_count"],"totalsIncluded":true{{more}}}""";
        var answer = (await Wix(models + "/query-data", token, Ask("2026-06-02T00:00:00.000Z"))).Json;
        answer["results"]!.AsArray().Count.ShouldBe(3);
        var sessions = answer["results"]!.AsArray().Sum(row => (int)row!["fields"]!["traffic.sessions_count"]!["numericValue"]!);
        ((int)answer["totals"]!["fields"]!["traffic.sessions_count"]!["numericValue"]!).ShouldBe(sessions);
        var twoDays = (await Wix(models + "/query-data", token, Ask("2026-06-02T00:00:00.001Z"))).Json;
        ((int)twoDays["totals"]!["fields"]!["traffic.sessions_count"]!["numericValue"]!).ShouldBeGreaterThan(sessions, "the end is not part of the interval");
        (await Wix(models + "/query-data", token, Ask("2026-06-02T00:00:00.000Z", ",\"paging\":{\"limit\":2,\"offset\":2}"))).Json["pagingMetadata"]!["count"]!.GetValue<int>().ShouldBe(1);
        ((string)(await Wix("/site-properties/v4/properties?fields.paths=timeZone", token)).Json["properties"]!["timeZone"]!).ShouldBe("America/New_York");
        var info = (await Wix("/oauth2/token-info", null, $$"""{"token":"{{token}}"}""")).Json;
        ((bool)info["active"]!, (string)info["clientId"]!, (string)info["instanceId"]!).ShouldBe((true, "shop", "0f8a7c1e-0000-4000-8000-616c69636520"));
        ((bool)(await Wix("/oauth2/token-info", null, """{"token":"none"}""")).Json["active"]!).ShouldBeFalse();
    }

    [Theory]
    [InlineData("""{"semanticModelId":"none"}""", 404, "SEMANTIC_MODEL_NOT_FOUND"), InlineData("""{"semanticModelId":"ID","fields":["traffic.sessions_count"]}""", 400, "interval")]
    [InlineData("""{"semanticModelId":"ID","interval":{"start":"2026-06-01","end":"2026-06-02"}}""", 400, "fields"), InlineData("""{"semanticModelId":"ID","interval":{"start":"2026-06-01","end":"2026-06-02"},"fields":["x"]}""", 400, "fieldIsInvalid")]
    [InlineData("""{"semanticModelId":"ID","interval":{"start":"2026-06-01","end":"2026-06-02"},"fields":["traffic.sessions_count"],"paging":{"limit":1001}}""", 400, "paging")]
    public async Task Wix_refuses_as_it_does(string body, int status, string word)
    {
        var token = await Token("wix_oauth_legacy", "");
        var reply = await Wix("/analytics/semantic-model/v3/semantic-models/query-data", token, body.Replace("ID", "cad7fd34-0000-4000-8000-000000000001", StringComparison.Ordinal));
        ((int)reply.Status).ShouldBe(status, reply.Body);
        reply.Body.ShouldContain($"\"{word}\"");
        reply.Headers.Contains("X-Wix-Request-Id").ShouldBeTrue();
        ((string)(await Wix("/apps/v1/instance", "no-token")).Json["message"]!).ShouldBe("UNAUTHENTICATED");
    }
}
