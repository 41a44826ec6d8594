using Grantkeeper.Administration;
using Grantkeeper.Providers;

namespace Grantkeeper.Dashboard.Pages;

/// <summary>What the providers page shows.</summary>
public sealed record ProvidersModel(Notice? Notice, IReadOnlyList<ProviderCard> Providers);

/// <summary>What a refused form looked like; never its secret.</summary>
public sealed record RefusedClient(string Provider, string ClientId, IReadOnlyList<string> Faults);

/// <summary>One provider and our client there.</summary>
public sealed record ProviderCard(
    string Key, string DisplayName, string? Note, string Status, string Tone, string? ClientId, string Origin, bool IsEditable, bool IsStored, bool HasSecret, bool IsPublic,
    string? RedirectUri, string? ConsoleUrl, string? DocsUrl, IReadOnlyList<string> EnvironmentNames, IReadOnlyList<string> MissingSettings, IReadOnlyList<string> Warnings,
    DateTimeOffset? UpdatedAt, IReadOnlyList<string> Faults, bool IsOpen)
{
    internal static ProviderCard Of(ProviderSetup setup, RefusedClient? refused)
    {
        var provider = setup.Provider;
        var prefix = provider.Key.ToUpperInvariant();
        var mine = refused?.Provider == provider.Key ? refused : null;
        var (status, tone) = setup switch
        {
            { IsReady: true, Warnings.Count: 0 } => ("Configured", "good"),
            { IsReady: true } => ("Configured, look at it", "warn"),
            { Provider.IsConfigured: true } => ("Redirect URI not usable", "bad"),
            _ => ("Not configured", "warn"),
        };
        return new ProviderCard(
            provider.Key, provider.DisplayName, ProviderChoice.Of(provider, false).Note, status, tone,
            mine?.ClientId ?? (provider.Client.ClientId is { Length: > 0 } id ? id : null),
            provider.Origin switch
            {
                ClientOrigin.Environment => "Set by the environment. It is changed there, and wins over anything stored here.",
                ClientOrigin.Stored => "Stored here, its secret sealed.",
                _ => "",
            },
            setup.IsEditable, provider.Origin == ClientOrigin.Stored || setup.Stored is not null, !provider.Client.ClientSecret.IsEmpty, provider.IsPublicClient,
            setup.RedirectUri.IsSuccess ? setup.RedirectUri.Value : null, provider.Manifest.ConsoleUrl?.AbsoluteUri, provider.Manifest.DocsUrl,
            provider.IsPublicClient ? [$"{prefix}_CLIENT_ID"] : [$"{prefix}_CLIENT_ID", $"{prefix}_CLIENT_SECRET"], provider.MissingSettings, setup.Warnings, setup.Stored?.UpdatedAt,
            mine?.Faults ?? [], mine is not null);
    }
}
