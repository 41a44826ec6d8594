using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>Figures of what people own, each in its platform's own form, with the refusals that its documentation names.</summary>
internal sealed partial class PlatformApis
{
    private const int LargestSearchPage = 25_000;
    private const int SearchPage = 1_000;

    /// <summary>Days at the end for which there are no figures yet.</summary>
    private const int Lag = 2;

    private static readonly string[] SearchDimensions = ["date", "query", "page", "country", "device"];
    private static readonly string[] Queries = ["buy plants", "plant shop", "repotting"];
    private static readonly string[] Metrics = ["views", "estimatedMinutesWatched", "likes", "comments", "subscribersGained", "subscribersLost"];
    private static readonly string[] Countries = ["DE", "US"];

    /// <summary>What was searched on one day.</summary>
    private sealed record SearchCell(DateOnly Day, int Query, int Clicks, int Impressions);

    private void MapGoogleFigures(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/webmasters/v3/sites/{site}/searchAnalytics/query", async http =>
        {
            var asked = await ReadObject(http);
            await Asked(http, Google("webmasters.readonly", "webmasters"), GoogleRefusal, (_, person) =>
                SearchAnalytics(Uri.UnescapeDataString((string)http.Request.RouteValues["site"]!), asked, person));
        });
        routes.MapGet("/v2/reports", http => Asked(http, Google("yt-analytics.readonly"), GoogleRefusal, (_, person) => ChannelReport(http.Request.Query, person)));
    }

    private void MapBingFigures(IEndpointRouteBuilder routes)
    {
        void Stats(string method, Func<string, JsonArray> rows) => routes.MapGet($"/webmaster/api.svc/json/{method}", http =>
            Asked(http, ["webmaster.read", "webmaster.manage"], BingRefusal, (_, person) => OfBingSite(http, person, site => new JsonObject { ["d"] = rows(site) })));
        Stats("GetQueryStats", site => Weekly(site, Queries, "QueryStats"));
        Stats("GetPageStats", site => Weekly(site, [site, site + "about"], "QueryStats"));
        Stats("GetRankAndTrafficStats", site => new JsonArray([.. Figures.Days(Today.AddDays(-30), Today.AddDays(-1)).Select(day => new JsonObject
        {
            ["__type"] = "RankAndTrafficStats:#Microsoft.Bing.Webmaster.Api", ["Clicks"] = Figures.Of(site, day, 40), ["Date"] = WcfDate(day), ["Impressions"] = 40 + Figures.Of(site + "#", day, 400),
        })]));
        routes.MapGet("/webmaster/api.svc/json/GetUrlSubmissionQuota", http => Asked(http, ["webmaster.read", "webmaster.manage"], BingRefusal, (_, person) => OfBingSite(http, person, _ => new JsonObject
        {
            ["d"] = new JsonObject { ["__type"] = "UrlSubmissionQuota:#Microsoft.Bing.Webmaster.Api", ["DailyQuota"] = 5, ["MonthlyQuota"] = 24 },
        })));
    }

    private void MapWordPressFigures(IEndpointRouteBuilder routes)
    {
        void Stats(string name, Func<HttpContext, string, Answer> answer) => routes.MapGet($"/rest/v1.1/sites/{{site}}/stats/{name}", http =>
            Asked(http, ["stats", "global"], WordPressRefusal, (_, person) => OfBlog((string)http.Request.RouteValues["site"]!, person, blog => answer(http, blog))));
        Stats("visits", Visits);
        Stats("summary", (http, blog) => OnDay(http, day => new JsonObject
        {
            ["date"] = Written(day), ["period"] = "day", ["views"] = Figures.Of(blog, day, 900), ["visitors"] = Figures.Of(blog + "v", day, 400), ["likes"] = Figures.Of(blog + "l", day, 30),
            ["reblogs"] = 0, ["comments"] = Figures.Of(blog + "c", day, 9), ["followers"] = 1032,
        }));
        Stats("top-posts", (http, blog) => OnDay(http, day => new JsonObject
        {
            ["date"] = Written(day), ["period"] = "day",
            ["days"] = new JsonObject
            {
                [Written(day)] = new JsonObject
                {
                    ["postviews"] = new JsonArray([.. Enumerable.Range(1, 3).Select(n => new JsonObject
                    {
                        ["id"] = 2390 + n, ["href"] = $"https://blog.example.com/{n}", ["title"] = $"Post {n}", ["type"] = "post", ["views"] = Figures.Of($"{blog}/{n}", day, 150),
                    })]),
                    ["total_views"] = Enumerable.Range(1, 3).Sum(n => Figures.Of($"{blog}/{n}", day, 150)),
                },
            },
        }));
    }

    private DateOnly Today => DateOnly.FromDateTime(state.Clock.GetUtcNow().UtcDateTime);

    private static (string Url, string Permission) SearchSite(int n) => (n == 2 ? "sc-domain:example.com" : $"https://site{n}.example.com/", n == 5 ? "siteUnverifiedUser" : "siteOwner");

    private Answer SearchAnalytics(string site, JsonObject? asked, Person person)
    {
        if (!Enumerable.Range(1, PlatformData.CountOf(person)).Select(SearchSite).Any(own => own.Url == site && own.Permission == "siteOwner"))
            return GoogleFault(StatusCodes.Status403Forbidden, "forbidden", $"User does not have sufficient permission for site '{site}'. See also: https://support.google.com/webmasters/answer/2451999.");
        string[]? dimensions = asked?["dimensions"] is null ? [] : asked["dimensions"] is JsonArray several ? [.. several.Select(TextOf)] : null;
        var (limit, start) = (NumberOf(asked?["rowLimit"], SearchPage), NumberOf(asked?["startRow"], 0));
        if (Figures.Day(TextOf(asked?["startDate"])) is not { } first || Figures.Day(TextOf(asked?["endDate"])) is not { } last || last < first
            || dimensions is null || dimensions.Except(SearchDimensions).Any() || limit is < 1 or > LargestSearchPage || start < 0)
            return GoogleFault(StatusCodes.Status400BadRequest, "invalidParameter", "Request contains an invalid argument.");

        var final = Figures.PacificToday(state.Clock).AddDays(-Lag);
        var cells = Figures.Days(first, last < final ? last : final).SelectMany(day => Queries.Select((name, query) =>
        {
            var clicks = Figures.Of($"{site} {name}", day, 40);
            return new SearchCell(day, query, clicks, (clicks * 8) + Figures.Of($"{site} {name} seen", day, 200));
        }));
        var groups = cells.GroupBy(cell => string.Join('\n', dimensions.Select(dimension => SearchKey(dimension, cell, site))));
        var sorted = dimensions.Contains("date") ? groups.OrderBy(group => group.First().Day) : groups.OrderByDescending(group => group.Sum(cell => cell.Clicks));
        var rows = sorted.ThenBy(group => group.Key, StringComparer.Ordinal).Skip(start).Take(limit).Select(group => new JsonObject
        {
            ["keys"] = dimensions.Length == 0 ? null : new JsonArray([.. group.Key.Split('\n').Select(key => JsonValue.Create(key))]),
            ["clicks"] = group.Sum(cell => cell.Clicks), ["impressions"] = group.Sum(cell => cell.Impressions),
            ["ctr"] = (double)group.Sum(cell => cell.Clicks) / group.Sum(cell => cell.Impressions), ["position"] = group.Average(cell => 3.5 + cell.Query),
        }).ToList();
        if (dimensions.Length == 0) rows.ForEach(row => row.Remove("keys"));
        // Where there is nothing, there is no list.
        var body = rows.Count == 0 ? [] : new JsonObject { ["rows"] = new JsonArray([.. rows]) };
        body["responseAggregationType"] = dimensions.Contains("page") ? "byPage" : "byProperty";
        return Answer.Json(body);
    }

    private static string SearchKey(string dimension, SearchCell cell, string site) => dimension switch
    {
        "date" => Written(cell.Day),
        "query" => Queries[cell.Query],
        "page" => $"{(site.StartsWith("sc-domain:", StringComparison.Ordinal) ? $"https://{site[10..]}/" : site)}{(cell.Query == 0 ? "" : "shop")}",
        "country" => cell.Query == 2 ? "usa" : "deu",
        _ => cell.Query == 1 ? "MOBILE" : "DESKTOP",
    };

    private Answer ChannelReport(IQueryCollection query, Person person)
    {
        var (metrics, dimensions) = (Split(query["metrics"]), Split(query["dimensions"]));
        if (metrics.Any(metric => metric.Contains("Revenue", StringComparison.OrdinalIgnoreCase)))
            return GoogleFault(StatusCodes.Status403Forbidden, "forbidden", "Forbidden");
        var channel = $"UC{person.Subject}0000000000000000";
        if (query["ids"].ToString() is not "channel==MINE" && query["ids"] != $"channel=={channel}")
            return GoogleFault(StatusCodes.Status403Forbidden, "forbidden", "Forbidden");
        if (Figures.Day(query["startDate"]) is not { } first || Figures.Day(query["endDate"]) is not { } last || last < first
            || metrics.Length == 0 || metrics.Except(Metrics).Any() || dimensions.Except(["day", "country"]).Any())
            return GoogleFault(StatusCodes.Status400BadRequest, "badRequest", "The query is not supported.");

        var final = Figures.PacificToday(state.Clock).AddDays(-Lag);
        var cells = Figures.Days(first, last < final ? last : final).SelectMany(day => Countries.Select(country => (Day: day, Country: country)));
        var rows = cells.GroupBy(cell => string.Join('\n', dimensions.Select(dimension => dimension == "day" ? Written(cell.Day) : cell.Country)))
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new JsonArray([
                .. dimensions.Length == 0 ? [] : group.Key.Split('\n').Select(key => (JsonNode)key),
                .. metrics.Select(metric => (JsonNode)group.Sum(cell => Figures.Of($"{channel} {metric} {cell.Country}", cell.Day, 900)))])).ToList();
        var columns = dimensions.Select(name => (name, Kind: "DIMENSION", Type: "STRING")).Concat(metrics.Select(name => (name, Kind: "METRIC", Type: "INTEGER")));
        var body = new JsonObject
        {
            ["kind"] = "youtubeAnalytics#resultTable",
            ["columnHeaders"] = new JsonArray([.. columns.Select(column => new JsonObject { ["name"] = column.name, ["columnType"] = column.Kind, ["dataType"] = column.Type })]),
        };
        if (rows.Count > 0) body["rows"] = new JsonArray([.. rows]);
        return Answer.Json(body);
    }

    /// <summary>Figures of a site that is the person's and verified; else one of Bing's numbered refusals.</summary>
    private static Answer OfBingSite(HttpContext http, Person person, Func<string, JsonObject> body)
    {
        var site = http.Request.Query["siteUrl"].ToString();
        if (!Uri.TryCreate(site, UriKind.Absolute, out _))
            return Answer.Json(new JsonObject { ["ErrorCode"] = 7, ["Message"] = "InvalidUrl" }, StatusCodes.Status400BadRequest);
        return Enumerable.Range(1, PlatformData.CountOf(person)).Any(n => n != 5 && $"https://site{n}.example.com/" == site)
            ? Answer.Json(body(site))
            : Answer.Json(new JsonObject { ["ErrorCode"] = 14, ["Message"] = "NotAuthorized" }, StatusCodes.Status400BadRequest);
    }

    private JsonArray Weekly(string site, string[] names, string type) => new([.. Enumerable.Range(1, 8).Select(week => Today.AddDays(-(int)Today.DayOfWeek - (7 * week))).SelectMany(day => names.Select(name => new JsonObject
    {
        ["__type"] = $"{type}:#Microsoft.Bing.Webmaster.Api", ["AvgClickPosition"] = Figures.Of(name, day, 20), ["AvgImpressionPosition"] = Figures.Of(name + "#", day, 20),
        ["Clicks"] = Figures.Of($"{site} {name}", day, 40), ["Date"] = WcfDate(day), ["Impressions"] = 40 + Figures.Of($"{site} {name}#", day, 400), ["Query"] = name,
    }))]);

    /// <summary>A date as WCF writes it: milliseconds in UTC, and an offset that changes nothing.</summary>
    private static string WcfDate(DateOnly day) =>
        $"/Date({new DateTimeOffset(day.ToDateTime(new TimeOnly(7, 0)), TimeSpan.Zero).ToUnixTimeMilliseconds()}-0700)/";

    /// <summary>Figures of a blog that is the person's, by number or name; the fifth may not be looked at.</summary>
    private static Answer OfBlog(string site, Person person, Func<string, Answer> answer)
    {
        var number = Enumerable.Range(1, PlatformData.CountOf(person)).FirstOrDefault(n => site == $"{PlatformData.BlogOf(person) + n}" || site == $"{person.Subject}{n}.wordpress.com");
        return number switch
        {
            0 => Answer.Json(new JsonObject { ["error"] = "unknown_blog", ["message"] = "Unknown blog" }, StatusCodes.Status404NotFound),
            5 => Answer.Json(new JsonObject { ["error"] = "unauthorized", ["message"] = "User cannot view stats" }, StatusCodes.Status403Forbidden),
            _ => answer($"{person.Subject}{number}"),
        };
    }

    private Answer Visits(HttpContext http, string blog)
    {
        var (unit, quantity) = (http.Request.Query["unit"].ToString(), http.Request.Query["quantity"].ToString() is { Length: > 0 } text ? text : "30");
        if (unit is not ("" or "day") || !int.TryParse(quantity, NumberStyles.None, CultureInfo.InvariantCulture, out var days) || days is < 1 or > 365)
            return Answer.Json(new JsonObject { ["error"] = "invalid_input", ["message"] = "unit must be day, quantity 1 to 365." }, StatusCodes.Status400BadRequest);
        return OnDay(http, day => new JsonObject
        {
            ["date"] = Written(day), ["unit"] = "day",
            ["fields"] = new JsonArray("period", "views", "visitors", "likes", "reblogs", "comments", "posts"),
            ["data"] = new JsonArray([.. Figures.Days(day.AddDays(1 - days), day).Select(one => new JsonArray(
                Written(one), Figures.Of(blog, one, 900), Figures.Of(blog + "v", one, 400), Figures.Of(blog + "l", one, 30), 0, Figures.Of(blog + "c", one, 9), 0))]),
        });
    }

    private Answer OnDay(HttpContext http, Func<DateOnly, JsonObject> body)
    {
        var text = http.Request.Query["date"].ToString();
        DateOnly? day = text.Length == 0 ? Today : Figures.Day(text);
        return day is { } known ? Answer.Json(body(known)) : Answer.Json(new JsonObject { ["error"] = "invalid_input", ["message"] = "date must be YYYY-MM-DD." }, StatusCodes.Status400BadRequest);
    }

    private static Answer GoogleFault(int status, string reason, string message) => Answer.Json(
        new JsonObject
        {
            ["error"] = new JsonObject
            {
                ["code"] = status, ["message"] = message,
                ["errors"] = new JsonArray(new JsonObject { ["message"] = message, ["domain"] = "global", ["reason"] = reason }),
                ["status"] = status == StatusCodes.Status403Forbidden ? "PERMISSION_DENIED" : "INVALID_ARGUMENT",
            },
        },
        status);

    private static string Written(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string[] Split(string? list) => list?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static string TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    /// <summary>A whole number; -1 for something else.</summary>
    private static int NumberOf(JsonNode? node, int otherwise) => node is null ? otherwise : node is JsonValue value && value.TryGetValue<int>(out var number) ? number : -1;

    /// <summary>The body as a JSON object; nothing when it is none.</summary>
    internal static async Task<JsonObject?> ReadObject(HttpContext http)
    {
        try
        {
            return await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
