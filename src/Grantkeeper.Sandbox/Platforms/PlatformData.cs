using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>
/// What the invented people own: Alice much, enough for several pages and with an item that she may not use; Bob one thing
/// of each kind; Carol nothing.
/// </summary>
internal static class PlatformData
{
    /// <summary>How many of a kind a person has.</summary>
    public static int CountOf(Person person) => person.Subject switch { "alice" => 5, "bob" => 1, _ => 0 };

    /// <summary>The number of a person's blog.</summary>
    public static long BlogOf(Person person) => 55555550 + person.Subject.Length;

    /// <summary>The things of a kind, made one by one.</summary>
    public static IReadOnlyList<JsonObject> Of(Person person, Func<int, JsonObject> make) => [.. Enumerable.Range(1, CountOf(person)).Select(make)];

    /// <summary>A page of them and where the next begins; null: nowhere.</summary>
    public static (JsonArray Page, string? Next) Page(IReadOnlyList<JsonObject> all, string? from, int size)
    {
        var start = int.TryParse(from, out var number) ? Math.Clamp(number, 0, all.Count) : 0;
        var end = Math.Min(all.Count, start + size);
        return (new JsonArray([.. all.Skip(start).Take(end - start)]), end < all.Count ? $"{end}" : null);
    }
}
