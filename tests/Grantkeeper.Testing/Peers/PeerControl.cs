using System.Net.Http.Json;
using System.Text.Json;

namespace Grantkeeper.Testing.Peers;

/// <summary>The line on which a test commands a peer, apart from the traffic under test.</summary>
internal sealed class PeerControl(Uri address) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address };

    public async Task<T> Get<T>(string path, CancellationToken cancellationToken) =>
        (await _http.GetFromJsonAsync<T>(path, Json, cancellationToken))!;

    public async Task Send(string path, object body, CancellationToken cancellationToken)
    {
        using var answer = await _http.PostAsJsonAsync(path, body, Json, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public void Dispose() => _http.Dispose();
}
