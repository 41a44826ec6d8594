namespace Grantkeeper.Egress;

/// <summary>How far away an address is.</summary>
internal enum AddressReach
{
    /// <summary>Globally reachable unicast.</summary>
    Public,

    /// <summary>This machine.</summary>
    Loopback,

    /// <summary>A private, shared, link-local, documentation or translation range; an operator may open it.</summary>
    Private,

    /// <summary>Unspecified, multicast or reserved: never the address of a server that is meant.</summary>
    Never,
}
