using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Grantkeeper.Benchmarks.Processes;
using Grantkeeper.Benchmarks.Refreshing;
using Grantkeeper.Benchmarks.Serving;
using Grantkeeper.Benchmarks.Starting;

namespace Grantkeeper.Benchmarks;

/// <summary><c>./bench [quick|full] [--json]</c>: measures, prints, and fails when a bar is missed.</summary>
internal static class Program
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static readonly (string Bar, Func<Effort, Task<IReadOnlyList<Figure>>> Run)[] Suites =
    [
        // First, since a start is cold.
        ("P7", _ => Manifests.Run()),
        ("P3", async effort => [await Burst.Run(effort)]),
        ("P4", async effort => [await RefreshRate.Run(effort), await DueAtOnce.Run(effort)]),
        ("P7", async effort => [await Idle.Run(effort)]),
        ("P9", WarmCall.Run),
        ("R278", Documents.Run),
        ("guard", async effort => [await Guard.Run(effort)]),
    ];

    public static async Task<int> Main(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        switch (args.FirstOrDefault())
        {
            case TokenProvider.Role:
                await TokenProvider.Run(args[1..]);
                return 0;
            case Node.Role:
                await Node.Run();
                return 0;
        }

        var effort = args.Contains("full") ? Effort.Full : Effort.Quick;
        var only = args.SkipWhile(argument => argument != "--only").Skip(1).FirstOrDefault();
        var figures = new List<Figure>();
        foreach (var (bar, run) in Suites)
        {
            if (only is null || only == bar)
                figures.AddRange(await run(effort));
        }

        if (args.Contains("--json"))
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new { machine = Machine(), figures }, Json));
        else
            await Print(figures);
        return figures.Any(figure => figure.Verdict == Verdict.Missed) ? 1 : 0;
    }

    private static async Task Print(IReadOnlyList<Figure> figures)
    {
        var output = Console.Out;
        await output.WriteLineAsync($"{Machine()}; medians of alternating rounds\n");
        await output.WriteLineAsync($"{"",-6}{"",-62}{"measured",12}  {"bar",-20}verdict");
        foreach (var figure in figures)
        {
            await output.WriteLineAsync($"{figure.Bar,-6}{figure.What,-62}{$"{figure.Value:0.00} {figure.Unit}",12}  {figure.Limit,-20}{Word(figure.Verdict)}");
            await output.WriteLineAsync($"    {figure.Note}");
        }
    }

    private static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Ok => "ok",
        Verdict.Missed => "MISSED",
        _ => "not reached yet",
    };

    private static string Machine() => $"{Environment.ProcessorCount} cores, .NET {Environment.Version}, {System.Runtime.InteropServices.RuntimeInformation.OSDescription}";
}
