using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Tests.Settings;

namespace Grantkeeper.Tests.Providers;

[Trait("category", "providers")]
public sealed class FeatureReaderTests
{
    private const string File = """
        features:
          calendar:
            display_name: Calendar
            requires: { provider: Google-Calendar, scopes: [read], any_of: [[a, b], [c]] }
        """;

    [Fact]
    public void A_feature_is_read_and_configuration_wins_member_by_member()
    {
        var feature = Read(File, ("Grantkeeper:Features:calendar:display_name", "Termine"), ("Grantkeeper:Features:mail.send:display_name", "Mail"),
            ("Grantkeeper:Features:mail.send:requires:provider", "google"), ("Grantkeeper:Features:mail.send:requires:any_of:0:0", "send"))[0];
        (feature.Key, feature.DisplayName, feature.Provider, feature.Asked.ToString()).ShouldBe(("calendar", "Termine", "google_calendar", "read a c"));
        Read(null, ("Grantkeeper:Features:x:display_name", "X"), ("Grantkeeper:Features:x:requires:provider", "p"), ("Grantkeeper:Features:x:requires:scopes:0", "s")).ShouldHaveSingleItem().Key.ShouldBe("x");
        Read(null).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("", "read a c", false), InlineData("read", "a c", true), InlineData("b", "read c", true), InlineData("read b c", "", false), InlineData("x", "read a c", false)]
    public void What_is_missing_names_one_scope_of_each_group_without_one(string granted, string missing, bool isPartly)
    {
        var feature = Read(File)[0];
        feature.MissingOf(ScopeSet.Parse(granted)).ToString().ShouldBe(missing);
        feature.IsPartlyGrantedBy(ScopeSet.Parse(granted)).ShouldBe(isPartly);
    }

    [Theory]
    [InlineData("features: 1", "f.yaml: features must be a mapping of keys and features")]
    [InlineData("features:\n  a: 1", "f.yaml: a must be a mapping")]
    [InlineData("features:\n  a: { display_name: A }", "f.yaml: a: requires is required: provider, scopes, any_of")]
    [InlineData("features:\n  a: { display_name: A, requires: { provider: p } }", "f.yaml: a: requires: scopes or any_of must name a scope")]
    [InlineData("features:\n  a: { display_name: A, requires: { provider: p, any_of: x } }", "f.yaml: a: requires: any_of must be a list of lists of texts")]
    [InlineData("features:\n  a: { display_name: A, requires: { provider: p, any_of: [[]] } }", "f.yaml: a: requires: any_of must hold no empty group")]
    [InlineData("features:\n  a: { display_name: A, requires: { provider: p, scopes: [s], more: 1 } }", "f.yaml: a: requires: more is not a member of the schema")]
    [InlineData("[", "f.yaml: line ")]
    public void Faults_say_where_and_what(string yaml, string fault)
    {
        var faults = new List<string>();
        new FeatureReader(SomeSettings.Configuration([])).Read(new ManifestText("f.yaml", yaml), faults).ShouldBeNull();
        faults.ShouldContain(text => text.StartsWith(fault, StringComparison.Ordinal), string.Join('\n', faults));
    }

    private static List<Feature> Read(string? yaml, params (string Name, string? Value)[] settings)
    {
        var faults = new List<string>();
        var features = new FeatureReader(SomeSettings.Configuration(settings.ToDictionary(setting => setting.Name, setting => setting.Value)))
            .Read(yaml is null ? null : new ManifestText("f.yaml", yaml), faults);
        faults.ShouldBeEmpty();
        return features.ShouldNotBeNull();
    }
}
