using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Startup;

/// <summary>Everything that is read from configuration, once and together, so that all faults are reported at once.</summary>
internal sealed record Deployment(GrantkeeperOptions Options, ProviderCatalogue Catalogue, FeatureCatalogue Features)
{
    /// <exception cref="GrantkeeperStartException">A setting or manifest is missing or wrong.</exception>
    /// <param name="configuration">Settings.</param>
    /// <param name="classes">The application's provider classes.</param>
    public static Deployment Read(IConfiguration configuration, IReadOnlyList<ProviderHooks> classes)
    {
        var faults = new List<string>();
        return TryRead(configuration, faults, classes) ?? throw new GrantkeeperStartException(faults);
    }

    /// <summary>The same without an exception: null when a fault was added.</summary>
    public static Deployment? TryRead(IConfiguration configuration, List<string> faults, IReadOnlyList<ProviderHooks>? classes = null)
    {
        var options = OptionsReader.Read(configuration, faults);
        // Manifests and features are judged too when the settings are not usable.
        var readable = options ?? new GrantkeeperOptions
        {
            FrontendUrl = new Uri("https://unset.invalid"),
            PublicUrl = new Uri("https://unset.invalid"),
            ProvidersPath = configuration["GRANTKEEPER_PROVIDERS_PATH"],
            FeaturesPath = configuration["GRANTKEEPER_FEATURES_PATH"] is { Length: > 0 } path && File.Exists(path) ? path : null,
            Environment = OptionsReader.Environment(configuration["DEPLOY_ENV"], []),
        };
        var catalogue = ProviderCatalogue.Read(configuration, readable, classes ?? [], faults);
        var features = FeatureCatalogue.Read(configuration, readable, faults);
        return options is not null && catalogue is not null && features is not null ? new Deployment(options, catalogue, features) : null;
    }
}
