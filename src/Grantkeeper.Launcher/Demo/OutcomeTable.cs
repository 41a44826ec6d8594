using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Grantkeeper.Launcher.Demo;

/// <summary>The figures of a demo for people (80 columns) and for programs. Every figure in it was counted.</summary>
internal static class OutcomeTable
{
    private const int Width = 78;
    private const int TitleWidth = 41;
    private const int ScoreWidth = 14;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>The lines of the table.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<Outcome> outcomes)
    {
        var names = outcomes[0].Scores.Select(score => score.Contender.Name.PadLeft(ScoreWidth));
        yield return "grants alive afterwards".PadRight(TitleWidth) + string.Concat(names);
        foreach (var outcome in outcomes)
        {
            var scores = outcome.Scores.Select(score => $"{score.Alive} of {score.Of}".PadLeft(ScoreWidth));
            yield return outcome.Accident.Title().PadRight(TitleWidth) + string.Concat(scores) + Seconds(outcome.Took).PadLeft(8) + " s";
            foreach (var line in Wrap(WhatHappened(outcome), Width - 3))
                yield return "   " + line;
        }
    }

    /// <summary>The same as JSON.</summary>
    public static string AsJson(IReadOnlyList<Outcome> outcomes, TimeSpan took) => JsonSerializer.Serialize(
        new
        {
            Demo = "crash",
            Seconds = Math.Round(took.TotalSeconds, 1),
            Accidents = outcomes.Select(outcome => new
            {
                Accident = outcome.Accident.Key(),
                Title = outcome.Accident.Title(),
                Seconds = Math.Round(outcome.Took.TotalSeconds, 1),
                Contenders = outcome.Scores.Select(score => new
                {
                    Contender = score.Contender.ClientId, score.Alive, score.Of, score.Refreshes, OldTokensShown = score.Reuses, score.AskedToReconnect,
                }),
                WhatHappened = WhatHappened(outcome),
            }),
        },
        Json);

    internal static string Seconds(TimeSpan took) => took.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);

    private static string WhatHappened(Outcome outcome)
    {
        var (usual, ours) = (outcome.Scores[0], outcome.Scores[1]);
        return outcome.Accident switch
        {
            Accident.TwoNodes =>
                $"{Times(usual.Reuses)} the provider saw an old token of the hand-written code from its second node, and took that for theft; "
                + $"the two nodes of Grantkeeper together sent {Counted(ours.Refreshes + ours.Reuses, "refresh", "refreshes")} for {Counted(ours.Of, "grant", "grants")}.",
            Accident.DatabaseDown =>
                "The only good refresh token was in the answer, and the database was away: after the restart the hand-written code showed the replaced one "
                + $"{Times(usual.Reuses).ToLowerInvariant()}, Grantkeeper {Times(ours.Reuses).ToLowerInvariant()}"
                + (ours.Alive > 0 ? $"; its nodes had kept {Counted(ours.Alive, "new one", "new ones")} on their disks." : "."),
            _ =>
                "The provider had replaced the token and nobody received the new one, so nobody can save these; "
                + $"Grantkeeper asks {ours.AskedToReconnect} of {ours.Of} users to connect again, and each keeps its id.",
        };
    }

    private static string Times(int count) => count switch
    {
        0 => "Never",
        1 => "Once",
        _ => $"{count} times",
    };

    private static string Counted(int count, string one, string many) => $"{count} {(count == 1 ? one : many)}";

    private static IEnumerable<string> Wrap(string text, int width)
    {
        var line = new StringBuilder();
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : "").Append(word);
        }

        yield return line.ToString();
    }
}
