namespace Grantkeeper.Benchmarks;

/// <summary>How a figure stands to its bar.</summary>
internal enum Verdict
{
    /// <summary>Reached.</summary>
    Ok,

    /// <summary>Not reached; <c>./bench</c> fails.</summary>
    Missed,

    /// <summary>Known not to be reached yet; the note says why. <c>./bench</c> does not fail.</summary>
    Open,
}

/// <summary>One line of the table.</summary>
/// <param name="Bar">The bar's number, for example P9.</param>
/// <param name="What">What was measured.</param>
/// <param name="Value">The median.</param>
/// <param name="Unit"><c>×</c> for a ratio, else the unit.</param>
/// <param name="Limit">What it has to be, for people.</param>
/// <param name="Verdict">Whether it is.</param>
/// <param name="Note">The bare figures of the same run.</param>
internal sealed record Figure(string Bar, string What, double Value, string Unit, string Limit, Verdict Verdict, string Note);
