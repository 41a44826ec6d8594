using System.Text.Json.Nodes;
using Grantkeeper.Tests.Settings;

namespace Grantkeeper.Tests.Cli;

/// <summary>What the tool does without a server: configuration, manifests, and everything that is refused before a request is sent.</summary>
[Trait("category", "cli")]
public sealed class OfflineVerbsTests
{
    [Fact]
    public async Task A_good_configuration_is_shown_setting_by_setting()
    {
        var run = await ToolRun.With(SomeSettings.With(("GRANTKEEPER_PUBLIC_URL", "https://connect.example.com"), ("GOOGLE_CLIENT_ID", "client-1"), ("GOOGLE_CLIENT_SECRET", "canary-secret"), ("MICROSOFT_CLIENT_ID", "client-2")), "config", "check");
        run.Code.ShouldBe(0, run.Out + run.Error);
        var lines = run.Out.Split('\n');
        lines.ShouldContain(line => line.StartsWith("set ", StringComparison.Ordinal) && line.Contains("USER_DATA_DATABASE_URL") && line.Contains("postgresql://gk:***@db.internal:5432/grantkeeper"));
        lines.ShouldContain(line => line.StartsWith("default ", StringComparison.Ordinal) && line.Contains("GRANTKEEPER_API_KEY"));
        lines.ShouldContain(line => line.StartsWith("set ", StringComparison.Ordinal) && line.Contains("google") && line.Contains("https://connect.example.com/oauth/google/callback"));
        lines.ShouldContain(line => line.StartsWith("missing ", StringComparison.Ordinal) && line.Contains("microsoft") && line.Contains("MICROSOFT_CLIENT_SECRET"));
        run.Error.ShouldContain("would start");
        (run.Out + run.Error).ShouldNotContain("canary");
        run.Out.ShouldNotContain("\u001b");
    }

    [Theory]
    [InlineData(0), InlineData(40), InlineData(80), InlineData(100), InlineData(200)]
    public async Task Nothing_is_cut_off_on_a_terminal_of_any_width(int width)
    {
        var run = await ToolRun.OnTerminal(width, [], "config", "check");
        foreach (var setting in Grantkeeper.Settings.KnownSettings.All.Where(setting => setting.Reader == Grantkeeper.Settings.SettingReader.Engine && setting.Form != Grantkeeper.Settings.SettingForm.PerProvider))
            run.Out.ShouldContain(setting.Name);
        run.Out.ShouldNotContain("…");
        run.Out.ShouldMatch(@"\u001b\[[0-9;]+mmissing");
    }

