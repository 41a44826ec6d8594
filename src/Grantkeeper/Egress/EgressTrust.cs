namespace Grantkeeper.Egress;

/// <summary>Who wrote the address of an outbound request. It decides which networks and ports are within reach.</summary>
internal enum EgressTrust
{
    /// <summary>
    /// The operator wrote it: configuration, provider files. Any port; private networks when they are listed in
    /// <see cref="EgressOptions.AllowedNetworks"/>; loopback when <see cref="EgressOptions.AllowLoopbackHttp"/> is set.
    /// </summary>
    Operator,

    /// <summary>
    /// It came from data: metadata documents, variables, redirects. Public addresses on port 443 only, whatever the options say.
    /// </summary>
    Data,
}
