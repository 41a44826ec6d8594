namespace Grantkeeper.Startup;

/// <summary>The start was refused. Every fault is listed, each with cause and remedy; none of them repeats a secret.</summary>
public sealed class GrantkeeperStartException : Exception
{
    internal GrantkeeperStartException(IReadOnlyList<string> faults)
        : base("Grantkeeper does not start:" + string.Concat(faults.Select(fault => $"{Environment.NewLine}  - {fault}"))) => Faults = faults;

    /// <summary>The faults, a sentence or two each.</summary>
    public IReadOnlyList<string> Faults { get; }
}
