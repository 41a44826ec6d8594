using Grantkeeper.Consents;
using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.Monitoring;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Resources;
using Grantkeeper.Settings;
using Grantkeeper.Tokens;

namespace Grantkeeper.Dashboard.Pages;

/// <summary>What the accounts page shows for one user.</summary>
/// <param name="UserId">Whose accounts.</param>
/// <param name="Notice">What was just done.</param>
/// <param name="Totals">How many accounts there are, by status, in a sentence; null without any.</param>
/// <param name="Accounts">The accounts that are there.</param>
/// <param name="Disconnected">Those of which only the history is left.</param>
/// <param name="Connectable">What can be connected now.</param>
/// <param name="HasUnconfigured">Whether there are providers that somebody has to set up first.</param>
/// <param name="ConnectTarget">Where the provider's pages open.</param>
public sealed record AccountsModel(
    string UserId, Notice? Notice, string? Totals, IReadOnlyList<AccountCard> Accounts, IReadOnlyList<DisconnectedAccount> Disconnected, IReadOnlyList<ProviderChoice> Connectable, bool HasUnconfigured, string? ConnectTarget)
{
    internal static string? SentenceOf(Summary summary)
    {
        var totals = summary.Totals;
        if (totals.Count == 0)
            return null;
        var (all, soon, over) = (totals.Values.Sum(), summary.Consents.ExpiringSoon, summary.Consents.Expired);
        var parts = totals.OrderBy(entry => entry.Key).Select(entry => $"{entry.Value} {WordOf(entry.Key)}");
        return $"{all} {(all == 1 ? "account" : "accounts")}: {string.Join(", ", parts)}."
            + (soon == 0 ? "" : soon == 1 ? " One consent ends within 30 days." : $" {soon} consents end within 30 days.")
            + (over == 0 ? "" : over == 1 ? " One consent has ended." : $" {over} consents have ended.");
    }

    private static string WordOf(IntegrationStatus status) => status switch
    {
        IntegrationStatus.Pending => "not tried yet",
        IntegrationStatus.Error => "to connect again",
        IntegrationStatus.Inactive => "switched off",
        IntegrationStatus.Revoked => "disconnected",
        _ => Words.Of(status),
    };
}

/// <summary>What became of the operator's last step.</summary>
public sealed record Notice(string Text, bool IsGood);

/// <summary>An account of which only its history is left.</summary>
public sealed record DisconnectedAccount(Guid IntegrationId, string Name, string ProviderName);

/// <summary>One provider that can be connected now.</summary>
public sealed record ProviderChoice(string Key, string DisplayName, string? Note, bool IsAnother)
{
    internal static ProviderChoice Of(Provider provider, bool isAnother) => new(
        provider.Key, provider.DisplayName, provider.IsPlayed ? "simulated, no real account is touched" : null, isAnother);
}

/// <summary>One scope, in the provider's spelling and in words where its manifest has some.</summary>
public sealed record ScopeLine(string Scope, string? Meaning)
{
    internal static IReadOnlyList<ScopeLine> Of(ScopeSet scopes, Provider? provider) =>
        [.. scopes.ToArray().Select(scope => new ScopeLine(scope, provider?.Manifest.Scopes.FirstOrDefault(known => known.Name == scope)?.DisplayName))];
}

/// <summary>What a call of the provider's account endpoint gave.</summary>
public sealed record RunAnswer(string? Line, string? Body, bool IsCut, bool WasRenewed, string? Refusal, string? Remedy)
{
    /// <summary>What the account opens, when that was asked for.</summary>
    public IReadOnlyList<OpenedLine>? Opened { get; init; }

    internal static RunAnswer Of(Result<ResourceReading> result)
    {
        if (!result.TryGet(out var reading, out var failure))
            return Refused(failure);
        if (reading.Resources.Count == 0 && reading.Problems.Count > 0)
            return Refused(reading.Problems[0].Failure);
        var count = reading.Resources.Count;
        return new RunAnswer(count == 0 ? "This account opens nothing." : $"This account opens {(count == 1 ? "one thing" : $"{count} things")}{(reading.IsComplete ? "" : ", and more than are read here")}.", null, !reading.IsComplete, false, null, null)
        {
            Opened = [.. reading.Resources.Select(resource => new OpenedLine(resource.Type, resource.Name, resource.Permission, resource.Url))],
        };
    }

    internal static RunAnswer Of(Result<ApiAnswer> result) => result.TryGet(out var answer, out var failure)
        ? new RunAnswer($"GET {answer.Address.GetLeftPart(UriPartial.Path)} answered {(int)answer.Status}", answer.Body, answer.IsCut, answer.WasRenewed, null, null)
        : Refused(failure);

    /// <summary>In the words of this page: it has a button where an answer of the API has an address.</summary>
    private static RunAnswer Refused(Failure failure) => failure.Code == ErrorCatalogue.Tokens.ReauthorizationRequired
        ? new RunAnswer(null, null, false, false, "The grant is no longer good and cannot be renewed without its user.", "Choose Connect again; the integration keeps its id.")
        : new RunAnswer(null, null, false, false, failure.Message, failure.RetryAfter is { } wait ? $"Try again in {Durations.Of(wait)}." : failure.Code.Remedy);
}

/// <summary>One thing that an account opens.</summary>
public sealed record OpenedLine(string Type, string Name, string? Permission, string? Url);

