using System.Text.RegularExpressions;
using Grantkeeper.Settings;
using Grantkeeper.Startup;

namespace Grantkeeper.Tests.Settings;

/// <summary>The list of settings is what the code reads, no more and no less.</summary>
[Trait("category", "conventions")]
public sealed partial class KnownSettingsTests
{
    /// <summary>Words in capitals that the sources hold and nobody sets: parts of names, what one of our processes sets for another, and files.</summary>
    private static readonly string[] NoSettings = ["CLIENT_ID", "CLIENT_SECRET", "REDIRECT_URI", "SANDBOX_CLIENT_ID", "SANDBOX_CLIENT_SECRET", "SANDBOX_CLIENTS", "PG_VERSION", "LC_ALL", "GRANTKEEPER_DEMO", "PROVIDER_URL", "PERMISSION_DENIED", "WEBHOOK_PUBLIC_KEY", "INVALID_ARGUMENT", "SEMANTIC_MODEL_NOT_FOUND"];

    [Fact]
    public void The_engine_reads_what_is_listed_and_nothing_else()
    {
        var asked = new SortedSet<string>(StringComparer.Ordinal);
        var nothing = SomeSettings.Configuration(new() { ["GRANTKEEPER_SANDBOX"] = "true", ["DEPLOY_ENV"] = "development" });
        Deployment.TryRead(new RecordingConfiguration(nothing, asked), []);
        var listed = KnownSettings.All.Where(setting => setting.Reader == SettingReader.Engine)
            .SelectMany(setting => setting.OtherNames.Prepend(setting.Name).Select(name => Setting.KeyOf(name) + (setting.Form == SettingForm.List ? ":*" : "")));
        asked.Select(General).Distinct().ShouldBe(listed, ignoreOrder: true);
    }

    [Fact]
    public void Every_variable_that_the_sources_name_is_listed()
    {
        var named = SourceTree.Files(Path.Combine(SourceTree.Root, "src"))
            .Where(file => !file.Path.EndsWith("/KnownSettings.cs", StringComparison.Ordinal))
            .SelectMany(file => file.Lines).SelectMany(line => VariableName().Matches(line).Select(match => match.Groups[1].Value)).Distinct().Except(NoSettings).ToList();
        var listed = KnownSettings.All.SelectMany(setting => setting.OtherNames.Prepend(setting.Name)).ToList();
        named.Except(listed).ShouldBeEmpty();
        KnownSettings.All.Where(setting => setting.Reader != SettingReader.Engine && !setting.Name.StartsWith("Logging__", StringComparison.Ordinal)).Select(setting => setting.Name).Except(named).ShouldBeEmpty();
    }

    [Fact]
    public void Every_name_stands_once_with_a_meaning()
    {
        KnownSettings.All.SelectMany(setting => setting.OtherNames.Prepend(setting.Name)).ShouldBeUnique();
        KnownSettings.All.ShouldAllBe(setting => setting.Meaning.EndsWith('.') && !setting.Meaning.Contains('\n') && setting.Default.Length > 0);
        KnownSettings.All.Where(setting => setting.Form == SettingForm.Secret).ShouldAllBe(setting => setting.Example == "", "an example key would be used");
    }

    /// <summary>One provider's key as the family that it belongs to.</summary>
    private static string General(string key)
    {
        foreach (var provider in Directory.EnumerateFiles(SourceTree.Providers, "*.yaml").Select(file => Path.GetFileNameWithoutExtension(file)).OrderByDescending(name => name.Length))
        {
            if (key.StartsWith($"Grantkeeper:Providers:{provider}:", StringComparison.Ordinal))
            {
                var member = key[$"Grantkeeper:Providers:{provider}:".Length..];
                return "Grantkeeper:Providers:{key}:" + (member == "*" ? "{member}" : member.StartsWith("variables:", StringComparison.Ordinal) ? "variables:{variable}" : member);
            }

            if (key.StartsWith($"{provider.ToUpperInvariant()}_", StringComparison.Ordinal))
            {
                var name = key[(provider.Length + 1)..];
                return "{KEY}_" + (name.EndsWith("CLIENT_ID", StringComparison.Ordinal) || name.EndsWith("CLIENT_SECRET", StringComparison.Ordinal) || name.EndsWith("REDIRECT_URI", StringComparison.Ordinal) || name.EndsWith("WEBHOOK_PUBLIC_KEY", StringComparison.Ordinal) ? name : "{VARIABLE}");
            }
        }

        return key switch
        {
            "Grantkeeper:Features" or "Grantkeeper:Features:*" => "Grantkeeper:Features:{key}:{member}",
            "Grantkeeper:Scopes:Policy:*" => "Grantkeeper:Scopes:Policy:{n}:{member}",
            _ => key,
        };
    }

    [GeneratedRegex("\"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)\"")]
    private static partial Regex VariableName();
}
