using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using static Grantkeeper.Tests.Providers.SomeManifest;

namespace Grantkeeper.Tests.Providers;

/// <summary>The schema that editors use and the reader that decides are held together by the reader's own source.</summary>
[Trait("category", "providers")]
public sealed partial class SchemaTests
{
    private static readonly JsonObject Root = Schema();

    private static JsonObject At(params string[] path) => path.Aggregate(Root, (node, name) => (JsonObject)node[name]!);

    private static readonly Dictionary<string, JsonObject> Places = new()
    {
        ["fields"] = At("properties"),
        ["rotation"] = At("properties", "rotation", "properties"),
        ["rules"] = At("properties", "client_assertion", "properties"),
        ["grants"] = At("properties", "grant_limits", "properties"),
        ["limit"] = At("properties", "rate_limit", "properties"),
        ["listing"] = At("properties", "resources", "additionalProperties", "properties"),
        ["codes"] = At("properties", "error_codes", "properties"),
        ["source"] = At("properties", "sources", "items", "properties"),
        ["events"] = At("properties", "events", "properties"),
        ["check"] = At("properties", "live_check", "properties"),
        ["account"] = At("properties", "account", "properties"),
        ["entry.Fields"] = At("properties", "scopes", "additionalProperties", "properties"),
        ["variable"] = At("properties", "variables", "additionalProperties", "properties"),
    };

    public static TheoryData<string> Receivers() => [.. Places.Keys];

    [Theory, MemberData(nameof(Receivers))]
    public void The_schema_has_exactly_the_members_that_the_reader_reads(string receiver)
    {
        var source = File.ReadAllText(Path.Combine(SourceTree.Library, "Providers", "ManifestReader.cs"));
        var read = Reading().Matches(source).Where(match => match.Groups["receiver"].Value == receiver).Select(match => match.Groups["name"].Value)
            .Concat(receiver == "fields" ? Regex.Match(source, @"fields\.RefuseOthersBut\((.*?)\)").Groups[1].Value.Split(',').Select(name => name.Trim(' ', '"')) : [])
            .Distinct().Order(StringComparer.Ordinal);
        Places[receiver].Select(property => property.Key).Order(StringComparer.Ordinal).ShouldBe(read);
    }

    [Fact]
    public void The_scan_misses_no_reading()
    {
        var source = File.ReadAllText(Path.Combine(SourceTree.Library, "Providers", "ManifestReader.cs"));
        var calls = Regex.Count(source, @"\.(Text|Required|Flag|Number|Choice<\w+>|Address|Addresses|Items|List|Map|Mapping|Mappings)\(");
        Reading().Count(source).ShouldBe(calls);
        Reading().Matches(source).Select(match => match.Groups["receiver"].Value).Distinct().ShouldBe(Places.Keys, ignoreOrder: true);
    }

    [Fact]
    public void Every_property_is_described()
    {
        foreach (var property in Places.Values.SelectMany(place => place))
        {
            var text = property.Value!["description"]?.GetValue<string>() ?? "";
            text.Length.ShouldBeGreaterThan(10, property.Key);
            text.ShouldEndWith(".");
        }
    }

    [Theory]
    [InlineData("verification", typeof(Verification)), InlineData("client_authentication", typeof(ClientAuthenticationMethod)), InlineData("iss", typeof(IssPolicy)), InlineData("revocation_scope", typeof(RevocationScope)), InlineData("flow", typeof(ConnectionFlow))]
    [InlineData("account/properties/source", typeof(AccountSource)), InlineData("rotation/properties/profile", typeof(RotationProfile)), InlineData("variables/additionalProperties/properties/kind", typeof(VariableKind)), InlineData("client_assertion/properties/audience", typeof(AssertionAudience)), InlineData("client_assertion/properties/parameter", typeof(AssertionParameter))]
    public void Closed_words_are_the_readers(string path, Type type)
    {
        var words = At(["properties", .. path.Split('/')])["enum"]!.AsArray().Select(word => word!.GetValue<string>());
        words.ShouldBe(Enum.GetNames(type).Select(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName), ignoreOrder: true);
    }

    [Fact]
    public void Algorithms_are_those_that_keys_sign_with() =>
        At("properties", "client_assertion", "properties", "algorithm")["enum"]!.AsArray().Select(word => word!.GetValue<string>()).ShouldBe(ClientKey.Algorithms, ignoreOrder: true);

    [Fact]
    public void Members_outside_of_the_schema_are_refused_everywhere() =>
        new[] { Root, At("properties", "account"), At("properties", "rotation"), At("properties", "rate_limit"), At("properties", "client_assertion"), At("properties", "grant_limits"), At("properties", "error_codes"), At("properties", "events"), At("properties", "live_check"), At("properties", "resources", "additionalProperties"), At("properties", "sources", "items"), At("properties", "scopes", "additionalProperties"), At("properties", "variables", "additionalProperties") }
            .ShouldAllBe(place => !place["additionalProperties"]!.GetValue<bool>());

    public static TheoryData<string> Shipped() => [.. Directory.EnumerateFiles(SourceTree.Providers, "*.yaml").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Shipped))]
    public void A_shipped_manifest_points_to_the_schema_and_is_named_after_its_key(string file)
    {
        var lines = File.ReadAllLines(Path.Combine(SourceTree.Providers, file));
        lines[0].ShouldBe("# yaml-language-server: $schema=provider.schema.json");
        lines.ShouldContain($"key: {Path.GetFileNameWithoutExtension(file)}");
    }

    [Theory, MemberData(nameof(Shipped))]
    public void A_shipped_manifest_says_where_its_facts_come_from(string file)
    {
        var faults = new List<string>();
        var tree = ManifestTree.Parse(File.ReadAllText(Path.Combine(SourceTree.Providers, file)), file, faults).ShouldNotBeNull();
        while (tree["extends"] is { } parent)
        {
            tree.Remove("extends");
            tree = ManifestTree.Merge(ManifestTree.Parse(File.ReadAllText(Path.Combine(SourceTree.Providers, $"{parent}.yaml")), $"{parent}.yaml", faults)!, tree);
        }

        faults.ShouldBeEmpty();
        if (tree["verification"]!.GetValue<string>() == "draft")
            return;
        tree["docs_url"]!.GetValue<string>().ShouldStartWith("https://");
        tree["sources"]!.AsArray().ShouldNotBeEmpty();
    }

    [GeneratedRegex(@"(?<receiver>[\w.]+)\.(Text|Required|Flag|Number|Choice<\w+>|Address|Addresses|Items|List|Map|Mapping|Mappings)\(""(?<name>\w+)""")]
    private static partial Regex Reading();
}
