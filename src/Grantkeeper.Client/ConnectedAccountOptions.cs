namespace Grantkeeper.Client;

/// <summary>How an <see cref="HttpClient"/> goes through connected accounts. Every fault is reported at once when the host starts.</summary>
public sealed class ConnectedAccountOptions
{
    /// <summary>The provider's key, for example <c>google</c>. Required.</summary>
    public string Provider { get; set; } = "";

    /// <summary>Scopes without which no request is sent. Default: none are asked for.</summary>
    public IList<string> Scopes { get; } = [];

    /// <summary>How long a token must be good for when a request starts. 0 to 1 hour, default 60 seconds.</summary>
    public TimeSpan MinTtl { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The application's own page where a user connects an account, for example <c>/settings/accounts</c>. When set, it is the
    /// link of every refusal; else the link is Grantkeeper's page for connecting the account again, when there is one.
    /// </summary>
    public string? ConnectUrl { get; set; }

    /// <summary>Every fault of these settings; empty when they can be used.</summary>
    public IReadOnlyList<string> Faults()
    {
        var faults = new List<string>();
        if (string.IsNullOrWhiteSpace(Provider))
            faults.Add("the provider's key is missing");
        if (Scopes.Any(scope => string.IsNullOrEmpty(scope) || scope.Any(char.IsWhiteSpace)))
            faults.Add("a scope is empty or holds a blank; pass each scope on its own");
        if (MinTtl < TimeSpan.Zero || MinTtl > TimeSpan.FromHours(1))
            faults.Add("MinTtl must be between 0 and 1 hour");
        return faults;
    }
}
