using System.Net.Http.Json;
using Grantkeeper.Client;

namespace Worker;

public sealed record CalendarEvent(string Title);

#region snippet client.for-user
/// <summary>The provider's API; a worker says for each call whose account it goes through.</summary>
public sealed class Calendar(HttpClient http)
{
    public async Task<IReadOnlyList<CalendarEvent>> Events(string userId, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/calendar/events").ForUser(userId);
        using var response = await http.SendAsync(request, cancellation);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<EventList>(cancellation))!.Items;
    }

    private sealed record EventList(IReadOnlyList<CalendarEvent> Items);
}
#endregion
