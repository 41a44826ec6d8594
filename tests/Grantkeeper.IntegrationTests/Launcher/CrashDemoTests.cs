using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Grantkeeper.Launcher;
using Grantkeeper.Launcher.Demo;

namespace Grantkeeper.IntegrationTests.Launcher;

/// <summary><c>./run demo crash</c> with its real processes, only smaller.</summary>
[Trait("category", "launcher")]
public sealed partial class CrashDemoTests : IAsyncDisposable
{
    private readonly LauncherFolder _folder = new();
    private readonly SayingWriter _said = new();

    public async ValueTask DisposeAsync()
    {
        await _folder.DisposeAsync();
        await _said.DisposeAsync();
    }

    [Fact]
    public async Task Every_grant_is_counted_and_nothing_is_left_running()
    {
        const int times = 2;
        (await Entry.Run(["demo", "crash", $"--times={times}"], Settings(), TestContext.Current.CancellationToken)).ShouldBe(0, _said.ToString());

        var lines = _said.ToString().Split('\n').Select(line => line.TrimEnd()).ToList();
        var rows = lines.Select(line => Row().Match(line)).Where(match => match.Success).ToList();
        rows.Select(row => row.Groups[1].Value).ShouldBe(Enum.GetValues<Accident>().Select(accident => accident.Title()), _said.ToString());
        rows.ShouldAllBe(row => Figure(row, 3) == times && Figure(row, 5) == times);
        var (handWritten, grantkeeper) = (rows.ConvertAll(row => Figure(row, 2)), rows.ConvertAll(row => Figure(row, 4)));
        grantkeeper[(int)Accident.TwoNodes].ShouldBe(times, _said.ToString());
        handWritten[(int)Accident.DatabaseDown].ShouldBe(0);
        handWritten[(int)Accident.AnswerLost].ShouldBe(0);
        grantkeeper[(int)Accident.AnswerLost].ShouldBe(0, "nobody can save a grant whose answer nobody received");
        _said.ToString().ShouldContain($"Grantkeeper asks {times} of {times} users");
        // Paths of this machine aside, it fits a terminal of 80 columns.
        lines.SkipWhile(line => !line.StartsWith("grants alive", StringComparison.Ordinal)).TakeWhile(line => line.Length > 0).ShouldAllBe(line => line.Length <= 80);

        Leftovers().ShouldBeEmpty();
        Path.Exists(_folder.In("demo/postgres")).ShouldBeFalse();
        Directory.GetFiles(_folder.In("demo/log")).Length.ShouldBe(5);
    }

