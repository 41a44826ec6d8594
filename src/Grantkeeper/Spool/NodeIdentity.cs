namespace Grantkeeper.Spool;

/// <summary>
/// The name of this node in leases, intents and audit rows. With a spool it is the name of its folder and stays over
/// restarts; without one it is new at every start.
/// </summary>
internal sealed class NodeIdentity
{
    public string Id { get; private set; } = Guid.NewGuid().ToString("N");

    public void Take(string id) => Id = id;
}
