namespace Grantkeeper.Launcher.Demo;

/// <summary>
/// <c>./run demo crash</c>: what the three usual accidents leave of grants that hand-written code keeps, and of those that
/// Grantkeeper keeps. (1) everything of its own is started, (2) each accident happens, (3) each grant is judged at the
/// provider and by a real call, (4) the figures are shown, (5) everything but the logs is removed.
/// </summary>
internal sealed class CrashDemo(LaunchOptions options, LaunchSettings settings)
{
    private readonly Terminal _terminal = settings.Terminal;
    private long _stepBegan;

    /// <summary>Runs to the end, whatever the figures are.</summary>
    /// <exception cref="LaunchException">Something could not be started; nothing of the demo runs any more by then.</exception>
    public async Task Run(CancellationToken stop)
    {
        if (settings.HandWritten is [_, var program] && !File.Exists(program))
            throw new LaunchException($"The hand-written sample is not built ({program}). ./run demo crash builds it; or build it yourself: dotnet build samples/HandWritten -c Release.");
        var began = _stepBegan = settings.Time.GetTimestamp();
        using var surroundings = new DemoSurroundings(settings, options.Verbose);
        Prepare(surroundings.Folder);
        var outcomes = new List<Outcome>();
        await using (var world = await DemoWorld.Start(settings, surroundings, step => Done(step), stop))
        {
            var accidents = new Accidents(world, surroundings);
            var judge = new Judge(world.Provider, surroundings);
            var kinds = Enum.GetValues<Accident>();
            foreach (var accident in kinds)
            {
                Announce($"accident {(int)accident + 1} of {kinds.Length}: {accident.Title()} ...");
                var grants = await accidents.Happen(accident, options.Times, stop);
                var scores = await judge.Verdicts(grants, stop);
                var took = Done($"happened {(options.Times == 1 ? "once" : $"{options.Times} times")} to each, all grants judged");
                outcomes.Add(new(accident, scores, took));
            }
        }

        var total = settings.Time.GetElapsedTime(began);
        if (options.Json)
        {
            _terminal.Say(OutcomeTable.AsJson(outcomes, total));
            return;
        }

        _terminal.Say("");
        foreach (var line in OutcomeTable.Lines(outcomes))
            _terminal.Say(line);
        _terminal.Say("");
        _terminal.Say($"It took {OutcomeTable.Seconds(total)} s. The logs of all nodes are in {Path.GetRelativePath(Environment.CurrentDirectory, surroundings.Folder)}/log.");
    }

    private static void Prepare(string folder)
    {
        var logs = Path.Combine(folder, "log");
        if (Directory.Exists(logs))
            Directory.Delete(logs, recursive: true);
        Launch.Prepare(Path.GetDirectoryName(folder)!);
        Launch.Prepare(folder);
    }

    private void Announce(string step)
    {
        if (!options.Json)
            _terminal.Say($"          {step}");
    }

    private TimeSpan Done(string step)
    {
        var took = settings.Time.GetElapsedTime(_stepBegan);
        _stepBegan = settings.Time.GetTimestamp();
        if (!options.Json)
            _terminal.Step(step, took);
        return took;
    }
}
