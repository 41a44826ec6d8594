using System.Globalization;
using Grantkeeper.Audit;
using Grantkeeper.Http;
using Grantkeeper.Monitoring;
using Grantkeeper.Providers;

namespace Grantkeeper.Dashboard.Pages;

/// <summary>What the audit page shows: the filters as they were asked for, what is wrong with them, and a page of rows.</summary>
public sealed record AuditModel(
    AuditForm Form, IReadOnlyList<AuditChoice> Actions, IReadOnlyList<string> Faults, IReadOnlyList<AuditLine> Lines, string? OlderAddress, string? NewestAddress)
{
    private const string Address = "/audit";

    internal static AuditModel Of(AuditForm form, IReadOnlyList<string> faults, IReadOnlyList<AuditRow> rows, AuditPlace? older, bool isFirstPage, ProviderCatalogue catalogue) => new(
        form, [.. AuditReader.Actions.Keys.Order(StringComparer.Ordinal).Select(word => new AuditChoice(word, NameOf(word)))], faults, [.. rows.Select(row => AuditLine.Of(row, catalogue))],
        older is { } place ? form.With(Address, ("cursor", Cursor.Of(place.At, place.Id))) : null, isFirstPage ? null : form.With(Address));

    /// <summary>An action's word for people.</summary>
    internal static string NameOf(string word)
    {
        var words = word.Replace('_', ' ').Replace("api key", "API key", StringComparison.Ordinal);
        return char.ToUpperInvariant(words[0]) + words[1..];
    }
}

/// <summary>The filters of the page's form; empty is none. Days are UTC, both of them included.</summary>
public sealed record AuditForm(string? UserId, string? Provider, string? Action, string? Result, string? IntegrationId, string? Actor, string? Caller, string? From, string? To)
{
    /// <summary>The filters that are set, by their names in the form.</summary>
    internal IReadOnlyList<(string Name, string Value)> Fields =>
    [
        .. new[]
        {
            ("user_id", UserId), ("provider", Provider), ("action", Action), ("result", Result), ("integration_id", IntegrationId), ("actor", Actor), ("caller", Caller), ("from", From), ("to", To),
        }.Where(one => !string.IsNullOrEmpty(one.Item2)).Select(one => (one.Item1, one.Item2!)),
    ];

    /// <summary>An address with these filters.</summary>
    internal string With(string path, params ReadOnlySpan<(string Name, string Value)> more)
    {
        var query = string.Join('&', Fields.Concat(more.ToArray()).Select(one => $"{one.Name}={Uri.EscapeDataString(one.Value)}"));
        return query.Length == 0 ? path : $"{path}?{query}";
    }

    /// <summary>The filters as the API writes them; a day that is none stays as it is, for the API's own check to refuse.</summary>
    internal AuditAsk Ask() => new(Value(UserId), Value(Provider), Value(Action), SuccessOf(), Value(IntegrationId), Value(Actor), Value(Caller), Day(From, 0), Day(To, 1));

    private string? SuccessOf() => Value(Result) switch
    {
        "good" => "true",
        "failed" => "false",
        { } other => other,
        null => null,
    };

    private static string? Day(string? text, int later) => Value(text) is { } day && DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) && date < DateOnly.MaxValue
        ? $"{date.AddDays(later).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}T00:00:00Z"
        : Value(text);

    private static string? Value(string? text) => text?.Trim() is { Length: > 0 } value ? value : null;
}

/// <summary>One choice of the actions.</summary>
public sealed record AuditChoice(string Word, string Name);

/// <summary>One row, for people.</summary>
public sealed record AuditLine(DateTimeOffset At, string Name, string Tone, string Summary, string? UserId, string? ProviderName, Guid? IntegrationId, string Details)
{
    internal static AuditLine Of(AuditRow row, ProviderCatalogue catalogue)
    {
        var details = new List<string>();
        void Add(string before, string? value)
        {
            if (value is not null)
                details.Add($"{before}{value}");
        }

        Add("", row.Code);
        Add("by ", row.Caller);
        Add("for ", row.Actor);
        Add("from ", row.IpAddress);
        Add("", row.UserAgent);
        if (row.Count > 1)
            details.Add($"{row.Count.ToString(CultureInfo.InvariantCulture)} times");
        if (row.DurationMs is { } took)
            details.Add($"took {took.ToString(CultureInfo.InvariantCulture)} ms");
        if (row.Scopes.Count > 0)
            details.Add($"scopes {string.Join(' ', row.Scopes)}");
        Add("trace ", row.CorrelationId);
        return new AuditLine(
            row.At, AuditModel.NameOf(row.Action), row.Success ? "good" : "bad", TimelineWords.OfAction(row.Action, row.Code, row.Success), row.UserId.StartsWith('~') ? null : row.UserId,
            row.Provider is null ? null : catalogue.Find(row.Provider)?.DisplayName ?? row.Provider, row.IntegrationId, string.Join(" · ", details));
    }
}
