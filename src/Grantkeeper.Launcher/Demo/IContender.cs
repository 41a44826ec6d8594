namespace Grantkeeper.Launcher.Demo;

/// <summary>A program that keeps grants, with two nodes on one database.</summary>
internal interface IContender
{
    /// <summary>Its name in the table.</summary>
    string Name { get; }

    /// <summary>Its name at the provider, and in JSON.</summary>
    string ClientId { get; }

    /// <summary>Its nodes; they share a database.</summary>
    IReadOnlyList<Node> Nodes { get; }

    /// <summary>Connects an account for a user, through the provider's consent as a browser would.</summary>
    Task Connect(string user, CancellationToken stop);

    /// <summary>Asks one node for a fresh access token of a user.</summary>
    Task<TokenRead> Read(Node node, string user, CancellationToken stop);
}

/// <summary>What a node answered. A class, so that the token never prints.</summary>
internal sealed class TokenRead(int status, string? token, bool asksToReconnect)
{
    /// <summary>The status; 0 when the connection broke, which it does with a killed node.</summary>
    public int Status => status;

    /// <summary>The access token; null if there was none.</summary>
    public string? Token => token;

    /// <summary>True when the node says that its user has to connect again.</summary>
    public bool AsksToReconnect => asksToReconnect;

    public static TokenRead Broken { get; } = new(0, null, false);
}
