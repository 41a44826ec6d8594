using System.Net;
using System.Net.Sockets;

namespace Grantkeeper.Egress;

/// <summary>
/// The ranges that are not global unicast, after the special-purpose registries of IANA (RFC 6890,
/// https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry).
/// Of IPv6 only 2000::/3 is ever public (RFC 4291, section 2.4), so a range that is missing here and lies outside it is
/// refused too.
/// </summary>
internal static class AddressRanges
{
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>Every range with its reach and the document that sets it apart.</summary>
    public static IReadOnlyList<(IPNetwork Network, AddressReach Reach, string Source)> Table { get; } =
    [
        Row("0.0.0.0/8", AddressReach.Never, "this network, RFC 791 section 3.2; 0.0.0.0 reaches loopback on Linux"),
        Row("10.0.0.0/8", AddressReach.Private, "private use, RFC 1918"),
        Row("100.64.0.0/10", AddressReach.Private, "shared address space, RFC 6598; Alibaba Cloud metadata is 100.100.100.200"),
        Row("127.0.0.0/8", AddressReach.Loopback, "loopback, RFC 1122 section 3.2.1.3"),
        Row("168.63.129.16/32", AddressReach.Private, "the platform endpoint of Azure; a public number with a private meaning"),
        Row("169.254.0.0/16", AddressReach.Private, "link-local, RFC 3927; metadata of AWS, Google and Azure is 169.254.169.254"),
        Row("172.16.0.0/12", AddressReach.Private, "private use, RFC 1918"),
        Row("192.0.0.0/24", AddressReach.Private, "protocol assignments, RFC 6890; Oracle Cloud metadata is 192.0.0.192"),
        Row("192.0.2.0/24", AddressReach.Private, "documentation, RFC 5737"),
        Row("192.88.99.0/24", AddressReach.Private, "6to4 relay, RFC 7526"),
        Row("192.168.0.0/16", AddressReach.Private, "private use, RFC 1918"),
        Row("198.18.0.0/15", AddressReach.Private, "benchmarking, RFC 2544"),
        Row("198.51.100.0/24", AddressReach.Private, "documentation, RFC 5737"),
        Row("203.0.113.0/24", AddressReach.Private, "documentation, RFC 5737"),
        Row("224.0.0.0/4", AddressReach.Never, "multicast, RFC 5771"),
        Row("240.0.0.0/4", AddressReach.Never, "reserved, RFC 1112 section 4, and the limited broadcast, RFC 919"),
        Row("::1/128", AddressReach.Loopback, "loopback, RFC 4291 section 2.5.3"),
        Row("::/96", AddressReach.Never, "unspecified and IPv4-compatible, RFC 4291 sections 2.5.2 and 2.5.5.1"),
        Row("64:ff9b::/96", AddressReach.Private, "NAT64, RFC 6052; carries an IPv4 address"),
        Row("64:ff9b:1::/48", AddressReach.Private, "local NAT64, RFC 8215; carries an IPv4 address"),
        Row("100::/64", AddressReach.Private, "discard only, RFC 6666"),
        Row("2001::/23", AddressReach.Private, "protocol assignments, RFC 2928; Teredo 2001::/32, RFC 4380, carries an IPv4 address"),
        Row("2001:db8::/32", AddressReach.Private, "documentation, RFC 3849"),
        Row("2002::/16", AddressReach.Private, "6to4, RFC 3056; carries an IPv4 address"),
        Row("3fff::/20", AddressReach.Private, "documentation, RFC 9637"),
        Row("5f00::/16", AddressReach.Private, "segment routing, RFC 9602"),
        Row("fc00::/7", AddressReach.Private, "unique local, RFC 4193; AWS metadata is fd00:ec2::254"),
        Row("fe80::/10", AddressReach.Private, "link-local, RFC 4291 section 2.5.6"),
        Row("fec0::/10", AddressReach.Private, "site-local, RFC 3879"),
        Row("ff00::/8", AddressReach.Never, "multicast, RFC 4291 section 2.7"),
    ];

    /// <summary>Classifies an address; an IPv4-mapped one (RFC 4291, section 2.5.5.2) by the IPv4 address inside.</summary>
    public static AddressReach ReachOf(IPAddress address)
    {
        address = Unmapped(address);
        foreach (var (network, reach, _) in Table)
            if (network.Contains(address)) return reach;
        return address.AddressFamily is AddressFamily.InterNetwork || GlobalUnicast.Contains(address) ? AddressReach.Public : AddressReach.Private;
    }

    /// <summary>The IPv4 address inside an IPv4-mapped one; any other address as it is.</summary>
    public static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static (IPNetwork Network, AddressReach Reach, string Source) Row(string network, AddressReach reach, string source) =>
        (IPNetwork.Parse(network), reach, source);
}
