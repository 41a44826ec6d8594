using Grantkeeper.Settings;
using static Grantkeeper.Tests.Settings.SomeSettings;

namespace Grantkeeper.Tests.Settings;

[Trait("category", "models")]
public sealed class OptionsReaderTests
{
    [Fact]
    public void Three_settings_and_a_key_are_enough_for_production()
    {
        var options = Read();
        (options.Environment, options.FrontendUrl.AbsoluteUri, options.PublicUrl, options.PublicUrlIsSet).ShouldBe((DeployEnvironment.Production, "https://app.example.com/", options.FrontendUrl, false));
        (options.UserDataDatabase, options.PlatformDatabase).ShouldBe(("postgresql://gk:pw@db.internal:5432/grantkeeper", "postgresql://gk:pw@db.internal:5432/grantkeeper"));
        (options.ApiKey.IsEmpty, options.Sandbox, options.RunWorkers, options.UserIdClaim, options.ProvidersPath).ShouldBe((true, false, true, "sub", null));
        (options.DataPath, options.SpoolWait, options.RefreshAhead, options.RefreshConcurrency).ShouldBe((null, TimeSpan.FromMinutes(10), true, 768));
        options.Resilience.ShouldBe(new ResilienceOptions());
        (options.Limits, options.KnownProxies.Count).ShouldBe((new LimitOptions(), 0));
        (options.AllowedOrigins.Count, options.AllowedNetworks.Count, options.AllowsLoopbackHttp).ShouldBe((0, 0, false));
    }

    [Theory]
    [InlineData(null, "Production"), InlineData("", "Production"), InlineData("production", "Production"), InlineData("prod", "Production"), InlineData("PRODUCTION", "Production"), InlineData(" prod ", "Production")]
    [InlineData("staging", "Staging"), InlineData("stage", "Staging"), InlineData("Stage", "Staging")]
    [InlineData("development", "Development"), InlineData("dev", "Development"), InlineData("local", "Development"), InlineData("LOCAL", "Development")]
    public void Every_spelling_of_the_environment(string? text, string environment) =>
        Read(("DEPLOY_ENV", text)).Environment.ToString().ShouldBe(environment);

    [Theory]
    [InlineData(null, 30), InlineData("1", 1), InlineData("30", 30), InlineData(" 5 ", 5)]
    public void A_connect_session_lives_for_minutes(string? text, int minutes) =>
        Read(("Grantkeeper:Connect:SessionMinutes", text)).ConnectSessionLifetime.ShouldBe(TimeSpan.FromMinutes(minutes));

    [Theory]
    [InlineData("0"), InlineData("31"), InlineData("-1"), InlineData("1.5"), InlineData("an hour")]
    public void A_lifetime_that_is_no_number_of_minutes_stops_the_start(string text) =>
        Faults(("Grantkeeper:Connect:SessionMinutes", text)).Single().ShouldContain("from 1 to 30");

    [Fact]
    public void Origins_of_the_product_are_compared_letter_by_letter()
    {
        var options = Read(("Grantkeeper:Connect:AllowedOrigins:0", "https://admin.example.com:8443"));
        foreach (var own in new[] { "https://app.example.com", "https://admin.example.com:8443" })
            options.IsProductOrigin(own).ShouldBeTrue(own);
        foreach (var other in new[] { "https://app.example.com/", "https://APP.example.com", "http://app.example.com", "https://app.example.com.evil.example", "https://admin.example.com", "null", "*", "" })
            options.IsProductOrigin(other).ShouldBeFalse(other);
    }

    [Theory]
    [InlineData("test"), InlineData("producton"), InlineData("0"), InlineData("development,staging")]
    public void An_unknown_environment_stops_the_start(string text) => Faults(("DEPLOY_ENV", text)).Single().ShouldStartWith($"DEPLOY_ENV is \"{text}\"");

    [Theory]
    [InlineData("Refresh:Concurrency", "63"), InlineData("Resilience:FailureThreshold", "0"), InlineData("Resilience:MaxRetries", "11"), InlineData("Resilience:BackoffFactor", "1.5"), InlineData("Resilience:RecoveryTimeout", "0"), InlineData("Limits:PerUser", "-1"), InlineData("Limits:ReadsPerKey", "x")]
    public void A_number_out_of_its_range_stops_the_start(string name, string text) =>
        Faults(($"Grantkeeper:{name}", text)).Single().ShouldStartWith($"Grantkeeper:{name} is \"{text}\"");

