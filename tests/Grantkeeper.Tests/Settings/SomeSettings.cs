using Grantkeeper.Settings;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Tests.Settings;

/// <summary>Configuration as a deployment writes it, and what the reader makes of it.</summary>
internal static class SomeSettings
{
    public const string Key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    public static Dictionary<string, string?> Good() => new()
    {
        ["DEPLOY_ENV"] = "production",
        ["FRONTEND_URL"] = "https://app.example.com",
        ["USER_DATA_DATABASE_URL"] = "postgresql://gk:pw@db.internal:5432/grantkeeper",
        ["OAUTH_ENCRYPTION_KEY"] = Key,
    };

    public static Dictionary<string, string?> With(params (string Name, string? Value)[] changes)
    {
        var settings = Good();
        foreach (var (name, value) in changes)
            settings[name] = value;
        return settings;
    }

    public static IConfiguration Configuration(Dictionary<string, string?> settings) => new ConfigurationBuilder().AddInMemoryCollection(settings).Build();

    public static GrantkeeperOptions Read(params (string Name, string? Value)[] changes)
    {
        var faults = new List<string>();
        var options = OptionsReader.Read(Configuration(With(changes)), faults);
        faults.ShouldBeEmpty();
        return options.ShouldNotBeNull();
    }

    public static List<string> Faults(params (string Name, string? Value)[] changes)
    {
        var faults = new List<string>();
        OptionsReader.Read(Configuration(With(changes)), faults).ShouldBeNull();
        return faults;
    }
}
