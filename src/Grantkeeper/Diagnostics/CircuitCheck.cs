using Grantkeeper.Client.Contracts;
using Grantkeeper.Resilience;

namespace Grantkeeper.Diagnostics;

/// <summary>Whether the node that answers calls a provider at the moment (R339). Only a running node knows.</summary>
internal static class CircuitCheck
{
    private const string Check = "circuit";

    public static DiagnosticFinding Judge(string provider, CircuitSnapshot circuit)
    {
        var details = new Dictionary<string, object?> { ["failures_in_a_row"] = circuit.Failures, ["last_failure_at"] = circuit.LastFailureAt };
        return circuit.State switch
        {
            CircuitState.Open => Finding.Doubtful(Check, provider, $"This node leaves the provider alone for another {Math.Ceiling(circuit.RetryAfter?.TotalSeconds ?? 0)} s, after {circuit.Failures} failed operations in a row.",
                "The provider or the way to it is in trouble. Tokens that are still good are served; nothing is lost.",
                "Wait, or look at the provider's status page and at this machine's network.", details),
            CircuitState.HalfOpen => Finding.Doubtful(Check, provider, "This node tries whether the provider has recovered, one operation at a time.",
                "It failed several times in a row.", "Nothing; it goes on by itself.", details),
            _ => Finding.Good(Check, provider, circuit.Failures == 0 ? "This node calls the provider as usual." : $"This node calls the provider as usual, though {circuit.Failures} operation(s) in a row failed.", details),
        };
    }
}