    [Fact]
    public async Task Every_fault_of_a_configuration_is_told_with_its_remedy()
    {
        var folder = Directory.CreateTempSubdirectory("gk-manifests-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "bad.yaml"), "schema_version: 1\nkey: bad\nunknown: 1\n", TestContext.Current.CancellationToken);
            var settings = new Dictionary<string, string?> { ["DEPLOY_ENV"] = "nowhere", ["GRANTKEEPER_API_KEY"] = "canary", ["GRANTKEEPER_PROVIDERS_PATH"] = folder };
            var run = await ToolRun.With(settings, "config", "check");
            run.Code.ShouldBe(3);
            foreach (var part in new[] { "faulty   DEPLOY_ENV", "missing  FRONTEND_URL", "Set it to, for example, https://app.example.com", "missing  OAUTH_ENCRYPTION_KEY", "openssl rand -base64 32", "faulty   GRANTKEEPER_API_KEY", "bad.yaml: unknown is not a member" })
                run.Out.ShouldContain(part);
            run.Out.ShouldNotContain("canary");
            run.Error.ShouldContain("would not start");

            var json = JsonNode.Parse((await ToolRun.With(settings, "config", "check", "--json")).Out)!;
            ((bool)json["ok"]!).ShouldBeFalse();
            json["settings"]!.AsArray().Single(line => (string)line!["name"]! == "FRONTEND_URL")!["state"]!.GetValue<string>().ShouldBe("missing");
            json["faults"]!.AsArray().ShouldNotBeEmpty();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_provider_with_a_redirect_uri_that_cannot_be_used_is_shown()
    {
        var run = await ToolRun.With(SomeSettings.With(("GOOGLE_CLIENT_ID", "id"), ("GOOGLE_CLIENT_SECRET", "s"), ("GOOGLE_REDIRECT_URI", "https://elsewhere.example.com/oauth/google/callback")), "config", "check");
        run.Out.ShouldContain("neither FRONTEND_URL");
        run.Code.ShouldBe(0);
    }

    [Fact]
    public async Task The_shipped_manifests_have_no_faults()
    {
        var run = await ToolRun.Of("providers", "lint", SourceTree.Providers);
        run.ShouldBe(new ToolRun(0, "", $"No faults.{Environment.NewLine}"));
    }

    [Fact]
    public async Task All_faults_of_a_manifest_are_listed_and_of_a_folder_too()
    {
        var folder = Directory.CreateTempSubdirectory("gk-lint-").FullName;
        try
        {
            var file = Path.Combine(folder, "a.yaml");
            await File.WriteAllTextAsync(file, "schema_version: 1\nkey: a\ndisplay_name: A\nauthorization_endpoint: http://127.0.0.1:1/a\ntoken_endpoint: nonsense\n\"\\e[31mred\": 1\n", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "b.yml"), "key: [\n", TestContext.Current.CancellationToken);
            var one = await ToolRun.Of("providers", "lint", file);
            one.Code.ShouldBe(1);
            foreach (var part in new[] { "a.yaml: authorization_endpoint", "a.yaml: token_endpoint", @"\u{1b}[31mred is not a member" })
                one.Out.ShouldContain(part);
            one.Out.ShouldNotContain("b.yml");
            (await ToolRun.Of("providers", "lint", folder)).Out.ShouldContain("b.yml: line");
            (await ToolRun.Of("providers", "lint", file, "--development")).Out.ShouldNotContain("authorization_endpoint");
            var json = JsonNode.Parse((await ToolRun.Of("providers", "lint", folder, "--json")).Out)!;
            json["faults"]!.AsArray().Count.ShouldBeGreaterThan(2);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_manifest_that_cannot_be_read_is_a_sentence()
    {
        var none = await ToolRun.Of("providers", "lint", "/no/such/file.yaml");
        (none.Code, none.Out).ShouldBe((6, ""));
        none.Error.ShouldContain("There is no file or folder /no/such/file.yaml");

        var folder = Directory.CreateTempSubdirectory("gk-lint-").FullName;
        try
        {
            // A link to nowhere cannot be read, by root neither.
            File.CreateSymbolicLink(Path.Combine(folder, "gone.yaml"), Path.Combine(folder, "nowhere"));
            var run = await ToolRun.Of("providers", "lint", folder);
            run.Code.ShouldBe(1);
            run.Out.ShouldContain("gone.yaml: cannot be read");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("tokn"), InlineData("integrations", "show"), InlineData("integrations", "show", "7"), InlineData("integrations", "list", "--limit", "0"), InlineData("integrations", "list", "--limit", "many"), InlineData("token", "google")]
    [InlineData("api-keys", "create", "--name", "x"), InlineData("api-keys", "create", "--name", "x", "--permission", "oauth:read", "--days", "0"), InlineData("config"), InlineData("serve", "--port", "1")]
    public async Task A_wrong_command_line_is_said_on_standard_error(params string[] args)
    {
        var run = await ToolRun.Of(args);
        (run.Code, run.Out).ShouldBe((2, ""));
        run.Error.ShouldContain("--help");
        JsonNode.Parse((await ToolRun.Of([.. args, "--json"])).Out)!["error"]!["code"]!.GetValue<string>().ShouldBe("cli.usage");
    }

    [Fact]
    public async Task Without_a_key_nothing_is_sent_and_the_ways_to_one_are_named()
    {
        var run = await ToolRun.Of("integrations", "list", "--url", "https://connect.example.com");
        run.Code.ShouldBe(2);
        foreach (var part in new[] { "--key-file", "GRANTKEEPER_API_KEY", "https://connect.example.com" })
            run.Error.ShouldContain(part);
    }

    [Theory]
    [InlineData("http://connect.example.com", "plain http"), InlineData("nonsense", "Url"), InlineData("https://ann:secret@connect.example.com", "without user")]
    public async Task A_key_is_not_sent_where_it_could_be_read(string url, string why)
    {
        var run = await ToolRun.With(new() { ["GRANTKEEPER_API_KEY"] = new string('k', 32) }, "integrations", "list", "--url", url);
        run.Code.ShouldBe(2);
        run.Error.ShouldContain(why);
        run.Error.ShouldNotContain(new string('k', 32));
    }

    [Fact]
    public async Task A_key_file_that_cannot_be_read_is_a_sentence()
    {
        var run = await ToolRun.Of("integrations", "list", "--url", "http://localhost:1", "--key-file", "/no/such/key");
        run.Code.ShouldBe(2);
        run.Error.ShouldContain("cannot be read");
    }

    [Theory]
    [InlineData(null, "http://localhost:8000"), InlineData("", "http://localhost:8000"), InlineData("http://+:8000", "http://localhost:8000"), InlineData("https://x:1;http://*:9000/", "http://localhost:9000/"), InlineData("http://0.0.0.0:81", "http://localhost:81"), InlineData("http://[::]:82", "http://localhost:82")]
    public void The_probe_finds_the_servers_port(string? urls, string expected) => Grantkeeper.Cli.Commands.HealthCommand.Local(urls).ShouldBe(expected);
}
