using System.Net;
using System.Net.Http.Headers;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>An answer, read to its end.</summary>
internal sealed record FlowReply(HttpStatusCode Status, string Body, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders, Uri Address)
{
    public System.Text.Json.Nodes.JsonNode Json => System.Text.Json.Nodes.JsonNode.Parse(Body)!;

    public string? Code => (string?)Json["code"];

    public Uri? Location => Headers.Location is null ? null : new Uri(Address, Headers.Location);

    public string Header(string name) => Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : "";
}

/// <summary>A browser's share of a flow: cookies per host (ports do not matter), redirects on request.</summary>
internal sealed class FlowBrowser : IDisposable
{
    private static readonly SocketsHttpHandler Shared = new() { AllowAutoRedirect = false, UseCookies = false, MaxConnectionsPerServer = 512 };
    private readonly HttpMessageInvoker _http = new(Shared, disposeHandler: false);
    private readonly Dictionary<(string Host, string Name), string> _cookies = [];

    public IReadOnlyCollection<string> CookieNames => [.. _cookies.Keys.Select(key => key.Name)];

    public async Task<FlowReply> Send(HttpRequestMessage request)
    {
        var mine = _cookies.Where(cookie => cookie.Key.Host == request.RequestUri!.Host).Select(cookie => $"{cookie.Key.Name}={cookie.Value}").ToList();
        if (mine.Count > 0)
            request.Headers.TryAddWithoutValidation("Cookie", string.Join("; ", mine));
        using var response = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        if (response.Headers.TryGetValues("Set-Cookie", out var set))
        {
            foreach (var cookie in set)
                Keep(request.RequestUri!.Host, cookie);
        }

        return new FlowReply(response.StatusCode, body, response.Headers, response.Content.Headers, request.RequestUri!);
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
            _cookies.Remove((host, pair[0]));
        else
            _cookies[(host, pair[0])] = pair[1];
    }
}
