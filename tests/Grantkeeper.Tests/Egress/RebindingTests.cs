using System.Net;
using Grantkeeper.Egress;

namespace Grantkeeper.Tests.Egress;

[Trait("category", "security")]
public sealed class RebindingTests
{
    private static readonly Uri Url = new("https://rebind.example.com/");

    [Fact]
    public async Task Only_the_address_that_was_checked_is_dialled()
    {
        var network = new FakeNetwork(["93.184.215.14"], ["127.0.0.1"]);
        using var egress = SomeEgress.With(network: network);

        (await egress.Get(Url, EgressTrust.Data)).Fault.ShouldBe(EgressFault.NotConnected);
        network.Lookups.ShouldBe(1);
        network.Dialled.ShouldBe([new IPEndPoint(IPAddress.Parse("93.184.215.14"), 443)]);

        (await egress.Get(Url, EgressTrust.Data)).Fault.ShouldBe(EgressFault.AddressNotAllowed);
        network.Lookups.ShouldBe(2);
        network.Dialled.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("93.184.215.14", "10.0.0.1"), InlineData("10.0.0.1", "93.184.215.14"), InlineData("2606:4700::1111", "::ffff:169.254.169.254")]
    public async Task One_bad_address_among_good_ones_spoils_all(string first, string second)
    {
        var network = new FakeNetwork([first, second]);
        using var egress = SomeEgress.With(network: network);

        foreach (var trust in Enum.GetValues<EgressTrust>())
        {
            var outcome = await egress.Get(Url, trust);
            outcome.Fault.ShouldBe(EgressFault.AddressNotAllowed);
            outcome.MayHaveLeft.ShouldBeFalse();
        }
        network.Dialled.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_next_checked_address_is_tried_when_one_refuses()
    {
        var network = new FakeNetwork(["93.184.215.14", "93.184.215.15"]);
        using var egress = SomeEgress.With(network: network);

        (await egress.Get(Url, EgressTrust.Data)).Fault.ShouldBe(EgressFault.NotConnected);
        network.Dialled.Select(point => point.Address.ToString()).ShouldBe(["93.184.215.14", "93.184.215.15"]);
    }

    [Fact]
    public async Task Loopback_behind_a_name_is_refused_in_production()
    {
        var network = new FakeNetwork(["127.0.0.1"]);
        using var egress = SomeEgress.With(new EgressOptions(), network);

        (await egress.Get(Url)).Fault.ShouldBe(EgressFault.AddressNotAllowed);
        network.Dialled.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_refused_url_is_not_even_looked_up()
    {
        var network = new FakeNetwork(["93.184.215.14"]);
        using var egress = SomeEgress.With(network: network);

        (await egress.Get(new Uri("https://metadata.google.internal/"), EgressTrust.Data)).Fault.ShouldBe(EgressFault.AddressNotAllowed);
        network.Lookups.ShouldBe(0);
    }

    [Fact]
    public async Task The_handler_checks_by_itself_when_nobody_asked_before()
    {
        var network = new FakeNetwork(["93.184.215.14"]);
        var options = SomeEgress.Development;
        using var invoker = new HttpMessageInvoker(EgressHandlers.Create(options, new AddressRules(options), network, EgressTrust.Data, TimeProvider.System));

        var thrown = await Should.ThrowAsync<HttpRequestException>(() => invoker.SendAsync(new HttpRequestMessage(HttpMethod.Get, "http://rebind.example.com/"), default));
        thrown.InnerException.ShouldBeOfType<AddressNotAllowedException>();
        network.Lookups.ShouldBe(0);
    }
}
