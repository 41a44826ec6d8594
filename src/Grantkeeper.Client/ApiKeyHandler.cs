using System.Net;
using System.Net.Http.Headers;

namespace Grantkeeper.Client;

/// <summary>Sends the API key, and takes a new one from its file when the server refuses the old.</summary>
internal sealed class ApiKeyHandler(string? key, string? file) : DelegatingHandler
{
    private string? _key = key;

    public ApiKeyHandler(GrantkeeperClientOptions options) : this(options.ApiKey, options.ApiKeyFile)
    {
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var used = _key ??= ReadKey();
        var response = await Send(request, used, cancellationToken);
        // A refused request did nothing, so it may be sent again whatever it is; its content is always buffered text.
        if (response.StatusCode != HttpStatusCode.Unauthorized || file is null || ReadKey() is not { } newer || newer == used)
            return response;
        response.Dispose();
        _key = newer;
        return await Send(request, newer, cancellationToken);
    }

    private Task<HttpResponseMessage> Send(HttpRequestMessage request, string? used, CancellationToken cancellation)
    {
        request.Headers.Authorization = used is null ? null : new AuthenticationHeaderValue("Bearer", used);
        return base.SendAsync(request, cancellation);
    }

    private string? ReadKey() => file is { Length: > 0 } ? ApiKeyText.ReadFile(file) : null;
}