    [Theory]
    [InlineData("-00:00:01"), InlineData("1.00:00:01"), InlineData("ten minutes")]
    public void A_wait_that_is_none_stops_the_start(string text) =>
        Faults(("Grantkeeper:Refresh:SpoolWait", text)).Single().ShouldStartWith($"Grantkeeper:Refresh:SpoolWait is \"{text}\"");

    [Fact]
    public void Every_variable_has_its_place()
    {
        var folder = Path.GetTempPath();
        var options = Read(
            ("DEPLOY_ENV", "dev"), ("FRONTEND_URL", " http://localhost:3000 "), ("GRANTKEEPER_PUBLIC_URL", "http://localhost:8000/"),
            ("PLATFORM_DATABASE_URL", "postgres://p@h/platform"), ("GRANTKEEPER_MIGRATION_DATABASE_URL", "postgres://m@h/user_data"), ("GRANTKEEPER_PLATFORM_MIGRATION_DATABASE_URL", "postgres://m@h/platform"),
            ("GRANTKEEPER_API_KEY", new string('k', 32)), ("GRANTKEEPER_SANDBOX", "true"), ("GRANTKEEPER_PROVIDERS_PATH", folder),
            ("Grantkeeper:Connect:AllowedOrigins:0", "https://admin.example.com"), ("Grantkeeper:Connect:AllowedOrigins:1", "http://127.0.0.1:5173/"),
            ("Grantkeeper:Egress:AllowedNetworks:0", "10.20.0.0/16"), ("Grantkeeper:RunWorkers", "false"), ("Grantkeeper:Identity:UserIdClaim", "oid"),
            ("GRANTKEEPER_DATA_PATH", "some/../folder"), ("Grantkeeper:Refresh:SpoolWait", "00:02:30"),
            ("Grantkeeper:Refresh:Ahead", "false"), ("Grantkeeper:Refresh:Concurrency", "64"), ("Grantkeeper:Resilience:FailureThreshold", "2"), ("Grantkeeper:Resilience:RecoveryTimeout", "00:00:05"),
            ("Grantkeeper:Resilience:SuccessThreshold", "1"), ("Grantkeeper:Resilience:MaxRetries", "0"), ("Grantkeeper:Resilience:RetryDelay", "00:00:00.5"), ("Grantkeeper:Resilience:BackoffFactor", "3"), ("Grantkeeper:Resilience:MaxConcurrency", "7"));
        (options.DataPath, options.SpoolWait, options.RefreshAhead, options.RefreshConcurrency).ShouldBe((Path.GetFullPath("folder"), TimeSpan.FromSeconds(150), false, 64));
        options.Resilience.ShouldBe(new ResilienceOptions
        {
            FailureThreshold = 2, RecoveryTimeout = TimeSpan.FromSeconds(5), SuccessThreshold = 1, MaxRetries = 0, RetryDelay = TimeSpan.FromSeconds(0.5), BackoffFactor = 3, MaxConcurrency = 7,
        });
        (options.FrontendUrl.AbsoluteUri, options.PublicUrl.AbsoluteUri, options.PublicUrlIsSet, options.AllowsLoopbackHttp).ShouldBe(("http://localhost:3000/", "http://localhost:8000/", true, true));
        (options.PlatformDatabase, options.UserDataMigrationDatabase, options.PlatformMigrationDatabase).ShouldBe(("postgres://p@h/platform", "postgres://m@h/user_data", "postgres://m@h/platform"));
        (options.ApiKey.Reveal().Length, options.Sandbox, options.ProvidersPath, options.RunWorkers, options.UserIdClaim).ShouldBe((32, true, folder, false, "oid"));
        options.AllowedOrigins.ShouldBe(["https://admin.example.com", "http://127.0.0.1:5173"]);
        options.AllowedNetworks.ShouldBe(["10.20.0.0/16"]);
        options.EncryptionKey.Reveal().ShouldBe(Key);
    }

