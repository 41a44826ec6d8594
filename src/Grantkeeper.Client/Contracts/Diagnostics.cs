namespace Grantkeeper.Client.Contracts;

/// <summary>Answer of <c>GET /api/v1/oauth/admin/diagnostics</c>. Verdict: the worst of the findings, ok, warn or fail.</summary>
public sealed record DiagnosticsAnswer(string Verdict, DateTimeOffset CheckedAt, IReadOnlyList<DiagnosticFinding> Findings);

/// <summary>What one check found.</summary>
/// <param name="Check">The check's name, for example <c>redirect_uri</c>; never changes its meaning.</param>
/// <param name="Subject">The provider, database or integration that was looked at; null when there is only one.</param>
/// <param name="Verdict">ok, warn, fail, or skipped: it could not be looked at, and <paramref name="Why"/> says why.</param>
/// <param name="What">What was found, in a sentence.</param>
/// <param name="Why">Why it matters or what it comes from; null when nothing is wrong.</param>
/// <param name="Remedy">What to do; null when nothing is to be done.</param>
/// <param name="Details">Figures behind the sentence, by name.</param>
public sealed record DiagnosticFinding(
    string Check, string? Subject, string Verdict, string What, string? Why, string? Remedy, IReadOnlyDictionary<string, object?> Details);
