using System.Reflection;

namespace Grantkeeper.Errors;

/// <summary>Every code that Grantkeeper can answer with; the only list. The pages in <c>docs/errors</c> are generated from it.</summary>
public static partial class ErrorCatalogue
{
    private static readonly Lazy<IReadOnlyDictionary<string, ErrorCode>> ByCode = new(() => typeof(ErrorCatalogue)
        .GetNestedTypes()
        .Append(typeof(ErrorCatalogue))
        .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
        .Where(field => field.FieldType == typeof(ErrorCode))
        .Select(field => (ErrorCode)field.GetValue(null)!)
        .ToDictionary(code => code.Code, StringComparer.Ordinal));

    /// <summary>All entries, ordered by code.</summary>
    public static IEnumerable<ErrorCode> All => ByCode.Value.Values.OrderBy(code => code.Code, StringComparer.Ordinal);

    /// <summary>Finds an entry by its code; null when there is none.</summary>
    /// <param name="code">The code, for example <c>connect.state_used</c>.</param>
    public static ErrorCode? Find(string code) => ByCode.Value.GetValueOrDefault(code);

    /// <summary>A bug of ours: the only answer that an unexpected exception gives.</summary>
    public static readonly ErrorCode Internal = new("internal", 500, "Unexpected error",
        "Grantkeeper met a situation that it does not handle.",
        "Look up the trace id in the server's log and report what stands there.");
}
