using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;

namespace Grantkeeper.Diagnostics;

/// <summary>Makes findings; one line for each verdict.</summary>
internal static class Finding
{
    public const string Ok = "ok";
    public const string Warn = "warn";
    public const string Fail = "fail";
    public const string Skipped = "skipped";

    private static readonly Dictionary<string, object?> NoDetails = [];

    public static DiagnosticFinding Good(string check, string? subject, string what, Dictionary<string, object?>? details = null) =>
        new(check, subject, Ok, what, null, null, details ?? NoDetails);

    public static DiagnosticFinding Doubtful(string check, string? subject, string what, string why, string remedy, Dictionary<string, object?>? details = null) =>
        new(check, subject, Warn, what, why, remedy, details ?? NoDetails);

    public static DiagnosticFinding Bad(string check, string? subject, string what, string why, string remedy, Dictionary<string, object?>? details = null) =>
        new(check, subject, Fail, what, why, remedy, details ?? NoDetails);

    /// <summary>A refusal of the catalogue as a finding.</summary>
    public static DiagnosticFinding Of(string check, string? subject, Failure failure) =>
        Bad(check, subject, $"{failure.Code.Title} ({failure.Code.Code}).", failure.Message, failure.Code.Remedy);

    public static DiagnosticFinding NotLookedAt(string check, string? subject, string why) =>
        new(check, subject, Skipped, "Not looked at.", why, null, NoDetails);

    /// <summary>The worst verdict; what was skipped is no verdict.</summary>
    public static string Worst(IEnumerable<DiagnosticFinding> findings) => findings.Aggregate(Ok, (worst, finding) => finding.Verdict switch
    {
        Fail => Fail,
        Warn when worst == Ok => Warn,
        _ => worst,
    });
}
