using Grantkeeper.Client.Contracts;
using Grantkeeper.Egress;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Storage;

namespace Grantkeeper.Diagnostics;

/// <summary>
/// Examines a deployment (R334 to R339): 1. databases 2. the public origin 3. refreshes and deliveries 4. each provider.
/// It changes nothing, needs no running server, and goes on where something is broken.
/// </summary>
internal sealed class Doctor(GrantkeeperOptions options, ProviderCatalogue catalogue, FeatureCatalogue features, IEgress egress, TimeProvider time)
{
    /// <summary>What one outbound look may cost.</summary>
    public static readonly EgressLimits Limits = new() { Total = TimeSpan.FromSeconds(5) };

    /// <summary>Everything, or with <paramref name="only"/> one provider alone (R339).</summary>
    public async Task<List<DiagnosticFinding>> Examine(Provider? only, CancellationToken cancellation)
    {
        var findings = new List<DiagnosticFinding>();

        // 1. databases
        var (database, isUsable) = await new DatabaseChecks(options, time).Of(Migrator.UserData, options.UserDataDatabase, options.UserDataMigrationDatabase, cancellation);
        findings.AddRange(database);
        var (platform, _) = await new DatabaseChecks(options, time).Of(Migrator.Platform, options.PlatformDatabase, options.PlatformMigrationDatabase, cancellation);
        if (options.PlatformDatabase != options.UserDataDatabase || platform.Exists(finding => finding is { Check: "migrations", Verdict: not Finding.Ok }))
            findings.AddRange(platform);

        // 2. the public origin
        findings.Add(await new PublicUrlCheck(options, egress).Look(cancellation));

        // 3. refreshes and deliveries, 4. each provider
        var (attempts, outbox) = await Lately(isUsable, cancellation);
        if (outbox is not null)
            findings.Add(outbox);
        if (only is null && Manifests() is { } manifests)
            findings.Add(manifests);
        if (only is null && Features() is { } file)
            findings.Add(file);
        if (only is null && UnknownPlatforms() is { } unknown)
            findings.Add(unknown);
        var checks = new ProviderChecks(options, egress, time);
        var providers = only is null ? catalogue.Offered.ToList() : [only];
        // Each waits for a network of its own.
        var looks = await Task.WhenAll(providers.Select(provider => checks.Of(provider, only is not null, cancellation)));
        foreach (var (provider, look) in providers.Zip(looks))
        {
            findings.AddRange(look);
            if (!ProviderChecks.IsBegun(provider))
                continue;
            if (attempts is not null && RefreshChecks.JudgeTrial(provider, attempts.GetValueOrDefault(provider.Key)) is { } trial)
                findings.Add(trial);
            findings.Add(attempts is null ? Finding.NotLookedAt("refreshes", provider.Key, "The database cannot be read.") : RefreshChecks.Judge(provider.Key, attempts.GetValueOrDefault(provider.Key)));
        }

        return findings;
    }

    /// <summary>Null when there is no file of features.</summary>
    private DiagnosticFinding? Features() => features.Faults is { Count: > 0 } faults
        ? Finding.Bad("features", null, $"A change is not in force: {string.Join("; ", faults)}.", "What was in force before stays so, on this node.", "Correct it; it is taken within seconds, without a restart.")
        : options.FeaturesPath is null ? null : Finding.Good("features", null, $"What stands in {options.FeaturesPath} is in force.");

    /// <summary>Null when every platform of the onboarding is a provider. A provider may come later, so a start is not refused for it.</summary>
    private DiagnosticFinding? UnknownPlatforms() => options.Onboarding.Platforms.Where(key => catalogue.Find(key) is null).ToList() is { Count: > 0 } unknown
        ? Finding.Doubtful("onboarding", null, $"Grantkeeper__Onboarding__Platforms names {string.Join(", ", unknown)}, which is no provider here.", "The onboarding goes on as if it were not named.", "GET /oauth/providers lists the keys: correct it, or add the provider.")
        : null;

    /// <summary>Null when there is no folder of manifests and nothing wrong with what is stored.</summary>
    private DiagnosticFinding? Manifests() => catalogue.Faults is { Count: > 0 } faults
        ? Finding.Bad("manifests", null, $"A change is not in force: {string.Join("; ", faults)}.", "What was in force before stays so, on this node.", "Correct it; it is taken within seconds, without a restart.")
        : options.ProvidersPath is null ? null : Finding.Good("manifests", null, $"What lies in {options.ProvidersPath} is in force.");

    private async Task<(Dictionary<string, RefreshChecks.Tally>? Attempts, DiagnosticFinding? Outbox)> Lately(bool isUsable, CancellationToken cancellation)
    {
        if (!isUsable)
            return (null, Finding.NotLookedAt("outbox", null, "The database cannot be read."));
        await using var database = new Database(DatabaseChecks.Source(options.UserDataDatabase), time);
        var checks = new RefreshChecks(database);
        try
        {
            return (await checks.Attempts(cancellation), await checks.Outbox(cancellation));
        }
        catch (StorageUnavailableException)
        {
            return (null, Finding.NotLookedAt("outbox", null, "The database stopped to answer meanwhile."));
        }
    }
}
