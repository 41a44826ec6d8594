using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>An answer, read to its end.</summary>
internal sealed record FlowReply(HttpStatusCode Status, string Body, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, Uri Address)
{
    public System.Text.Json.Nodes.JsonNode Json => System.Text.Json.Nodes.JsonNode.Parse(Body)!;

    public string? Code => (string?)Json["code"];

    public Uri? Location => Headers.Location is null ? null : new Uri(Address, Headers.Location);

    public string Header(string name) => Headers.TryGetValues(name, out var values) || ContentHeaders.TryGetValues(name, out values) ? string.Join(", ", values) : "";

    /// <summary>Every header as one line each.</summary>
    public string HeaderText => string.Join('\n', Headers.Concat(ContentHeaders).Select(header => $"{header.Key}: {string.Join(", ", header.Value)}"));
}

/// <summary>A browser's share of a flow: cookies per host (ports do not matter), redirects on request.</summary>
internal sealed class FlowBrowser : IDisposable
{
    private static readonly SocketsHttpHandler Shared = new() { AllowAutoRedirect = false, UseCookies = false, MaxConnectionsPerServer = 512 };
    private readonly HttpMessageInvoker _http = new(Shared, disposeHandler: false);
    private readonly ConcurrentDictionary<(string Host, string Name), string> _cookies = [];

    /// <summary>Every answer that any browser of this process received, with the request that it is for.</summary>
    public static event Action<HttpRequestMessage, FlowReply>? Received;

    public IReadOnlyCollection<string> CookieNames => [.. _cookies.Keys.Select(key => key.Name)];

    public IReadOnlyCollection<string> CookieValues => [.. _cookies.Values];

    /// <summary>The user of the embedding application's own session; null when nobody is signed in.</summary>
    public string? SignedInAs { get; set; }

    /// <summary>Another browser with the same cookies.</summary>
    public FlowBrowser Copy()
    {
        var copy = new FlowBrowser();
        foreach (var (key, value) in _cookies)
            copy._cookies[key] = value;
        return copy;
    }

    /// <summary>Puts another value into every cookie that is set.</summary>
    public void SpoilCookies(string value)
    {
        foreach (var key in _cookies.Keys)
            _cookies[key] = value;
    }

    public async Task<FlowReply> Send(HttpRequestMessage request, CancellationToken cancellation = default)
    {
        var mine = _cookies.Where(cookie => cookie.Key.Host == request.RequestUri!.Host).Select(cookie => $"{cookie.Key.Name}={cookie.Value}").ToList();
        if (mine.Count > 0)
            request.Headers.TryAddWithoutValidation("Cookie", string.Join("; ", mine));
        if (SignedInAs is not null)
            request.Headers.TryAddWithoutValidation(FlowHost.UserHeader, SignedInAs);
        if (cancellation == CancellationToken.None)
            cancellation = TestContext.Current.CancellationToken;
        using var response = await _http.SendAsync(request, cancellation);
        var body = await response.Content.ReadAsStringAsync(cancellation);
        if (response.Headers.TryGetValues("Set-Cookie", out var set))
        {
            foreach (var cookie in set)
                Keep(request.RequestUri!.Host, cookie);
        }

        var reply = new FlowReply(response.StatusCode, body, response.Headers, response.Content.Headers, request.RequestUri!);
        Received?.Invoke(request, reply);
        return reply;
    }

    public Task<FlowReply> Open(Uri address) => Send(new HttpRequestMessage(HttpMethod.Get, address));

    public Task<FlowReply> Open(string address) => Open(new Uri(address));

    public Task<FlowReply> Post(string address, params (string Name, string Value)[] form) => Send(new HttpRequestMessage(HttpMethod.Post, address)
    {
        Content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value))),
    });

    /// <summary>Follows redirects until one leads to an address that begins as given, and returns that address unopened.</summary>
    public async Task<Uri> FollowUntil(string start, string prefix)
    {
        var address = new Uri(start);
        for (var hops = 0; hops < 20; hops++)
        {
            if (address.AbsoluteUri.StartsWith(prefix, StringComparison.Ordinal))
                return address;
            var reply = await Open(address);
            address = reply.Location ?? throw new InvalidOperationException($"{address.GetLeftPart(UriPartial.Path)} answered {(int)reply.Status} and leads nowhere: {reply.Body}");
        }

        throw new InvalidOperationException("Too many redirects.");
    }

    public void Dispose() => _http.Dispose();

    private void Keep(string host, string cookie)
    {
        var pair = cookie.Split(';')[0].Split('=', 2);
        if (cookie.Contains("expires=Thu, 01 Jan 1970", StringComparison.OrdinalIgnoreCase))
            _cookies.TryRemove((host, pair[0]), out _);
        else
            _cookies[(host, pair[0])] = pair[1];
    }
}
