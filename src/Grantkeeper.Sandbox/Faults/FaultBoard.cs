namespace Grantkeeper.Sandbox.Faults;

/// <summary>The switches of one platform. The one thrown first strikes first.</summary>
public sealed class FaultBoard
{
    private readonly Lock gate = new();
    private readonly List<Fault> faults = [];

    /// <summary>What is still to strike; a count is what is left of it.</summary>
    public IReadOnlyList<Fault> Pending
    {
        get { lock (gate) return [.. faults]; }
    }

    /// <summary>Throws a switch.</summary>
    /// <exception cref="ArgumentException">The fault makes no sense.</exception>
    public void Add(Fault fault)
    {
        if (fault.Objection() is { } objection) throw new ArgumentException(objection, nameof(fault));
        lock (gate) faults.Add(fault);
    }

    /// <summary>Switches everything off.</summary>
    public void Clear()
    {
        lock (gate) faults.Clear();
    }

    /// <summary>The fault that strikes this request, used up by it; null if none does.</summary>
    internal Fault? Take(FaultEndpoint endpoint)
    {
        lock (gate)
        {
            var index = faults.FindIndex(fault => fault.Endpoint == endpoint || fault.Endpoint == FaultEndpoint.All);
            if (index < 0) return null;
            var fault = faults[index];
            if (fault.Count == 1) faults.RemoveAt(index);
            else if (fault.Count > 1) faults[index] = fault with { Count = fault.Count - 1 };
            return fault;
        }
    }
}
