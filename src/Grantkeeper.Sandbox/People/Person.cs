namespace Grantkeeper.Sandbox.People;

/// <summary>Somebody invented, who has an account here.</summary>
/// <param name="Subject">The stable identifier, as in <c>sub</c>.</param>
/// <param name="Name">The name to show.</param>
/// <param name="Email">An address in a domain that nobody can own.</param>
/// <param name="Color">The background of the picture.</param>
public sealed record Person(string Subject, string Name, string Email, string Color)
{
    /// <summary>The first letters of the name's words.</summary>
    public string Initials => string.Concat(Name.Split(' ').Select(word => word[0]));
}
