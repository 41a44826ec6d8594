namespace Grantkeeper.Prove;

/// <summary>How much is tried.</summary>
internal enum Effort
{
    /// <summary>What fits into ten minutes of two cores, all campaigns together.</summary>
    Quick,

    /// <summary>Everything, many times.</summary>
    Full,
}

/// <summary>One line of the result: an invariant or a kind of attack, how often it was tried, and whether it held.</summary>
/// <param name="Name">For example <c>I6</c>, or <c>kill -9</c>.</param>
/// <param name="What">What holds, in a few words.</param>
/// <param name="Holds">False fails the run.</param>
/// <param name="Figures">Counts, in words.</param>
internal sealed record Proof(string Name, string What, bool Holds, string Figures);

/// <summary>A campaign: many runs of one kind, judged together.</summary>
internal interface ICampaign
{
    /// <summary>The word by which <c>./prove --only</c> knows it.</summary>
    string Name { get; }

    /// <summary>Runs it. What a reader needs to follow a failure goes to <paramref name="output"/>.</summary>
    Task<IReadOnlyList<Proof>> Run(Effort effort, ulong firstSeed, TextWriter output);
}