    [Fact]
    public void Platforms_and_prerequisites_of_the_onboarding_are_names()
    {
        Read().Onboarding.Platforms.ShouldBe(["gsc", "bing", "wordpress", "wix"]);
        var onboarding = Read(("Grantkeeper:Onboarding:Platforms:0", "my-shop"), ("Grantkeeper:Onboarding:Prerequisites:0", "persona"), ("Grantkeeper:Onboarding:Prerequisites:1", "api_keys")).Onboarding;
        (onboarding.Platforms.Single(), string.Join(' ', onboarding.Prerequisites)).ShouldBe(("my-shop", "persona api_keys"));
        Faults(("Grantkeeper:Onboarding:Platforms:0", "a b"), ("Grantkeeper:Onboarding:Prerequisites:0", ""), ("Grantkeeper:Onboarding:Prerequisites:1", new string('x', 61)))
            .Select(fault => fault.Split(" is ")[0]).ShouldBe(["Grantkeeper:Onboarding:Platforms:0", "Grantkeeper:Onboarding:Prerequisites:0", "Grantkeeper:Onboarding:Prerequisites:1"]);
    }

    [Fact]
    public void The_older_names_of_key_and_database_work()
    {
        Read(("OAUTH_ENCRYPTION_KEY", null), ("OAUTH_TOKEN_ENCRYPTION_KEY", Key)).EncryptionKey.Reveal().ShouldBe(Key);
        var other = Convert.ToBase64String(new byte[32]);
        Read(("OAUTH_TOKEN_ENCRYPTION_KEY", other)).EncryptionKey.Reveal().ShouldBe(Key);
        Read(("USER_DATA_DATABASE_URL", null), ("ConnectionStrings:grantkeeper", "Host=h;Database=d")).UserDataDatabase.ShouldBe("Host=h;Database=d");
        var one = Read(("USER_DATA_DATABASE_URL", null), ("PLATFORM_DATABASE_URL", "postgres://p@h/one"));
        (one.UserDataDatabase, one.PlatformDatabase).ShouldBe(("postgres://p@h/one", "postgres://p@h/one"));
    }

    [Fact]
    public void All_faults_are_listed_at_once()
    {
        var faults = Faults(
            ("DEPLOY_ENV", "prodction"), ("FRONTEND_URL", null), ("GRANTKEEPER_PUBLIC_URL", "http://gk.example.com"), ("USER_DATA_DATABASE_URL", null), ("OAUTH_ENCRYPTION_KEY", "short"),
            ("GRANTKEEPER_API_KEY", "canary-key"), ("GRANTKEEPER_SANDBOX", "yes"), ("GRANTKEEPER_PROVIDERS_PATH", "/no/such/folder"), ("Grantkeeper:RunWorkers", "1"),
            ("Grantkeeper:Connect:AllowedOrigins:0", "https://a.example.com/path"), ("Grantkeeper:Egress:AllowedNetworks:0", "10.0.0.0"),
            ("GRANTKEEPER_MIGRATION_DATABASE_URL", "nonsense"), ("GRANTKEEPER_PLATFORM_MIGRATION_DATABASE_URL", "postgresql:///"));
        foreach (var name in new[]
        {
            "DEPLOY_ENV", "FRONTEND_URL", "GRANTKEEPER_PUBLIC_URL", "USER_DATA_DATABASE_URL", "encryption key", "GRANTKEEPER_API_KEY", "GRANTKEEPER_SANDBOX", "GRANTKEEPER_PROVIDERS_PATH",
            "RunWorkers", "AllowedOrigins", "AllowedNetworks", "GRANTKEEPER_MIGRATION_DATABASE_URL", "GRANTKEEPER_PLATFORM_MIGRATION_DATABASE_URL",
        })
            faults.Count(fault => fault.Contains(name, StringComparison.Ordinal)).ShouldBeGreaterThan(0, name);
        faults.Count.ShouldBe(13);
        string.Join('\n', faults).ShouldNotContain("canary");
    }