    [Fact]
    public async Task Stopping_in_the_middle_leaves_nothing_running()
    {
        using var stop = new CancellationTokenSource();
        var run = Entry.Run(["demo", "crash"], Settings(), stop.Token);
        await Task.WhenAny(run, _said.Until("accident 1 of 3"));
        await stop.CancelAsync();
        (await run).ShouldBe(1, _said.ToString());
        _said.ToString().ShouldContain("Stopped before the end.");
        Leftovers().ShouldBeEmpty();
        Path.Exists(_folder.In("demo/postgres")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_sample_that_is_not_built_and_production_are_refused()
    {
        var absent = Settings() with { HandWritten = ["dotnet", _folder.In("absent.dll")] };
        (await Entry.Run(["demo", "crash"], absent, CancellationToken.None)).ShouldBe(1);
        _said.ToString().ShouldContain("The hand-written sample is not built");
        _folder.Variables["DEPLOY_ENV"] = "production";
        (await Entry.Run(["demo", "crash"], Settings(), CancellationToken.None)).ShouldBe(1);
        _said.ToString().ShouldContain("./run is for development only");
        Path.Exists(_folder.In("demo")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_process_that_dies_at_once_ends_the_demo_with_its_last_words()
    {
        var broken = Settings() with { Server = ["sh", "-c", "echo no luck today >&2; exit 3"] };
        (await Entry.Run(["demo", "crash"], broken, CancellationToken.None)).ShouldBe(1);
        _said.ToString().ShouldContain("ended with exit code 3");
        _said.ToString().ShouldContain("no luck today");
        Leftovers().ShouldBeEmpty();
    }

    [Fact]
    public void Figures_are_shown_as_they_are()
    {
        using var surroundings = new DemoSurroundings(Settings(), verbose: false);
        var usual = new HandWrittenContender(surroundings, [], [1, 2], "", "", "");
        var ours = new GrantkeeperContender(surroundings, [], [3, 4], "", "", "");
        Outcome[] outcomes =
        [
            new(Accident.TwoNodes, [new(usual, 1, 3, 4, 2, 0), new(ours, 3, 3, 3, 0, 0)], TimeSpan.FromSeconds(1.26)),
            new(Accident.DatabaseDown, [new(usual, 0, 3, 3, 3, 3), new(ours, 2, 3, 3, 1, 1)], TimeSpan.FromSeconds(20)),
            new(Accident.AnswerLost, [new(usual, 0, 1, 1, 1, 1), new(ours, 0, 1, 1, 1, 1)], TimeSpan.FromSeconds(300)),
        ];
        var text = string.Join('\n', OutcomeTable.Lines(outcomes));
        text.ShouldContain("1 of 3        3 of 3     1.3 s");
        text.ShouldContain("2 times the provider saw an old token");
        text.ShouldContain("kept 2 new");
        OutcomeTable.Lines(outcomes).ShouldAllBe(line => line.Length <= 80);

        var json = JsonNode.Parse(OutcomeTable.AsJson(outcomes, TimeSpan.FromSeconds(321.26)))!;
        ((double)json["seconds"]!).ShouldBe(321.3);
        var second = json["accidents"]![1]!;
        ((string)second["accident"]!).ShouldBe("database_down_then_kill");
        ((string)second["contenders"]![1]!["contender"]!).ShouldBe("grantkeeper");
        ((int)second["contenders"]![1]!["alive"]!).ShouldBe(2);
        ((int)second["contenders"]![0]!["old_tokens_shown"]!).ShouldBe(3);
        ((int)second["contenders"]![0]!["asked_to_reconnect"]!).ShouldBe(3);
    }

    private static int Figure(Match row, int group) => int.Parse(row.Groups[group].Value);

    /// <summary>Processes that belong to this demo by their command line or environment, of this test run only.</summary>
    private List<string> Leftovers()
    {
        var found = new List<string>();
        foreach (var process in Directory.GetDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out var id) && id != Environment.ProcessId))
        {
            try
            {
                var text = File.ReadAllText(Path.Combine(process, "cmdline")) + File.ReadAllText(Path.Combine(process, "environ"));
                if (text.Contains(_folder.Path, StringComparison.Ordinal))
                    found.Add(text.Split('\0')[0]);
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // It has ended, or belongs to somebody else.
            }
        }

        return found;
    }

    private LaunchSettings Settings()
    {
        _folder.Variables["GRANTKEEPER_DATA_PATH"] = _folder.Path;
        return new()
        {
            Terminal = new Terminal(_said, colored: false),
            Variable = name => _folder.Variables.GetValueOrDefault(name),
            Patience = TimeSpan.FromMinutes(2),
            FastDatabase = true,
        };
    }

    [GeneratedRegex(@"^(\S.*?) +(\d+) of (\d+) +(\d+) of (\d+) +\d+\.\d s$")]
    private static partial Regex Row();

    /// <summary>Keeps what was said, and tells when certain words were among it.</summary>
    private sealed class SayingWriter : StringWriter
    {
        private readonly Lock _gate = new();
        private readonly List<(string Words, TaskCompletionSource Heard)> _awaited = [];

        public Task Until(string words)
        {
            lock (_gate)
            {
                var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                if (base.ToString().Contains(words, StringComparison.Ordinal))
                    heard.SetResult();
                else
                    _awaited.Add((words, heard));
                return heard.Task;
            }
        }

        public override void WriteLine(string? value)
        {
            lock (_gate)
            {
                base.WriteLine(value);
                foreach (var (words, heard) in _awaited.Where(one => value?.Contains(one.Words, StringComparison.Ordinal) == true))
                    heard.TrySetResult();
            }
        }

        public override string ToString()
        {
            lock (_gate)
                return base.ToString();
        }
    }
}
