namespace Grantkeeper.Sandbox.People;

/// <summary>Everybody who has an account.</summary>
internal static class Everybody
{
    /// <summary>The people, in the order in which pages list them.</summary>
    public static IReadOnlyList<Person> All { get; } =
    [
        new("alice", "Alice Archer", "alice@example.com", "#3451b2"),
        new("bob", "Bob Baker", "bob@example.com", "#0b7a4b"),
        new("carol", "Carol Chandra", "carol@example.com", "#9c2f6f"),
    ];

    /// <summary>The person with this subject, or nobody.</summary>
    public static Person? Find(string? subject) => All.FirstOrDefault(person => person.Subject == subject);

    /// <summary>Somebody else, always the same one for the same person.</summary>
    public static Person Other(string subject) => All.First(person => person.Subject != subject);
}
