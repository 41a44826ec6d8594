using System.Net;

namespace Grantkeeper.Testing.Peers;

/// <summary>A person with a browser that knows only cookies and redirects: enough to walk through an authorization without pages.</summary>
public sealed class PeerUser : IDisposable
{
    private const int RedirectsAllowed = 20;

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, CookieContainer = new CookieContainer() });

    /// <summary>Follows redirects from one URL up to, and without opening, the first that lies under another one.</summary>
    /// <param name="start">Where to begin, usually the authorization URL.</param>
    /// <param name="until">What the awaited URL begins with, usually the redirect URI.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The whole awaited URL, with code or error in its query.</returns>
    /// <exception cref="InvalidOperationException">A page came instead of a redirect; the message quotes it.</exception>
    public async Task<Uri> FollowUntil(Uri start, string until, CancellationToken cancellationToken = default)
    {
        var next = start;
        for (var hop = 0; hop < RedirectsAllowed; hop++)
        {
            if (next.AbsoluteUri.StartsWith(until, StringComparison.Ordinal))
                return next;
            using var answer = await _http.GetAsync(next, cancellationToken);
            var page = await answer.Content.ReadAsStringAsync(cancellationToken);
            if (answer.Headers.Location is not { } location)
                throw new InvalidOperationException($"{next.GetLeftPart(UriPartial.Path)} answered {(int)answer.StatusCode} and did not redirect:\n{page}");
            next = new Uri(next, location);
        }

        throw new InvalidOperationException($"{RedirectsAllowed} redirects did not lead to {until}.");
    }

    /// <summary>Forgets the cookies.</summary>
    public void Dispose() => _http.Dispose();
}
