using System.Globalization;
using System.Text.Json.Serialization;

namespace OnboardingApp;

/// <summary>How often a site was shown and opened on one day.</summary>
public sealed record DayFigures(DateOnly Day, int Clicks, int Impressions);

/// <summary>The figures of one site.</summary>
public sealed record SiteFigures(string Site, IReadOnlyList<DayFigures> Days);

/// <summary>Google's Search Console API. It knows nothing of tokens: the client that it is given goes through the user's account.</summary>
public sealed class SearchConsole(HttpClient http, TimeProvider time)
{
    private const int Days = 14;

    /// <summary>The last two weeks of the user's first site; null when the user has none.</summary>
    public async Task<SiteFigures?> Figures(CancellationToken cancellation)
    {
        var sites = await http.GetFromJsonAsync<SiteList>("webmasters/v3/sites", cancellation);
        if (sites?.Entries?.FirstOrDefault(site => site.Permission != "siteUnverifiedUser") is not { } site)
            return null;
        // There are no figures of the last days yet.
        var last = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(-3);
        using var response = await http.PostAsJsonAsync(
            $"webmasters/v3/sites/{Uri.EscapeDataString(site.Url)}/searchAnalytics/query", new { startDate = Text(last.AddDays(1 - Days)), endDate = Text(last), dimensions = new[] { "date" } }, cancellation);
        response.EnsureSuccessStatusCode();
        var rows = (await response.Content.ReadFromJsonAsync<RowList>(cancellation))?.Rows ?? [];
        return new SiteFigures(site.Url, [.. rows.Select(row => new DayFigures(DateOnly.ParseExact(row.Keys[0], "yyyy-MM-dd", CultureInfo.InvariantCulture), (int)row.Clicks, (int)row.Impressions))]);
    }

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private sealed record SiteList([property: JsonPropertyName("siteEntry")] IReadOnlyList<Site>? Entries);

    private sealed record Site([property: JsonPropertyName("siteUrl")] string Url, [property: JsonPropertyName("permissionLevel")] string Permission);

    private sealed record RowList(IReadOnlyList<Row>? Rows);

    private sealed record Row(IReadOnlyList<string> Keys, double Clicks, double Impressions);
}
