namespace Grantkeeper.Testing.Postgres;

/// <summary>One database of a <see cref="TestCluster"/>, for one test class or test.</summary>
/// <param name="Cluster">The server that it is on.</param>
/// <param name="Name">Its name on the server.</param>
public sealed record TestDatabase(TestCluster Cluster, string Name)
{
    /// <summary>The URL that a deployment would be given: of the login role, which owns the database and is no superuser.</summary>
    public string Url => Cluster.UrlOf(Name);

    /// <summary>The URL of the superuser, for a deployment whose only login is one.</summary>
    public string SuperuserUrl => Cluster.SuperuserUrlOf(Name);
}
