using System.Text;
using Grantkeeper.Settings;
using Grantkeeper.Tests.Settings;

namespace Grantkeeper.Tests.Documentation;

/// <summary>docs/configuration.md and .env.example are the list of settings; UPDATE_DOCS=1 writes them.</summary>
[Trait("category", "documentation")]
public sealed class SettingsPagesTests
{
    [Fact]
    public void The_configuration_page_describes_every_setting()
    {
        var text = new StringBuilder();
        foreach (var group in KnownSettings.All.GroupBy(setting => setting.Group))
        {
            text.Append($"## {group.Key}\n\n| name | default | meaning |\n| --- | --- | --- |\n");
            foreach (var setting in group)
                text.Append($"| {Names(setting)} | {setting.Default} | {setting.Meaning}{Spellings(setting)} |\n");
            text.Append('\n');
        }

        GeneratedText.CompareSection("docs/configuration.md", "settings", text.ToString());
    }

    [Fact]
    public void The_example_holds_every_setting_with_one_line_of_comment()
    {
        var text = new StringBuilder("""
            # Every setting of Grantkeeper, for `docker compose` (copy it to .env), systemd (EnvironmentFile) or a shell.
            # Lines without a # have to be filled in; the others show an example. docs/configuration.md says more.

            """);
        foreach (var group in KnownSettings.All.GroupBy(setting => setting.Group))
        {
            text.Append($"\n# --- {group.Key} ---\n");
            foreach (var setting in group)
                text.Append($"\n# {Plain(setting.Meaning)} Default: {Plain(setting.Default)}.\n{Example(setting)}\n");
        }

        GeneratedText.Compare(".env.example", text.ToString());
    }

    [Fact]
    public void The_example_with_a_key_filled_in_starts()
    {
        var settings = File.ReadLines(Path.Combine(SourceTree.Root, ".env.example"))
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split('=', 2))
            .ToDictionary(parts => Setting.KeyOf(parts[0]), parts => (string?)parts[1]);
        settings["OAUTH_ENCRYPTION_KEY"].ShouldBe("");
        settings["OAUTH_ENCRYPTION_KEY"] = SomeSettings.Key;
        var faults = new List<string>();
        Startup.Deployment.TryRead(SomeSettings.Configuration(settings), faults).ShouldNotBeNull(string.Join('\n', faults));
    }

    private static string Names(Setting setting) => $"`{setting.Name}{(setting.Form == SettingForm.List ? "__0` …" : "`")}";

    private static string Spellings(Setting setting) =>
        setting.OtherNames.Count == 0 ? "" : $" Also: {string.Join(", ", setting.OtherNames.Select(name => $"`{name}`"))}.";

    private static string Plain(string text) => text.Replace("`", "", StringComparison.Ordinal);

    private static string Example(Setting setting) => setting switch
    {
        { Form: SettingForm.PerProvider } => $"#{setting.Example}",
        { Form: SettingForm.List } => $"#{setting.Name}__0={setting.Example}",
        { IsRequired: true } => $"{setting.Name}={setting.Example}",
        _ => $"#{setting.Name}={setting.Example}",
    };
}
