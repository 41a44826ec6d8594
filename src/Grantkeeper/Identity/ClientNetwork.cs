using System.Net;
using System.Net.Sockets;

namespace Grantkeeper.Identity;

/// <summary>What an address is counted as: one customer of a provider holds a whole IPv6 network of 64 bits.</summary>
internal static class ClientNetwork
{
    public static string Of(IPAddress? address) => address switch
    {
        null => "",
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4().ToString(),
        { AddressFamily: AddressFamily.InterNetworkV6 } => Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, 8)),
        _ => address.ToString(),
    };
}
