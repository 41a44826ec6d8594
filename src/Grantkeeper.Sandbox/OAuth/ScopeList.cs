namespace Grantkeeper.Sandbox.OAuth;

/// <summary>Scopes as the wire has them: names separated by one space.</summary>
internal static class ScopeList
{
    /// <summary>The distinct names, in the order in which they were given.</summary>
    public static IReadOnlyList<string> Split(string? text) =>
        [.. (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)];

    /// <summary>The names as one text.</summary>
    public static string Join(IEnumerable<string> scopes) => string.Join(' ', scopes);
}
