using System.Text.Json.Serialization;

namespace Embedded;

public sealed record CalendarEvent(string Title, [property: JsonPropertyName("starts_at")] DateTimeOffset StartsAt);

#region snippet embedding.client
/// <summary>The provider's API. It knows nothing of tokens.</summary>
public sealed class Calendar(HttpClient http)
{
    public async Task<IReadOnlyList<CalendarEvent>> Events(CancellationToken cancellation) =>
        (await http.GetFromJsonAsync<EventList>("api/calendar/events", cancellation))!.Items;

    private sealed record EventList(IReadOnlyList<CalendarEvent> Items);
}
#endregion
