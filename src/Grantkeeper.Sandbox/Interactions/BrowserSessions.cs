using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Interactions;

/// <summary>Which browser is signed in as whom, and which pages it has open.</summary>
internal sealed class BrowserSessions(TimeProvider clock)
{
    private const string CookieName = "grantkeeper_sandbox";
    private const int MostOpen = 10_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Person> signedIn = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Interaction> open = new(StringComparer.Ordinal);

    /// <summary>The person that the browser is signed in as, or nobody.</summary>
    public Person? WhoIs(HttpRequest request)
    {
        lock (gate) return request.Cookies[CookieName] is { } browser ? signedIn.GetValueOrDefault(browser) : null;
    }

    /// <summary>Begins the pages for a request, in this browser.</summary>
    public Interaction Begin(HttpContext http, AuthorizationRequest request, Person? person)
    {
        var browser = http.Request.Cookies[CookieName];
        if (string.IsNullOrEmpty(browser))
        {
            browser = Opaque.New("");
            http.Response.Cookies.Append(CookieName, browser, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, IsEssential = true });
        }

        var now = clock.GetUtcNow();
        var interaction = new Interaction(Opaque.New(""), Opaque.New(""), browser, request, person, now + Patience);
        lock (gate)
        {
            foreach (var old in open.Values.Where(other => other.ExpiresAt <= now).ToList()) open.Remove(old.Id);
            if (open.Count >= MostOpen) open.Remove(open.Values.MinBy(other => other.ExpiresAt)!.Id);
            open[interaction.Id] = interaction;
        }

        return interaction;
    }

    /// <summary>The open interaction of this browser, or null.</summary>
    public Interaction? Find(HttpRequest request, string? id)
    {
        lock (gate)
        {
            return id is not null && open.TryGetValue(id, out var found)
                && found.Browser == request.Cookies[CookieName] && found.ExpiresAt > clock.GetUtcNow() ? found : null;
        }
    }

    /// <summary>The same, for a form that must also carry the antiforgery value.</summary>
    public Interaction? Find(HttpRequest request, IFormCollection form) =>
        Find(request, form["interaction"].ToString()) is { } found && found.Antiforgery == form["antiforgery"].ToString() ? found : null;

    /// <summary>Signs the browser in as somebody and goes on.</summary>
    public void Choose(Interaction interaction, Person person)
    {
        lock (gate)
        {
            signedIn[interaction.Browser] = person;
            open[interaction.Id] = interaction with { Person = person };
        }
    }

    /// <summary>Ends an interaction. False if another request ended it first.</summary>
    public bool End(Interaction interaction)
    {
        lock (gate) return open.Remove(interaction.Id);
    }

    /// <summary>Forgets everybody.</summary>
    public void Clear()
    {
        lock (gate)
        {
            signedIn.Clear();
            open.Clear();
        }
    }
}
