using Grantkeeper.Connect;
using Grantkeeper.Consents;
using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.Providers;
using Grantkeeper.Tokens;

namespace Grantkeeper.Dashboard.Hosted;

/// <summary>What the hosted page shows to the user of a connect session.</summary>
public sealed record HostedModel(HostedNotice? Notice, IReadOnlyList<HostedAccount> Accounts, IReadOnlyList<HostedChoice> Choices, bool Returns)
{
    internal static HostedModel Of(
        ConnectSession session, HostedNotice? notice, IEnumerable<Integration> mine, IReadOnlyDictionary<Guid, Consent> given, ProviderCatalogue catalogue, HostedFrame frame, DateTimeOffset now)
    {
        var limits = session.AsCaller().Session!;
        var accounts = mine
            .Where(integration => integration.Status != IntegrationStatus.Revoked && limits.Offers(integration.Provider) && (session.IntegrationId ?? integration.Id) == integration.Id)
            .Select(integration => HostedAccount.Of(integration, given.GetValueOrDefault(integration.Id), catalogue, frame, now))
            .ToList();
        // A session for one integration connects that one again and no new ones.
        var choices = catalogue.Offered
            .Where(provider => session.IntegrationId is null && provider.IsConfigured && limits.Offers(provider.Key))
            .OrderBy(provider => provider.DisplayName, StringComparer.OrdinalIgnoreCase)
            .Select(provider => new HostedChoice(
                provider.Key, provider.DisplayName,
                frame.Text(accounts.Any(account => account.Provider == provider.Key) ? "connect.another" : "connect.button", "provider", provider.DisplayName),
                provider.Manifest.Verification == Verification.Simulated && provider.Key == "sandbox"));
        return new HostedModel(notice, accounts, [.. choices], session.Confirm);
    }
}

/// <summary>What became of the last step.</summary>
/// <param name="Text">The sentence.</param>
/// <param name="Advice">What to do, when something can be done.</param>
/// <param name="IsGood">Whether it went well.</param>
public sealed record HostedNotice(string Text, string? Advice, bool IsGood)
{
    internal static HostedNotice? OfRevocation(string? word, HostedFrame frame) => word switch
    {
        null => null,
        Revocations.Confirmed or Revocations.Pending or Revocations.Withheld or Revocations.Unsupported => new(frame.Text($"notice.{word}"), null, true),
        _ => new(frame.Text("notice.failed"), null, false),
    };

    internal static HostedNotice? OfFlow(PendingFlow? flow, ProviderCatalogue catalogue, HostedFrame frame)
    {
        if (flow is null)
            return null;
        var name = catalogue.Find(flow.Provider)?.DisplayName ?? flow.Provider;
        if (flow.Status == FlowStatus.Completed)
            return new HostedNotice(frame.Text("notice.connected", "provider", name), null, true);
        if (flow.ErrorCode is null || ErrorCatalogue.Find(flow.ErrorCode) is not { } code)
            return null;
        var (title, advice) = frame.Of(code);
        return new HostedNotice($"{frame.Text("notice.refused", "provider", name)} {title}.", advice, false);
    }
}

/// <summary>One connected account.</summary>
public sealed record HostedAccount(
    Guid IntegrationId, string Provider, string Name, string Line, string State, bool IsUsable, bool MayConnect, IReadOnlyList<string> Granted, IReadOnlyList<string> Missing, HostedConsent? Consent)
{
    internal static HostedAccount Of(Integration integration, Consent? consent, ProviderCatalogue catalogue, HostedFrame frame, DateTimeOffset now)
    {
        var provider = catalogue.Find(integration.Provider);
        var providerName = provider?.DisplayName ?? integration.Provider;
        var isUsable = integration.IsConnectedAt(now);
        return new HostedAccount(
            integration.Id, integration.Provider,
            integration.AccountName ?? integration.AccountEmail ?? integration.AccountId ?? providerName,
            integration.AccountEmail is null ? providerName : $"{providerName} · {integration.AccountEmail}",
            frame.Text(isUsable ? "account.good" : integration.Status == IntegrationStatus.Inactive ? "account.off" : "account.needs_you"),
            isUsable, provider is { IsConfigured: true },
            [.. integration.UsableScopes.ToArray().Select(scope => NameOf(scope, provider))],
            [.. (consent?.Asked.ToArray() ?? []).Except(integration.Scopes.ToArray()).Select(scope => NameOf(scope, provider))],
            consent is null ? null : HostedConsent.Of(consent, integration, frame, now));
    }

    private static string NameOf(string scope, Provider? provider) =>
        provider?.Manifest.Scopes.FirstOrDefault(known => known.Name == scope)?.DisplayName is { Length: > 0 } name ? name : scope;
}

/// <summary>When and from where an account was allowed, in the user's language.</summary>
/// <param name="GivenAt">When, in UTC.</param>
/// <param name="Given">The sentence before the time.</param>
/// <param name="From">From which address and program; null when neither is known.</param>
/// <param name="EndsAt">Until when; null: without end.</param>
/// <param name="Ends">The sentence before the end.</param>
public sealed record HostedConsent(DateTimeOffset GivenAt, string Given, string? From, DateTimeOffset? EndsAt, string Ends)
{
    internal static HostedConsent Of(Consent consent, Integration integration, HostedFrame frame, DateTimeOffset now) => new(
        consent.GrantedAt, frame.Text("consent.given"),
        consent.IpAddress is null && consent.UserAgent is null ? null : frame.Text("consent.from", "where", string.Join(" · ", new[] { consent.IpAddress, consent.UserAgent }.OfType<string>())),
        consent.ExpiresAt, frame.Text(integration.IsConsentOverAt(now) ? "consent.ended" : "consent.ends"));
}

/// <summary>One provider that can be connected.</summary>
public sealed record HostedChoice(string Key, string DisplayName, string Button, bool IsSimulated);
