using System.Net;
using Grantkeeper.Egress;

namespace Grantkeeper.Tests.Egress;

[Trait("category", "security")]
public sealed class AddressRulesTests
{
    private static readonly AddressRules Production = new(new EgressOptions());
    private static readonly AddressRules Development = new(SomeEgress.Development);
    private static readonly AddressRules Opened = new(new EgressOptions { AllowedNetworks = [IPNetwork.Parse("10.20.0.0/16"), IPNetwork.Parse("fd12::/16"), IPNetwork.Parse("0.0.0.0/0")] });

    [Theory]
    [InlineData("http://idp.example.com/"), InlineData("ftp://idp.example.com/"), InlineData("file:///etc/passwd"), InlineData("unix:/var/run/docker.sock")]
    [InlineData("https://user@idp.example.com/"), InlineData("https://user:pass@idp.example.com/"), InlineData("https://idp.example.com:0/")]
    [InlineData("https://127.0.0.1/"), InlineData("https://2130706433/"), InlineData("https://0177.0.0.1/"), InlineData("https://0x7f.0.0.1/"), InlineData("https://0x7f000001/")]
    [InlineData("https://127.1/"), InlineData("https://0/"), InlineData("https://169.254.169.254/latest/meta-data/"), InlineData("https://[::]/"), InlineData("https://[::1]/")]
    [InlineData("https://[::ffff:127.0.0.1]/"), InlineData("https://[64:ff9b::a9fe:a9fe]/"), InlineData("https://[2002:a9fe:a9fe::]/"), InlineData("https://[fe80::1%25eth0]/")]
    public void A_url_that_no_trust_may_call(string url)
    {
        Production.Allows(new Uri(url), EgressTrust.Operator).ShouldBeFalse();
        Development.Allows(new Uri(url), EgressTrust.Data).ShouldBeFalse();
    }

    [Theory]
    [InlineData("https://idp.example.com:8443/"), InlineData("https://idp.example.com:80/"), InlineData("https://keycloak/"), InlineData("https://metadata.google.internal/")]
    [InlineData("https://METADATA.GOOGLE.INTERNAL/"), InlineData("https://printer.local/"), InlineData("https://router.home.arpa/"), InlineData("https://app.localhost/")]
    [InlineData("https://metadata.google.internal./"), InlineData("https://localhost./"), InlineData("https://idp.example.com./")]
    public void A_url_that_only_the_operator_may_write(string url)
    {
        Production.Allows(new Uri(url), EgressTrust.Operator).ShouldBeTrue();
        Production.Allows(new Uri(url), EgressTrust.Data).ShouldBeFalse();
        Development.Allows(new Uri(url), EgressTrust.Data).ShouldBeFalse();
    }

    [Theory]
    [InlineData("https://idp.example.com/"), InlineData("https://login.internal.example.com/"), InlineData("https://mylocal.com/"), InlineData("https://8.8.8.8/"), InlineData("https://[2606:4700::1111]/")]
    public void A_public_url_that_both_may_write(string url)
    {
        Production.Allows(new Uri(url), EgressTrust.Operator).ShouldBeTrue();
        Production.Allows(new Uri(url), EgressTrust.Data).ShouldBeTrue();
    }

    [Theory]
    [InlineData("http://127.0.0.1:8100/"), InlineData("http://localhost:8100/"), InlineData("http://[::1]:8100/"), InlineData("http://idp.localhost/"), InlineData("https://127.0.0.1:8443/")]
    public void Loopback_is_for_the_operator_in_development(string url)
    {
        Development.Allows(new Uri(url), EgressTrust.Operator).ShouldBeTrue();
        Development.Allows(new Uri(url), EgressTrust.Data).ShouldBeFalse();
        Production.Allows(new Uri(url), EgressTrust.Operator).ShouldBeFalse();
    }

    [Theory]
    [InlineData("http://10.0.0.1/"), InlineData("http://8.8.8.8/"), InlineData("http://notlocalhost/"), InlineData("http://localhost.example.com/")]
    public void Http_reaches_nothing_but_loopback(string url) => Development.Allows(new Uri(url), EgressTrust.Operator).ShouldBeFalse();

    [Fact]
    public void A_name_under_localhost_that_resolves_elsewhere_is_refused_over_http() =>
        Development.Allows([IPAddress.Parse("8.8.8.8")], new Uri("http://localhost/"), EgressTrust.Operator).ShouldBeFalse();

    [Theory]
    [InlineData("10.20.3.4", true), InlineData("::ffff:10.20.3.4", true), InlineData("fd12::7", true), InlineData("fd13::7", false)]
    [InlineData("0.0.0.0", false), InlineData("224.0.0.1", false), InlineData("255.255.255.255", false), InlineData("127.0.0.1", true)]
    public void Listed_networks_are_open_to_the_operator_and_never_to_data(string address, bool open)
    {
        var url = new Uri("https://keycloak.example.com/");
        Opened.Allows([IPAddress.Parse(address)], url, EgressTrust.Operator).ShouldBe(open);
        Opened.Allows([IPAddress.Parse(address)], url, EgressTrust.Data).ShouldBeFalse();
    }

    [Fact]
    public void No_address_at_all_is_not_allowed() => Production.Allows([], new Uri("https://idp.example.com/"), EgressTrust.Operator).ShouldBeFalse();
}
