namespace Grantkeeper.Prove.Simulator;

/// <summary>What one run found: how often each invariant was looked at, what broke, and the story of the run.</summary>
/// <param name="world">The run's time.</param>
/// <param name="tells">Whether the story is kept; a failing seed is run again with it.</param>
internal sealed class Journal(World world, bool tells)
{
    public Dictionary<string, long> Checks { get; } = [];

    public List<string> Violations { get; } = [];

    public List<string> Story { get; } = [];

    /// <summary>Refresh tokens that were shown again because nobody could have known their successor.</summary>
    public int Windows { get; private set; }

    /// <summary>Faults that struck, by failpoint.</summary>
    public Dictionary<(string Point, Strike Strike), int> Strikes { get; } = [];

    public void Check(string invariant, bool holds, Func<string> otherwise)
    {
        Checks[invariant] = Checks.GetValueOrDefault(invariant) + 1;
        if (holds)
            return;
        Violations.Add($"{invariant} at {Time}: {otherwise()}");
        Note($"BROKEN {Violations[^1]}");
    }

    public void Window() => Windows++;

    public void Note(string what)
    {
        if (tells)
            Story.Add($"{Time}  {what}");
    }

    private string Time => TimeSpan.FromTicks(world.Now).ToString(@"hh\:mm\:ss\.fff", null);
}
