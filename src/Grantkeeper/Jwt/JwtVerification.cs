using System.Diagnostics.CodeAnalysis;

namespace Grantkeeper.Jwt;

/// <summary>The verdict on a token: its claims or a fault, never both and never neither.</summary>
internal sealed class JwtVerification
{
    private JwtVerification(JwtClaims? claims, JwtFault? fault)
    {
        Claims = claims;
        Fault = fault;
    }

    /// <summary>The claims of a good token; null otherwise.</summary>
    public JwtClaims? Claims { get; }

    /// <summary>The first rule that a bad token breaks; null for a good one.</summary>
    public JwtFault? Fault { get; }

    /// <summary>True for a good token.</summary>
    [MemberNotNullWhen(true, nameof(Claims))]
    [MemberNotNullWhen(false, nameof(Fault))]
    public bool IsValid => Claims is not null;

    internal static JwtVerification Accepted(JwtClaims claims) => new(claims, null);

    internal static JwtVerification Refused(JwtFault fault) => new(null, fault);
}
