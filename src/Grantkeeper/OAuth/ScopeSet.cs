using System.Diagnostics.CodeAnalysis;

namespace Grantkeeper.OAuth;

/// <summary>Scopes as a set that keeps their order (RFC 6749 section 3.3: order has no meaning, case has).</summary>
internal sealed class ScopeSet : IEquatable<ScopeSet>
{
    public static readonly ScopeSet Empty = new([]);

    private readonly string[] _scopes;

    private ScopeSet(string[] scopes) => _scopes = scopes;

    public int Count => _scopes.Length;

    public static ScopeSet Of(IEnumerable<string> scopes)
    {
        var distinct = scopes.Where(scope => scope.Length > 0).Distinct(StringComparer.Ordinal).ToArray();
        return distinct.Length == 0 ? Empty : new ScopeSet(distinct);
    }

    /// <summary>Splits at the separator and at blanks; some providers answer with another separator than they take.</summary>
    public static ScopeSet Parse(string? text, string separator = " ")
    {
        if (string.IsNullOrWhiteSpace(text))
            return Empty;
        var separators = separator.Trim().Length == 0 ? " \t\r\n" : separator + " \t\r\n";
        return Of(text.Split(separators.ToCharArray(), StringSplitOptions.RemoveEmptyEntries));
    }

    public bool Contains(string scope) => Array.IndexOf(_scopes, scope) >= 0;

    public ScopeSet Union(ScopeSet other) => Of(_scopes.Concat(other._scopes));

    /// <summary>What <paramref name="asked"/> names and this set does not hold.</summary>
    public ScopeSet MissingFrom(ScopeSet asked) => Of(asked._scopes.Except(_scopes, StringComparer.Ordinal));

    public string[] ToArray() => [.. _scopes];

    public string ToString(string separator) => string.Join(separator, _scopes);

    public override string ToString() => ToString(" ");

    public bool Equals(ScopeSet? other) => other is not null && _scopes.ToHashSet(StringComparer.Ordinal).SetEquals(other._scopes);

    public override bool Equals([NotNullWhen(true)] object? obj) => Equals(obj as ScopeSet);

    public override int GetHashCode() => _scopes.Aggregate(0, (hash, scope) => hash ^ scope.GetHashCode(StringComparison.Ordinal));
}
