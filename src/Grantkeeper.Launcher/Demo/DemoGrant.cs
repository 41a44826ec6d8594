namespace Grantkeeper.Launcher.Demo;

/// <summary>A grant that an accident befalls.</summary>
/// <param name="Contender">Who keeps it.</param>
/// <param name="Node">The node that the accident hits, and that is asked afterwards.</param>
/// <param name="User">Whose it is, at the contender.</param>
/// <param name="Id">Its id at the provider.</param>
internal sealed record DemoGrant(IContender Contender, Node Node, string User, string Id);
