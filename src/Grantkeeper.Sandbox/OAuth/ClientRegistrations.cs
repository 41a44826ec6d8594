using System.Text.Json;

namespace Grantkeeper.Sandbox.OAuth;

/// <summary>The applications known to a platform.</summary>
public sealed class ClientRegistrations
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private readonly Dictionary<string, ClientRegistration> byId;

    /// <summary>Keeps checked registrations.</summary>
    /// <exception cref="ArgumentException">A registration is not usable; the message lists every fault.</exception>
    public ClientRegistrations(IReadOnlyList<ClientRegistration> clients)
    {
        var faults = Check(clients);
        if (faults.Count > 0) throw new ArgumentException(string.Join(' ', faults), nameof(clients));
        byId = clients.ToDictionary(client => client.ClientId, StringComparer.Ordinal);
    }

    /// <summary>All of them, by client id.</summary>
    public IReadOnlyList<ClientRegistration> All => [.. byId.Values.OrderBy(client => client.ClientId, StringComparer.Ordinal)];

    /// <summary>The client with this id, or none.</summary>
    public ClientRegistration? Find(string? clientId) => clientId is null ? null : byId.GetValueOrDefault(clientId);

    /// <summary>Reads a JSON array of registrations and says everything that is wrong with it.</summary>
    public static IReadOnlyList<ClientRegistration> Parse(string? json, out IReadOnlyList<string> faults)
    {
        faults = [];
        if (string.IsNullOrWhiteSpace(json)) return [];
        try
        {
            var clients = JsonSerializer.Deserialize<List<ClientRegistration>>(json, Json) ?? [];
            faults = Check(clients);
            return faults.Count > 0 ? [] : clients;
        }
        catch (JsonException fault)
        {
            faults = [$"SANDBOX_CLIENTS is not a JSON array of client registrations (line {fault.LineNumber}, byte {fault.BytePositionInLine})."];
            return [];
        }
    }

    private static List<string> Check(IReadOnlyList<ClientRegistration> clients)
    {
        var faults = new List<string>();
        foreach (var twice in clients.GroupBy(client => client?.ClientId).Where(group => group.Key is not null && group.Count() > 1))
            faults.Add($"client '{twice.Key}': registered twice.");
        foreach (var client in clients) Check(client, faults);
        return faults;
    }

    private static void Check(ClientRegistration? client, List<string> faults)
    {
        if (client is null || string.IsNullOrEmpty(client.ClientId))
        {
            faults.Add("a client has no client_id.");
            return;
        }

        if (!ClientAuthenticationMethods.All.Contains(client.TokenEndpointAuthMethod))
            faults.Add($"client '{client.ClientId}': token_endpoint_auth_method must be one of {string.Join(", ", ClientAuthenticationMethods.All)}.");
        else if (client.TokenEndpointAuthMethod == ClientAuthenticationMethods.None != string.IsNullOrEmpty(client.ClientSecret))
            faults.Add($"client '{client.ClientId}': a client_secret belongs to every method but none.");
        if (client.RedirectUris is not { Count: > 0 } || client.RedirectUris.Any(uri => !IsRedirectUri(uri)))
            faults.Add($"client '{client.ClientId}': redirect_uris must hold absolute http or https addresses without a fragment.");
    }

    private static bool IsRedirectUri(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
        && !text.Contains('#', StringComparison.Ordinal);
}