/// <summary>The consent behind an account: what was asked and granted, when, from where.</summary>
public sealed record ConsentLines(
    DateTimeOffset GivenAt, DateTimeOffset? EndsAt, string Version, string? Actor, string? IpAddress, string? UserAgent, IReadOnlyList<ScopeLine> Asked, IReadOnlyList<ScopeLine> Unasked)
{
    internal static ConsentLines Of(Consent consent, Integration integration, Provider? provider) => new(
        consent.GrantedAt, consent.ExpiresAt, consent.Version, consent.Actor, consent.IpAddress, consent.UserAgent,
        ScopeLine.Of(consent.Asked, provider), ScopeLine.Of(integration.UnaskedScopes, provider));
}

/// <summary>One connected account.</summary>
public sealed record AccountCard(
    Guid IntegrationId, string Provider, string ProviderName, string Name, string? Email, Person Person, string Status, string Tone, string Freshness,
    bool Usable, bool MayConnect, bool IsPrimary, IReadOnlyList<ScopeLine> Granted, IReadOnlyList<ScopeLine> Missing, string Curl, string CSharp, bool CanBreak, RunAnswer? Answer, bool Opens, ConsentLines? Consent)
{
    /// <summary>The name that people gave it; null when none did.</summary>
    public string? Label { get; init; }

    /// <summary>True while it is switched off and its grant is good: switching it on is all that it needs.</summary>
    public bool IsOff { get; init; }

    internal static AccountCard Of(
        Integration integration, Provider? provider, Consent? consent, (int Failures, DateTimeOffset? NextTryAt)? failing, bool canBreak, RunAnswer? answer,
        GrantkeeperOptions options, ApiKeySource key, DateTimeOffset now)
    {
        var name = integration.AccountName ?? integration.AccountEmail ?? integration.AccountId ?? "Account";
        var usable = integration.IsConnectedAt(now);
        var (status, tone) = integration.IsActive && integration.IsConsentOverAt(now) ? ("Consent ended", "bad") : StatusOf(integration.StatusAt(now), usable && failing is not null);
        return new AccountCard(
            integration.Id, integration.Provider, provider?.DisplayName ?? integration.Provider, name, integration.AccountEmail,
            Person.Of(name, integration.AccountId), status, tone, FreshnessOf(integration, failing, now), usable, provider is { IsConfigured: true }, integration.IsPrimary,
            ScopeLine.Of(integration.Scopes, provider), ScopeLine.Of(integration.Scopes.MissingFrom(consent?.Asked ?? ScopeSet.Empty), provider),
            Snippets.Curl(integration, options, key), Snippets.CSharp(integration, options), canBreak, answer, provider?.Manifest.Resources.Count > 0,
            consent is null ? null : ConsentLines.Of(consent, integration, provider))
        {
            Label = integration.Label, IsOff = integration is { Status: IntegrationStatus.Inactive, ReasonDetail: null },
        };
    }

    private static (string Status, string Tone) StatusOf(IntegrationStatus status, bool isFailing) => status switch
    {
        _ when isFailing => ("Renewing fails", "warn"),
        IntegrationStatus.Active => ("Active", "good"),
        IntegrationStatus.Pending => ("Not tried yet", "warn"),
        IntegrationStatus.Expired => ("Expired", "bad"),
        IntegrationStatus.Inactive => ("Switched off", "warn"),
        _ => ("Needs its user", "bad"),
    };

    private static string FreshnessOf(Integration integration, (int Failures, DateTimeOffset? NextTryAt)? failing, DateTimeOffset now)
    {
        if (!integration.IsConnectedAt(now))
        {
            return integration.ReasonDetail switch
            {
                Reasons.InvalidGrant => "The provider no longer accepts this grant: it was withdrawn there, or it has ended.",
                Reasons.AmbiguousRefresh => "A refresh was cut off on its way, and the provider no longer accepts the old token.",
                Reasons.AccountChanged => "The grant now belongs to another account at the provider.",
                _ when integration.IsConsentOverAt(now) => "Its user's consent has ended; no token is handed out until the user consents again.",
                _ when integration.Status == IntegrationStatus.Inactive => "No token is handed out while it is switched off.",
                _ => "Its access token has ended, and the provider gave nothing to renew it with.",
            };
        }

        var left = integration.ExpiresAt is { } end ? end - now : (TimeSpan?)null;
        if (failing is { } trouble)
        {
            var inHand = left is null || left > RefreshDecision.ServeMargin ? "The access token in hand is still good." : "No token can be handed out right now.";
            var next = trouble.NextTryAt is { } at && at > now ? $"in {Durations.Of(at - now)} at the earliest" : "with the next read";
            return $"Renewing failed {(trouble.Failures == 1 ? "once" : $"{trouble.Failures} times")}. {inHand} Next try {next}.";
        }

        return (left, integration.HasRefreshToken) switch
        {
            (null, _) => "Its access token has no stated end.",
            ({ } time, true) when time > TimeSpan.Zero => $"Fresh for {Durations.Of(time)}, refreshes itself.",
            ({ } time, false) when time > TimeSpan.Zero => $"Good for {Durations.Of(time)}; the provider gave nothing to renew it with.",
            _ => "Due: its access token has ended, and the next read renews it.",
        };
    }
}
