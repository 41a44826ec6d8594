using System.Text.Json.Serialization;

namespace Grantkeeper.Client;

/// <summary>How to reach Grantkeeper. Every fault is reported at once when the host starts.</summary>
public sealed class GrantkeeperClientOptions
{
    /// <summary>Grantkeeper's address, for example <c>https://connect.example.com</c>. Required; https, or http on loopback and in private networks that you trust (<see cref="AllowHttp"/>).</summary>
    public Uri? Url { get; set; }

    /// <summary>The API key (<c>gk_live_…</c>). This or <see cref="ApiKeyFile"/> is required.</summary>
    [JsonIgnore]
    public string? ApiKey { get; set; }

    /// <summary>A file that holds the API key alone, for example a mounted secret. Read at the first request, and again when the server refuses the key, so that it can be rotated in place.</summary>
    public string? ApiKeyFile { get; set; }

    /// <summary>Allows plain http to a host other than loopback, for a network that encrypts itself. Default false: the key and the tokens would cross it in the clear.</summary>
    public bool AllowHttp { get; set; }

    /// <summary>How long an operation may take. The server itself waits up to 10 seconds for a refresh. 1 second to 5 minutes, default 15 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Every fault of these settings; empty when they can be used.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        if (Url is null)
            faults.Add("Url is missing: set it to Grantkeeper's address, for example https://connect.example.com");
        else if (!Url.IsAbsoluteUri || Url.Scheme is not ("https" or "http") || Url.UserInfo.Length > 0 || Url.Query.Length > 0 || Url.Fragment.Length > 0)
            faults.Add("Url must be an absolute http or https address without user, query and fragment");
        else if (Url.Scheme == "http" && !Url.IsLoopback && !AllowHttp)
            faults.Add("Url is plain http to another machine: use https, or set AllowHttp if the network encrypts itself");
        if (ApiKey is { Length: > 0 } && ApiKeyFile is { Length: > 0 })
            faults.Add("ApiKey and ApiKeyFile are both set: keep one");
        else if (string.IsNullOrEmpty(ApiKey) && string.IsNullOrEmpty(ApiKeyFile))
            faults.Add("ApiKey or ApiKeyFile is missing");
        else if (ApiKey is { Length: > 0 } key && !ApiKeyText.IsUsable(key))
            faults.Add("ApiKey must be printable ASCII without blanks");
        else if (ApiKeyFile is { Length: > 0 } && ApiKeyText.ReadFile(ApiKeyFile) is null)
            faults.Add("ApiKeyFile cannot be read, or does not hold a key alone (printable ASCII without blanks)");
        if (Timeout < TimeSpan.FromSeconds(1) || Timeout > TimeSpan.FromMinutes(5))
            faults.Add("Timeout must be between 1 second and 5 minutes");
        return faults;
    }
}
