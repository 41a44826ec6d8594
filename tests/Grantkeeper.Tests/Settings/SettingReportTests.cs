using Grantkeeper.Settings;
using Grantkeeper.Startup;
using static Grantkeeper.Tests.Settings.SomeSettings;

namespace Grantkeeper.Tests.Settings;

/// <summary>What <c>config check</c> shows of each setting.</summary>
[Trait("category", "models")]
public sealed class SettingReportTests
{
    private static (IReadOnlyList<SettingLine> Lines, IReadOnlyList<string> Others) Report(params (string Name, string? Value)[] changes)
    {
        var configuration = Configuration(With(changes));
        var faults = new List<string>();
        Deployment.TryRead(configuration, faults);
        return SettingReport.Of(configuration, faults);
    }

    private static SettingLine Line(string name, params (string Name, string? Value)[] changes) => Report(changes).Lines.Single(line => line.Name == name);

    [Fact]
    public void A_setting_is_set_default_missing_or_faulty()
    {
        Line("FRONTEND_URL").ShouldSatisfyAllConditions(line => line.State.ShouldBe(SettingState.Set), line => line.Shown.ShouldBe("https://app.example.com"), line => line.Faults.ShouldBeEmpty());
        Line("GRANTKEEPER_PUBLIC_URL").ShouldSatisfyAllConditions(line => line.State.ShouldBe(SettingState.Default), line => line.Shown.ShouldBeNull());
        Line("FRONTEND_URL", ("FRONTEND_URL", null)).ShouldSatisfyAllConditions(line => line.State.ShouldBe(SettingState.Missing), line => line.Faults.Single().ShouldContain("is not set"));
        Line("FRONTEND_URL", ("FRONTEND_URL", "ftp://x")).ShouldSatisfyAllConditions(line => line.State.ShouldBe(SettingState.Faulty), line => line.Shown.ShouldBe("ftp://x"));
    }

    [Fact]
    public void Secrets_are_masked_and_a_database_url_loses_its_password()
    {
        var (lines, _) = Report(("GRANTKEEPER_API_KEY", "canary-canary-canary-canary-canary-1"), ("USER_DATA_DATABASE_URL", "postgresql://gk:canary@db.internal:6432/grants"), ("PLATFORM_DATABASE_URL", "postgresql://gk:canary#@h/d"),
            ("GRANTKEEPER_PUBLIC_URL", "https://ann:canary@connect.example.com"), ("Grantkeeper:Connect:AllowedOrigins:0", "https://ann:canary@a.example.com"), ("OAUTH_ENCRYPTION_KEY", "canary"));
        string.Join('\n', lines).ShouldNotContain("canary");
        lines.Single(line => line.Name == "USER_DATA_DATABASE_URL").Shown.ShouldBe("postgresql://gk:***@db.internal:6432/grants");
        lines.Single(line => line.Name == "PLATFORM_DATABASE_URL").ShouldSatisfyAllConditions(line => line.Shown.ShouldBe("***"), line => line.State.ShouldBe(SettingState.Faulty));
        lines.Single(line => line.Name == "GRANTKEEPER_API_KEY").Shown.ShouldBe("***");
    }

    [Fact]
    public void Another_spelling_counts_and_lists_are_shown_whole()
    {
        Line("OAUTH_ENCRYPTION_KEY", ("OAUTH_ENCRYPTION_KEY", null), ("OAUTH_TOKEN_ENCRYPTION_KEY", Key)).State.ShouldBe(SettingState.Set);
        Line("USER_DATA_DATABASE_URL", ("USER_DATA_DATABASE_URL", null), ("ConnectionStrings:grantkeeper", "Host=h;Username=u;Password=p;Database=d")).Shown.ShouldBe("postgresql://u:***@h:5432/d");
        Line("Grantkeeper__Connect__AllowedOrigins", ("Grantkeeper:Connect:AllowedOrigins:0", "https://a.example.com"), ("Grantkeeper:Connect:AllowedOrigins:1", "https://b.example.com")).Shown.ShouldBe("https://a.example.com, https://b.example.com");
    }

    /// <summary>A fault that named no setting would be listed apart from all of them.</summary>
    [Fact]
    public void Every_fault_of_the_reader_finds_its_setting()
    {
        var (lines, others) = Report(
            ("DEPLOY_ENV", "prodction"), ("FRONTEND_URL", null), ("GRANTKEEPER_PUBLIC_URL", "http://gk.example.com"), ("USER_DATA_DATABASE_URL", null), ("OAUTH_ENCRYPTION_KEY", "short"),
            ("GRANTKEEPER_API_KEY", "short"), ("GRANTKEEPER_SANDBOX", "yes"), ("GRANTKEEPER_PROVIDERS_PATH", "/no/such/folder"), ("Grantkeeper:RunWorkers", "1"), ("GRANTKEEPER_SECRETS_PATH", "/no/such/folder"),
            ("Grantkeeper:Connect:AllowedOrigins:0", "https://a.example.com/path"), ("Grantkeeper:Egress:AllowedNetworks:0", "10.0.0.0"),
            ("GRANTKEEPER_MIGRATION_DATABASE_URL", "nonsense"), ("GRANTKEEPER_PLATFORM_MIGRATION_DATABASE_URL", "postgresql:///"));
        others.ShouldBeEmpty();
        lines.Count(line => line.Faults.Count == 1).ShouldBe(14);
        Report(("OAUTH_ENCRYPTION_KEY", null), ("OAUTH_ENCRYPTION_KEY_FILE", "/no/such/file")).Lines.Single(line => line.Faults.Count > 0).Name.ShouldBe("OAUTH_ENCRYPTION_KEY_FILE");
        Report(("PLATFORM_DATABASE_URL", "nonsense")).Lines.Single(line => line.Faults.Count > 0).Name.ShouldBe("PLATFORM_DATABASE_URL");
    }
}
