using System.Net;
using System.Numerics;
using Grantkeeper.Egress;

namespace Grantkeeper.Tests.Egress;

[Trait("category", "security")]
public sealed class AddressRangeTests
{
    public static TheoryData<string> Edges => [.. AddressRanges.Table.SelectMany(row => new[] { row.Network.BaseAddress, Last(row.Network) }).Distinct().Select(address => address.ToString())];

    [Theory]
    [MemberData(nameof(Edges))]
    public void Both_ends_of_every_range_are_not_public(string address) =>
        AddressRanges.ReachOf(IPAddress.Parse(address)).ShouldNotBe(AddressReach.Public);

    [Theory]
    [InlineData("0.0.0.0"), InlineData("10.1.2.3"), InlineData("100.100.100.200"), InlineData("127.8.9.1"), InlineData("168.63.129.16")]
    [InlineData("169.254.169.254"), InlineData("172.31.255.255"), InlineData("192.0.0.192"), InlineData("192.168.1.1"), InlineData("198.19.0.1")]
    [InlineData("224.0.0.1"), InlineData("255.255.255.255"), InlineData("::"), InlineData("::1"), InlineData("::127.0.0.1"), InlineData("::8.8.8.8")]
    [InlineData("::ffff:127.0.0.1"), InlineData("::ffff:10.0.0.1"), InlineData("::ffff:a9fe:a9fe"), InlineData("::ffff:0:127.0.0.1")]
    [InlineData("64:ff9b::7f00:1"), InlineData("64:ff9b::808:808"), InlineData("64:ff9b:1::1"), InlineData("100::1"), InlineData("100:0:0:1::1")]
    [InlineData("2001::1"), InlineData("2001:0:4136:e378:8000:63bf:3fff:fdd2"), InlineData("2001:db8::1"), InlineData("2002:7f00:1::"), InlineData("2002:808:808::")]
    [InlineData("3fff::1"), InlineData("4000::1"), InlineData("5f00::1"), InlineData("fd00:ec2::254"), InlineData("fe80::1%1"), InlineData("fec0::1"), InlineData("ff02::1")]
    public void An_address_that_leads_inside_is_refused_under_either_trust(string address)
    {
        foreach (var trust in Enum.GetValues<EgressTrust>())
            new AddressRules(new EgressOptions()).Allows([IPAddress.Parse(address)], new Uri("https://idp.example.com/"), trust).ShouldBeFalse();
    }

    [Theory]
    [InlineData("1.0.0.0"), InlineData("8.8.8.8"), InlineData("9.255.255.255"), InlineData("11.0.0.0"), InlineData("100.63.255.255"), InlineData("100.128.0.0")]
    [InlineData("126.255.255.255"), InlineData("128.0.0.0"), InlineData("168.63.129.15"), InlineData("169.253.255.255"), InlineData("172.15.255.255")]
    [InlineData("172.32.0.0"), InlineData("192.0.1.0"), InlineData("192.167.255.255"), InlineData("192.169.0.0"), InlineData("198.17.255.255"), InlineData("198.20.0.0")]
    [InlineData("223.255.255.255"), InlineData("::ffff:8.8.8.8"), InlineData("2001:200::1"), InlineData("2606:4700::1111"), InlineData("2a00:1450::1"), InlineData("3ffe::1")]
    public void The_neighbours_of_the_ranges_are_public(string address) =>
        AddressRanges.ReachOf(IPAddress.Parse(address)).ShouldBe(AddressReach.Public);

    [Fact]
    public void Every_range_names_its_source() => AddressRanges.Table.ShouldAllBe(row => row.Source.Length > 8);

    private static IPAddress Last(IPNetwork network)
    {
        var bytes = network.BaseAddress.GetAddressBytes();
        var host = (BigInteger.One << (bytes.Length * 8 - network.PrefixLength)) - 1;
        var last = new BigInteger(bytes, isUnsigned: true, isBigEndian: true) + host;
        var written = last.ToByteArray(isUnsigned: true, isBigEndian: true);
        return new IPAddress([.. new byte[bytes.Length - written.Length], .. written]);
    }
}
