using System.Diagnostics.CodeAnalysis;

namespace Grantkeeper.Egress;

/// <summary>What became of an outbound request: an answer or a fault, never both and never neither.</summary>
internal sealed class EgressOutcome
{
    private EgressOutcome(EgressResponse? response, EgressFault? fault, bool mayHaveLeft)
    {
        Response = response;
        Fault = fault;
        MayHaveLeft = mayHaveLeft;
    }

    /// <summary>The answer, whatever its status; null after a fault.</summary>
    public EgressResponse? Response { get; }

    /// <summary>Why there is no answer; null when there is one.</summary>
    public EgressFault? Fault { get; }

    /// <summary>
    /// True when the other side may have received the request. False is a promise: nothing that it could act on was sent,
    /// so the request may be sent again.
    /// </summary>
    public bool MayHaveLeft { get; }

    /// <summary>True when there is an answer.</summary>
    [MemberNotNullWhen(true, nameof(Response))]
    [MemberNotNullWhen(false, nameof(Fault))]
    public bool IsAnswer => Response is not null;

    /// <summary>An answer.</summary>
    public static EgressOutcome Answered(EgressResponse response) => new(response, null, mayHaveLeft: true);

    /// <summary>A fault.</summary>
    /// <param name="fault">Its kind.</param>
    /// <param name="mayHaveLeft">Looked at for <see cref="EgressFault.Cancelled"/> only; every other kind decides it.</param>
    public static EgressOutcome Failed(EgressFault fault, bool mayHaveLeft = true) => new(null, fault, fault switch
    {
        EgressFault.AddressNotAllowed or EgressFault.NotConnected => false,
        EgressFault.Cancelled => mayHaveLeft,
        _ => true,
    });

    /// <inheritdoc/>
    public override string ToString() => IsAnswer ? $"{(int)Response.Status}" : $"{Fault}";
}
