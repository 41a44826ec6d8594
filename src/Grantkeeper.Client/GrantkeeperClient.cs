using System.Net.Http.Headers;
using System.Net.Mime;
using System.Text.Json;

namespace Grantkeeper.Client;

/// <summary>
/// Grantkeeper's operations over HTTP, one method each. An expected refusal, a broken connection and a late answer come back
/// as a <see cref="Problem"/>; the only exception is the caller's own cancellation. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Registered by <c>AddGrantkeeperClient</c>; without a container, use <see cref="Create"/>. The other files of this class hold
/// one area each: connect, tokens, integrations, administration.
/// </remarks>
public sealed partial class GrantkeeperClient : IDisposable
{
    private const int LargestAnswer = 8 * 1024 * 1024;
    private readonly HttpClient _http;
    private readonly bool _owned;

    /// <summary>Uses an <see cref="HttpClient"/> whose base address is Grantkeeper's and which sends the API key.</summary>
    /// <param name="http">The client; its timeout bounds each operation. It is not disposed here.</param>
    public GrantkeeperClient(HttpClient http)
        : this(http, owned: false)
    {
    }

    private GrantkeeperClient(HttpClient http, bool owned)
    {
        ArgumentNullException.ThrowIfNull(http);
        _http = http;
        _owned = owned;
    }

    /// <summary>A client without a container, for tools and scripts. Dispose it at the end.</summary>
    /// <param name="options">Address and key.</param>
    /// <exception cref="ArgumentException">The options cannot be used; the message lists every fault.</exception>
    public static GrantkeeperClient Create(GrantkeeperClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Faults() is { Count: > 0 } faults)
            throw new ArgumentException(string.Join("; ", faults) + ".", nameof(options));
        var http = new HttpClient(new ApiKeyHandler(options) { InnerHandler = NewPrimaryHandler() });
        Configure(http, options);
        return new GrantkeeperClient(http, owned: true);
    }

    /// <summary>Releases the connections of a client that <see cref="Create"/> made; otherwise nothing.</summary>
    public void Dispose()
    {
        if (_owned)
            _http.Dispose();
    }

    /// <summary>Never follows a redirect: Grantkeeper's API has none, and the key must not travel.</summary>
    internal static SocketsHttpHandler NewPrimaryHandler() => new()
    {
        AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(5),
    };

    internal static void Configure(HttpClient http, GrantkeeperClientOptions options)
    {
        var url = options.Url!.AbsoluteUri;
        http.BaseAddress = new Uri(url.EndsWith('/') ? url : url + "/");
        http.Timeout = options.Timeout;
        http.MaxResponseContentBufferSize = LargestAnswer;
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("Grantkeeper.Client", typeof(GrantkeeperClient).Assembly.GetName().Version!.ToString(3)));
        http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue(MediaTypeNames.Application.Json));
        http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue(MediaTypeNames.Application.ProblemJson));
    }

    private Task<Answer<T>> Get<T>(string path, CancellationToken cancellation) where T : class => Send<T>(HttpMethod.Get, path, null, cancellation);

    private Task<Answer<T>> Post<T>(string path, object body, CancellationToken cancellation) where T : class => Send<T>(HttpMethod.Post, path, body, cancellation);

    private Task<Answer<T>> Delete<T>(string path, CancellationToken cancellation) where T : class => Send<T>(HttpMethod.Delete, path, null, cancellation);

    /// <summary>Sends one request and reads its answer. Health answers are values with 503 too, hence <paramref name="alsoValue"/>.</summary>
    private async Task<Answer<T>> Send<T>(HttpMethod method, string path, object? body, CancellationToken cancellation, int alsoValue = 0) where T : class
    {
        try
        {
            using var request = new HttpRequestMessage(method, path);
            if (body is not null)
                request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), WireJson.Options))
                {
                    Headers = { ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Json) },
                };
            using var response = await _http.SendAsync(request, cancellation);
            var bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
            var status = (int)response.StatusCode;
            return response.IsSuccessStatusCode || status == alsoValue
                ? Read<T>(bytes) is { } value ? value : ClientErrors.Unreadable(status)
                : Read<WireProblem>(bytes) is { Code: not null } problem ? problem.ToProblem(status) : ClientErrors.Unreadable(status);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return ClientErrors.TooSlow(_http.Timeout);
        }
        catch (HttpRequestException exception)
        {
            return ClientErrors.NoConnection(JsonNamingPolicy.SnakeCaseLower.ConvertName(exception.HttpRequestError.ToString()));
        }
    }

    /// <summary>Sends one request and gives its body while it comes; the client's timeout covers the time until the answer begins.</summary>
    private async Task<Answer<Stream>> Open(string path, CancellationToken cancellation)
    {
        HttpResponseMessage? response = null;
        try
        {
            response = await _http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (response.IsSuccessStatusCode)
                return await response.Content.ReadAsStreamAsync(cancellation);
            var problem = Read<WireProblem>(await response.Content.ReadAsByteArrayAsync(cancellation));
            var status = (int)response.StatusCode;
            response.Dispose();
            return problem is { Code: not null } ? problem.ToProblem(status) : ClientErrors.Unreadable(status);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            response?.Dispose();
            return ClientErrors.TooSlow(_http.Timeout);
        }
        catch (HttpRequestException exception)
        {
            response?.Dispose();
            return ClientErrors.NoConnection(JsonNamingPolicy.SnakeCaseLower.ConvertName(exception.HttpRequestError.ToString()));
        }
    }

    private static T? Read<T>(byte[] bytes) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(bytes, WireJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A path with its query; parameters without a value are left out.</summary>
    private static string At(string path, params ReadOnlySpan<(string Name, string? Value)> query)
    {
        var text = path;
        var separator = '?';
        foreach (var (name, value) in query)
        {
            if (value is null)
                continue;
            text += $"{separator}{name}={Uri.EscapeDataString(value)}";
            separator = '&';
        }

        return text;
    }

    /// <summary>One segment of a path. What an address cannot hold becomes a name that nothing has, so that the server says so.</summary>
    private static string Segment(string value) => value is "" or "." or ".." ? "-" : Uri.EscapeDataString(value);

    private static string? Words(IReadOnlyList<string>? words) => words is { Count: > 0 } ? string.Join(' ', words) : null;
}
