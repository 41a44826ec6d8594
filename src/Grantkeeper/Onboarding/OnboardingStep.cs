using Grantkeeper.Audit;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Identity;
using Grantkeeper.Integrations;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;

namespace Grantkeeper.Onboarding;

/// <inheritdoc/>
/// <remarks>
/// Completing: 1. was it complete before? 2. what the application has to have 3. the platforms themselves are asked
/// 4. one transaction: the completion, if nobody was first, and its audit row.
/// </remarks>
internal sealed class OnboardingStep(
    Platforms platforms, IntegrationStore integrations, ITokenVault vault, GrantWarnings grantWarnings, ProviderCatalogue catalogue, GrantkeeperOptions options, Database database, AuditLog audit, SharedTime time) : IOnboarding
{
    public const string NoPlatform = "At least one platform must be connected";

    private const int MostPrerequisites = 32;
    private const int LongestName = 60;
    private static readonly AuditSource Process = new("process", null, null, null, null);

    private sealed record Completion(IReadOnlyList<string> Platforms, DateTimeOffset At);

    public async Task<Result<OnboardingValidation>> Validate(string userId, CancellationToken cancellation = default) =>
        UserIds.Parse(userId).TryGet(out var user, out var failure) ? await Validate(user, Process, cancellation) : failure;

    public async Task<Result<OnboardingSummary>> Summary(string userId, CancellationToken cancellation = default) =>
        UserIds.Parse(userId).TryGet(out var user, out var failure) ? await SummaryOf(user, cancellation) : failure;

    public async Task<Result<OnboardingCompletion>> Complete(CompleteOnboardingRequest request, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return UserIds.Parse(request.UserId).TryGet(out var user, out var failure) ? await Complete(user, request, Process, cancellation) : failure;
    }

    internal async Task<OnboardingValidation> Validate(string user, AuditSource source, CancellationToken cancellation)
    {
        var connected = new List<OnboardingPlatform>();
        foreach (var standing in (await platforms.Known(user, source, cancellation)).Where(standing => standing.Failure is null))
        {
            // The status has the last word: one that ended meanwhile is no platform.
            var status = await IntegrationEndpoints.StatusOf(standing.Provider, user, integrations, grantWarnings, time, cancellation);
            if (status.Connected)
                connected.Add(new OnboardingPlatform(status.ProviderKey, status.DisplayName, status.Details));
        }

        return connected.Count == 0
            ? new OnboardingValidation { Valid = false, Error = NoPlatform, ConnectedPlatforms = [] }
            : new OnboardingValidation { Valid = true, ConnectedPlatforms = connected, Message = $"Connected to {connected.Count} platform(s)" };
    }

    internal async Task<OnboardingSummary> SummaryOf(string user, CancellationToken cancellation)
    {
        const int most = 1000;
        var now = time.GetUtcNow();
        var live = await integrations.List(new IntegrationFilter(user, null, false, null, most) { IsLive = true }, cancellation);
        var tokens = await database.ForUser(user).ReadAll("SELECT integration_id FROM oauth_tokens WHERE user_id = $1", row => row.GetGuid(0), cancellation, user);
        var connected = live.Where(integration => integration.IsPrimary && integration.IsConnectedAt(now))
            .Select(integration => new ConnectedPlatform(integration.Provider, catalogue.Find(integration.Provider)?.DisplayName ?? integration.Provider, integration.ConnectedAt, integration.ExpiresAt))
            .ToList();
        return new OnboardingSummary(live.DistinctBy(integration => integration.Provider).Count(), connected.Count, tokens.Count, connected);
    }

    internal async Task<Result<OnboardingCompletion>> Complete(string user, CompleteOnboardingRequest request, AuditSource source, CancellationToken cancellation)
    {
        if (Faults(request) is { Count: > 0 } faults)
            return new Failure(ErrorCatalogue.Requests.Invalid) { Items = faults };
        var prerequisites = PrerequisitesOf(request);

        // 1. was it complete before?
        if (await Find(user, cancellation) is { } before)
            return await AnswerOf(user, before, prerequisites, cancellation);

        // 2. what the application has to have
        if (prerequisites.Where(prerequisite => !prerequisite.Satisfied).Select(prerequisite => prerequisite.Name).ToList() is { Count: > 0 } missing)
            return new Failure(ErrorCatalogue.Onboarding.PrerequisitesMissing) { Items = missing };

        // 3. the platforms themselves are asked
        var standings = await platforms.Live(user, source, cancellation);
        var usable = standings.Where(standing => standing.Failure is null).Select(standing => standing.Provider.Key).ToList();
        if (usable.Count == 0)
            return RefusalOf(standings);

        // 4. one transaction
        return await AnswerOf(user, await Store(user, usable, source, cancellation), prerequisites, cancellation);
    }

    /// <summary>A platform that could not be asked may be good: that is no reason to send its user away.</summary>
    private static Failure RefusalOf(IReadOnlyList<PlatformStanding> standings) =>
        standings.Select(standing => standing.Failure!).FirstOrDefault(failure => failure.Code.Retryable)
        ?? new Failure(ErrorCatalogue.Onboarding.PlatformRequired) { Items = [.. standings.Select(standing => $"{standing.Provider.Key}: {standing.Failure!.Code.Code}")] };

    /// <summary>Writes the completion, unless somebody was faster; gives the one that stands.</summary>
    private Task<Completion> Store(string user, List<string> usable, AuditSource source, CancellationToken cancellation) => database.ForUser(user).Transaction(async db =>
    {
        // The update changes nothing: it lets the row be returned that was there first.
        var (stands, isFirst) = await db.One(
            "INSERT INTO onboarding_completions AS o (user_id, platforms) VALUES ($1, $2) ON CONFLICT (user_id) DO UPDATE SET user_id = o.user_id RETURNING platforms, completed_at, xmax = 0",
            row => Tuple.Create(new Completion(row.Texts(0), row.Time(1)), row.GetBoolean(2)), cancellation, user, usable.ToArray()) ?? throw new InvalidOperationException("An insert returned no row.");
        if (isFirst)
            await audit.Write(db, new AuditEvent(AuditAction.OnboardingCompleted, user, source), cancellation);
        return stands;
    }, cancellation);

    private Task<Completion?> Find(string user, CancellationToken cancellation) => database.ForUser(user).Read(
        "SELECT platforms, completed_at FROM onboarding_completions WHERE user_id = $1", row => new Completion(row.Texts(0), row.Time(1)), cancellation, user);

    private async Task<OnboardingCompletion> AnswerOf(string user, Completion completion, IReadOnlyList<OnboardingPrerequisite> prerequisites, CancellationToken cancellation)
    {
        var schedules = new List<OnboardingMonitoring>();
        foreach (var key in completion.Platforms)
        {
            if (await vault.FindAt(key, user, null, cancellation) is { Tokens: not null } row)
                schedules.Add(new OnboardingMonitoring(key, row.Integration.Id, row.Tokens.NextRefreshAt));
        }

        return new OnboardingCompletion(true, user, completion.At, completion.Platforms, prerequisites, schedules);
    }

    /// <summary>Those of the setting in its order, then what else the application named.</summary>
    private List<OnboardingPrerequisite> PrerequisitesOf(CompleteOnboardingRequest request)
    {
        var said = request.Prerequisites ?? new Dictionary<string, bool>();
        return [.. options.Onboarding.Prerequisites.Concat(said.Keys).Distinct(StringComparer.Ordinal).Select(name => new OnboardingPrerequisite(name, said.GetValueOrDefault(name)))];
    }

    private static List<string> Faults(CompleteOnboardingRequest request)
    {
        var faults = new List<string>();
        if (request.Prerequisites is { Count: > MostPrerequisites })
            faults.Add($"prerequisites must be at most {MostPrerequisites} names");
        if (request.Prerequisites?.Keys.Any(name => name.Length is 0 or > LongestName || name.Any(char.IsControl)) == true)
            faults.Add($"prerequisites must have names of 1 to {LongestName} characters without control characters");
        return faults;
    }
}
