using Grantkeeper.Administration;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Monitoring;
using Grantkeeper.Providers;
using Grantkeeper.Resilience;

namespace Grantkeeper.Dashboard.Pages;

/// <summary>What the providers page shows.</summary>
/// <param name="Notice">What was just done.</param>
/// <param name="Faults">Why what lies in the folder of manifests, or is stored, is not in force.</param>
/// <param name="Providers">The providers, what works first.</param>
public sealed record ProvidersModel(Notice? Notice, IReadOnlyList<string> Faults, IReadOnlyList<ProviderCard> Providers);

/// <summary>What trying a provider found.</summary>
public sealed record ProviderReport(string Provider, IReadOnlyList<DiagnosticFinding> Findings)
{
    /// <summary>The sentence above the findings, and its tone.</summary>
    public (string Text, string Tone) Summary => Findings.Any(finding => finding.Verdict == "fail") ? ("It does not work yet.", "bad")
        : Findings.Any(finding => finding.Verdict == "warn") ? ("It works as far as can be seen without an account; look at what is marked.", "warn")
        : ("It works, as far as can be seen without an account.", "good");
}


/// <summary>What a refused form looked like; never its secret.</summary>
public sealed record RefusedClient(string Provider, string ClientId, IReadOnlyList<string> Faults);

/// <summary>One provider and our client there.</summary>
public sealed record ProviderCard(
    string Key, string DisplayName, string? Note, string Status, string Tone, string? ClientId, string Origin, bool IsEditable, bool IsStored, bool HasSecret, bool IsPublic, bool TakesKey,
    string? RedirectUri, string? ConsoleUrl, string? DocsUrl, IReadOnlyList<string> EnvironmentNames, IReadOnlyList<string> MissingSettings, IReadOnlyList<string> Warnings,
    DateTimeOffset? UpdatedAt, IReadOnlyList<string> Faults, bool IsOpen, IReadOnlyList<string> Standing, string? Trouble, bool IsShown, bool IsReady, ProviderReport? Report)
{
    internal static ProviderCard Of(ProviderSetup setup, ProviderStanding standing, RefusedClient? refused, ProviderReport? report)
    {
        var provider = setup.Provider;
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
            setup.IsEditable, provider.Origin == ClientOrigin.Stored || setup.Stored is not null, !provider.Client.ClientSecret.IsEmpty, provider.IsPublicClient, provider.TakesKey(provider.Client.ClientSecret),
            setup.RedirectUri.IsSuccess ? setup.RedirectUri.Value : null, provider.Manifest.ConsoleUrl?.AbsoluteUri, provider.Manifest.DocsUrl,
            provider.IsPublicClient ? [provider.SettingOf("CLIENT_ID")] : [provider.SettingOf("CLIENT_ID"), provider.SettingOf("CLIENT_SECRET")], provider.MissingSettings, setup.Warnings, setup.Stored?.UpdatedAt,
            mine?.Faults ?? [], mine is not null, setup.IsReady ? Standings(standing) : [], TroubleOf(standing),
            // The eight that are made for, and whatever somebody has begun to set up; the long rest is behind one line.
            provider.Manifest.Verification == Verification.Simulated || provider.Origin != ClientOrigin.None || setup.Stored is not null || provider.Manifest.Discovery
                || provider.Source != ManifestOrigin.Shipped || provider.IsAdded,
            setup.IsReady, report?.Provider == provider.Key ? report : null);
    }

    /// <summary>How it does, a line each.</summary>
    private static IReadOnlyList<string> Standings(ProviderStanding standing)
    {
        var lines = new List<string>
        {
            standing.Refreshed + standing.Failed == 0 ? "No refresh in the last 24 hours." : $"{standing.Refreshed:N0} refreshes in the last 24 hours, {standing.Failed:N0} without success.",
            standing.Due == 0 ? "Nothing is overdue." : $"{standing.Due:N0} grants are due, the oldest for {Durations.Of(standing.Lag)}.",
        };
        if (standing.Unknown > 0 || standing.Lost > 0)
            lines.Add($"{standing.Unknown:N0} requests of the last 30 days ended without an answer; {standing.Lost:N0} grants were lost to that.");
        return lines;
    }

    private static string? TroubleOf(ProviderStanding standing) => standing.Circuit.State switch
    {
        _ when standing.ClientRefusedFor is { } wait => $"It refuses our client id or secret. Grants are kept; it is asked again in {Durations.Of(wait)}. Was the secret changed at the provider?",
        CircuitState.Open => $"It failed {standing.Circuit.Failures} times in a row and is not asked for another {Durations.Of(standing.Circuit.RetryAfter ?? TimeSpan.Zero)}. Tokens that are still good are served.",
        CircuitState.HalfOpen => "It failed again and again; one request at a time tries whether it has recovered.",
        _ => null,
    };
}
