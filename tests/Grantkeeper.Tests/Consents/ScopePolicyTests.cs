using Grantkeeper.Consents;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Tests.Providers;

namespace Grantkeeper.Tests.Consents;

[Trait("category", "services")]
public sealed class ScopePolicyTests
{
    private const string Catalogue = """
        required_scopes: [id]
        default_scopes: [id, more]
        scopes:
          read: { display_name: Read }
          write: { display_name: Write, sensitive: true }
        """;

    private static readonly ProviderManifest Listed = SomeManifest.Read($"{SomeManifest.Good}\n{Catalogue}");
    private static readonly ProviderManifest Partial = SomeManifest.Read($"{SomeManifest.Good}\n{Catalogue}\nscope_listing: partial");
    private static readonly ProviderManifest Bare = SomeManifest.Read(SomeManifest.Good);

    [Fact]
    public void Catalogue_holds_what_it_lists_and_what_is_asked_for_by_itself()
    {
        ScopePolicy.Unknown(Listed, Of("read id more other Read")).ToString().ShouldBe("other Read");
        ScopePolicy.Unknown(Partial, Of("other")).Count.ShouldBe(0);
        ScopePolicy.Unknown(Bare, Of("other")).Count.ShouldBe(0);
    }

    [Theory]
    [InlineData("read write id other", "user", "write other")]
    [InlineData("write other", "premium", ""), InlineData("write", "administrator", ""), InlineData("write", "user premium", ""), InlineData("write", "", "write"), InlineData("read", "", "")]
    public void Sensitive_scopes_are_for_premium_users_and_administrators(string asked, string roles, string refused) =>
        ScopePolicy.Refused(Partial, Of(asked), roles.Split(' '), ScopePolicyReader.Usual).ToString().ShouldBe(refused);

    [Fact]
    public void A_scope_that_several_rules_name_is_open_to_the_roles_of_all_of_them()
    {
        ScopePolicyRule[] rules = [new("acme", ["read"], ["clerk"]), new(null, ["read"], ["chief"]), new("elsewhere", ["write"], ["nobody"])];
        ScopePolicy.Refused(Listed, Of("read write"), ["clerk"], rules).Count.ShouldBe(0);
        ScopePolicy.Refused(Listed, Of("read write"), ["chief"], rules).Count.ShouldBe(0);
        ScopePolicy.Refused(Listed, Of("read write"), ["user"], rules).ToString().ShouldBe("read");
    }

    [Theory]
    [InlineData("a b", "", "a b c", "c"), InlineData("a b", "c", "a b c", ""), InlineData("a b", "", "a", ""), InlineData("", "", "a b", ""), InlineData("a", "", "z", "z")]
    public void What_was_granted_beyond_this_request_and_earlier_ones_is_unasked(string asked, string earlier, string granted, string unasked) =>
        ScopePolicy.Unasked(Listed, Of(asked), Of(earlier), Of(granted)).ToString().ShouldBe(unasked);

    [Fact]
    public void Where_no_catalogue_tells_the_names_an_answer_in_other_words_is_no_escalation()
    {
        ScopePolicy.Unasked(Bare, Of("user:email"), ScopeSet.Empty, Of("user")).Count.ShouldBe(0);
        ScopePolicy.Unasked(Bare, Of("a"), ScopeSet.Empty, Of("a b")).ToString().ShouldBe("b");
    }

    [Fact]
    public void Rules_are_read_and_every_fault_is_named()
    {
        var options = Tests.Settings.SomeSettings.Read(("Grantkeeper:Scopes:Policy:0:Provider", "Google-Ads"), ("Grantkeeper:Scopes:Policy:0:Scopes:0", "https://x/y"), ("Grantkeeper:Scopes:Policy:0:Roles:0", "clerk"));
        var rule = options.ScopePolicy.ShouldHaveSingleItem();
        (rule.Provider, rule.Scopes.Single(), rule.Roles.Single()).ShouldBe(("google_ads", "https://x/y", "clerk"));
        Tests.Settings.SomeSettings.Read().ScopePolicy.ShouldBe(ScopePolicyReader.Usual);
        Tests.Settings.SomeSettings.Faults(("Grantkeeper:Scopes:Policy:0:Role", "user")).ShouldBe(
        [
            "Grantkeeper:Scopes:Policy:0:Role is no member of a rule; write Provider, Scopes, Roles.",
            "Grantkeeper:Scopes:Policy:0:Roles is missing; write at least one role, for example Grantkeeper:Scopes:Policy:0:Roles:0=premium.",
        ]);
        Tests.Settings.SomeSettings.Faults(("Grantkeeper:Consents:Version", new string('x', 21)), ("Grantkeeper:Consents:Lifetime", "forever"), ("GRANTKEEPER_FEATURES_PATH", "/nowhere.yaml"))
            .Select(fault => fault.Split(' ')[0]).ShouldBe(["GRANTKEEPER_FEATURES_PATH", "Grantkeeper:Consents:Version", "Grantkeeper:Consents:Lifetime"], ignoreOrder: true);
    }

    private static ScopeSet Of(string scopes) => ScopeSet.Parse(scopes);
}
