namespace OnboardingApp;

/// <summary>A calendar of the user.</summary>
public sealed record CalendarEntry(string Summary, string TimeZone);

/// <summary>Google's Calendar API.</summary>
public sealed class Calendars(HttpClient http)
{
    /// <summary>All calendars, page after page.</summary>
    public async Task<IReadOnlyList<CalendarEntry>> All(CancellationToken cancellation)
    {
        var calendars = new List<CalendarEntry>();
        string? next = null;
        do
        {
            var page = (await http.GetFromJsonAsync<CalendarList>($"calendar/v3/users/me/calendarList?pageToken={Uri.EscapeDataString(next ?? "")}", cancellation))!;
            calendars.AddRange(page.Items);
            next = page.NextPageToken;
        }
        while (next is not null);
        return calendars;
    }

    private sealed record CalendarList(IReadOnlyList<CalendarEntry> Items, string? NextPageToken);
}