    [Fact]
    public void Each_fault_says_what_to_write() =>
        Faults(("FRONTEND_URL", null), ("USER_DATA_DATABASE_URL", null), ("OAUTH_ENCRYPTION_KEY", null), ("GRANTKEEPER_API_KEY", "short")).ShouldBe(
        [
            "FRONTEND_URL is not set: it is the origin of your product, to which users return. Set it to, for example, https://app.example.com.",
            "USER_DATA_DATABASE_URL is not set. Set USER_DATA_DATABASE_URL (or ConnectionStrings:grantkeeper) to postgresql://user:password@host:5432/database, special characters percent-encoded.",
            "GRANTKEEPER_API_KEY is shorter than 32 characters. Make one with: openssl rand -base64 32.",
            "OAUTH_ENCRYPTION_KEY: Neither OAUTH_ENCRYPTION_KEY nor OAUTH_ENCRYPTION_KEY_FILE is set; tokens are never stored in plain text. Create one with: openssl rand -base64 32. Keep a copy apart from the database backups.",
        ], ignoreOrder: true);

    [Theory]
    [InlineData("http://app.example.com"), InlineData("http://localhost:3000"), InlineData("https://user@app.example.com"), InlineData("https://app.example.com/app"), InlineData("https://app.example.com?x"), InlineData("https://app.example.com#x")]
    [InlineData("app.example.com"), InlineData("//app.example.com"), InlineData("javascript:alert(1)"), InlineData("ftp://app.example.com"), InlineData("https://")]
    public void A_frontend_that_is_no_https_origin_is_refused_in_production(string text)
    {
        Faults(("FRONTEND_URL", text)).Single().ShouldStartWith("FRONTEND_URL is not usable as an origin");
        Faults(("GRANTKEEPER_PUBLIC_URL", text)).Single().ShouldStartWith("GRANTKEEPER_PUBLIC_URL is not usable as an origin");
    }

    [Theory]
    [InlineData("http://localhost:3000", true), InlineData("http://127.0.0.1:3000", true), InlineData("http://[::1]:3000", true), InlineData("https://app.example.com", true), InlineData("http://app.example.com", false), InlineData("http://10.0.0.1", false)]
    public void Development_accepts_http_on_loopback_only(string text, bool accepted)
    {
        OptionsReader.TryOrigin(text, DeployEnvironment.Development).ShouldBe(accepted ? new Uri(text) : null);
        if (text.StartsWith("http:", StringComparison.Ordinal))
            OptionsReader.TryOrigin(text, DeployEnvironment.Staging).ShouldBeNull();
    }

    [Fact]
    public void A_password_in_an_origin_or_database_url_is_not_repeated()
    {
        string.Join('\n', Faults(
            ("FRONTEND_URL", "https://ann:canary@app.example.com"), ("USER_DATA_DATABASE_URL", "postgresql://gk:canary@:bad/x"), ("PLATFORM_DATABASE_URL", "postgresql://gk:canary@h/"),
            ("Grantkeeper:Connect:AllowedOrigins:0", "https://ann:canary@app.example.com"), ("OAUTH_ENCRYPTION_KEY", "canary"))).ShouldNotContain("canary");
    }

    [Fact]
    public void A_name_in_another_script_is_compared_the_way_browsers_send_it() =>
        Read(("FRONTEND_URL", "https://bücher.example")).FrontendUrl.GetLeftPart(UriPartial.Authority).ShouldBe("https://xn--bcher-kva.example");

    [Fact]
    public void The_sandbox_is_refused_in_production_and_offered_elsewhere()
    {
        Faults(("GRANTKEEPER_SANDBOX", "true")).Single().ShouldContain("GRANTKEEPER_SANDBOX is true in production");
        Faults(("GRANTKEEPER_SANDBOX", "true"), ("DEPLOY_ENV", null)).Single().ShouldContain("production");
        Read(("GRANTKEEPER_SANDBOX", "True"), ("DEPLOY_ENV", "staging")).Sandbox.ShouldBeTrue();
    }

    [Fact]
    public void An_api_key_has_32_characters_at_least()
    {
        Faults(("GRANTKEEPER_API_KEY", new string('x', 31))).Single().ShouldContain("GRANTKEEPER_API_KEY");
        Read(("GRANTKEEPER_API_KEY", new string('x', 32))).ApiKey.IsEmpty.ShouldBeFalse();
        Read(("GRANTKEEPER_API_KEY", " ")).ApiKey.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void The_options_never_print_a_secret() =>
        Read(("GRANTKEEPER_API_KEY", "canary-canary-canary-canary-canary-1"), ("USER_DATA_DATABASE_URL", "postgresql://gk:canary@h/d")).ToString().ShouldNotContain("canary");
}
