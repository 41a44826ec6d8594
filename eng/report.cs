// Sums up what ./test has run: failures, line coverage, passed tests by category, totals. Exits with 1 if something
// is not as it must be. Arguments: --root=FOLDER --logs=FOLDER [--part] NAME=EXITCODE...
// where FOLDER/NAME holds results.trx, tests.json and any number of coverage.cobertura.xml.
#:property PublishAot=false
#:property Nullable=enable

using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const double RequiredCoverage = 90;
string[] firstCategories = ["models", "routes", "providers", "services", "manager", "security"];

string Option(string name) => args.First(arg => arg.StartsWith($"--{name}=", StringComparison.Ordinal)).Split('=', 2)[1];
var root = Path.GetFullPath(Option("root"));
var logs = Path.GetFullPath(Option("logs"));
var part = args.Contains("--part");
var runs = args.Where(arg => !arg.StartsWith('-')).Select(arg => Run.Read(logs, arg.Split('=')[0], int.Parse(arg.Split('=')[1]))).ToList();
var tests = runs.SelectMany(run => run.Tests).ToList();
var faults = new List<string>();

foreach (var test in tests.Where(test => test.Outcome == Outcome.Failed))
{
    Console.WriteLine($"FAILED {test.Name}");
    Console.WriteLine(Indented(test.Message));
}

foreach (var run in runs)
{
    // An expression may well name tests of the other project only.
    if (run.Tests.Count == 0 && !(part && run.ExitCode == 0 && tests.Count > 0))
        faults.Add($"The {run.Name} tests: none has run (see {run.Name}.log).");
    else if (run.ExitCode != 0 && run.Tests.All(test => test.Outcome != Outcome.Failed))
        faults.Add($"The {run.Name} tests ended with exit code {run.ExitCode} although none failed (see {run.Name}.log).");
}

if (!part)
{
    PrintCoverage();
    PrintCategories();
}

foreach (var fault in faults)
    Console.WriteLine(fault);
var (passed, failed, skipped) = (Total(Outcome.Passed), Total(Outcome.Failed), Total(Outcome.Skipped));
Console.WriteLine($"{passed} passed, {failed} failed, {skipped} skipped");
return failed == 0 && faults.Count == 0 ? 0 : 1;

int Total(Outcome outcome) => tests.Count(test => test.Outcome == outcome);

void PrintCoverage()
{
    var projects = Coverage.Read(root, logs);
    Console.WriteLine("Lines covered, by project of src/:");
    foreach (var (project, lines) in projects)
        Console.WriteLine($"  {project,-28}{lines.Percent,6:0.0} %  {lines.Covered} of {lines.Total}");
    var all = new Lines(projects.Sum(entry => entry.Value.Covered), projects.Sum(entry => entry.Value.Total));
    Console.WriteLine($"Line coverage of src/: {all.Percent:0.0} %");
    // The collector leaves out what it cannot instrument, and says so nowhere.
    foreach (var project in Directory.EnumerateFiles(Path.Combine(root, "src"), "*.csproj", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension).Where(name => !projects.Any(entry => entry.Key == name)))
        faults.Add($"The coverage of {project} was not measured.");
    if (all.Percent < RequiredCoverage)
        faults.Add($"Line coverage of src/ is below {RequiredCoverage} %.");
}

void PrintCategories()
{
    var counts = tests.Where(test => test.Outcome == Outcome.Passed).SelectMany(test => test.Categories)
        .CountBy(category => category).ToDictionary();
    Console.WriteLine("Passed tests by category:");
    foreach (var category in firstCategories.Concat(counts.Keys.Except(firstCategories).Order(StringComparer.Ordinal)))
    {
        var count = counts.GetValueOrDefault(category);
        Console.WriteLine($"  {category,-28}{count,6}");
        if (count == 0)
            faults.Add($"No test of the category {category} has passed.");
    }
}

static string Indented(string text) => string.Join('\n', text.Trim().Split('\n').Take(30).Select(line => "    " + line.TrimEnd()));

internal enum Outcome { Passed, Failed, Skipped }

internal sealed record Test(string Name, Outcome Outcome, string Message, IReadOnlyList<string> Categories);

/// <summary>One test project's results.</summary>
internal sealed record Run(string Name, int ExitCode, IReadOnlyList<Test> Tests)
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    public static Run Read(string logs, string name, int exitCode)
    {
        var results = Path.Combine(logs, name, "results.trx");
        return new Run(name, exitCode, File.Exists(results) ? ReadResults(results, ReadCategories(Path.Combine(logs, name, "tests.json"))) : []);
    }

    private static List<Test> ReadResults(string file, ILookup<string, string> categories)
    {
        var document = XDocument.Load(file);
        var methods = document.Descendants(Trx + "UnitTest").DistinctBy(test => test.Attribute("id")!.Value)
            .ToDictionary(test => test.Attribute("id")!.Value, test => MethodOf(test.Element(Trx + "TestMethod")!));
        return [.. document.Descendants(Trx + "UnitTestResult").Select(result => new Test(
            result.Attribute("testName")!.Value,
            OutcomeOf(result.Attribute("outcome")?.Value),
            MessageOf(result),
            [.. categories[methods[result.Attribute("testId")!.Value]]]))];
    }

    // A row of a theory may carry its arguments in the method's name.
    private static string MethodOf(XElement method) =>
        $"{method.Attribute("className")!.Value}.{method.Attribute("name")!.Value.Split('(')[0]}";

    private static Outcome OutcomeOf(string? outcome) => outcome switch
    {
        "Passed" => Outcome.Passed,
        "NotExecuted" => Outcome.Skipped,
        _ => Outcome.Failed,
    };

    private static string MessageOf(XElement result)
    {
        var error = result.Element(Trx + "Output")?.Element(Trx + "ErrorInfo");
        return $"{error?.Element(Trx + "Message")?.Value}\n{error?.Element(Trx + "StackTrace")?.Value}";
    }

    private static ILookup<string, string> ReadCategories(string file)
    {
        var lines = File.Exists(file) ? File.ReadLines(file) : [];
        using var document = JsonDocument.Parse(lines.FirstOrDefault(line => line.StartsWith('['), "[]"));
        return document.RootElement.EnumerateArray()
            .SelectMany(test => Categories(test).Select(category => (Method: $"{test.GetProperty("Class")}.{test.GetProperty("Method")}", Category: category)))
            .Distinct()
            .ToLookup(entry => entry.Method, entry => entry.Category);
    }

    private static IEnumerable<string> Categories(JsonElement test) =>
        test.TryGetProperty("Traits", out var traits) && traits.TryGetProperty("category", out var values)
            ? values.EnumerateArray().Select(value => value.GetString()!)
            : [];
}

internal sealed record Lines(int Covered, int Total)
{
    /// <summary>Cut, not rounded, to a tenth, so that what is printed as the required share is the required share.</summary>
    public double Percent => Total == 0 ? 0 : Math.Floor(1000.0 * Covered / Total) / 10;
}

/// <summary>Line coverage over all runs: a line is covered when any run has covered it.</summary>
internal static class Coverage
{
    public static SortedDictionary<string, Lines> Read(string root, string logs)
    {
        var sources = Path.Combine(root, "src") + Path.DirectorySeparatorChar;
        var covered = new Dictionary<(string File, int Line), bool>();
        foreach (var report in Directory.EnumerateFiles(logs, "coverage.cobertura.xml", SearchOption.AllDirectories))
            Merge(XDocument.Load(report), sources, covered);

        return new SortedDictionary<string, Lines>(covered
            .GroupBy(line => line.Key.File[sources.Length..].Split(Path.DirectorySeparatorChar)[0])
            .ToDictionary(project => project.Key, project => new Lines(project.Count(line => line.Value), project.Count())), StringComparer.Ordinal);
    }

    private static void Merge(XDocument report, string sources, Dictionary<(string File, int Line), bool> covered)
    {
        var folders = report.Descendants("source").Select(source => source.Value).ToList();
        foreach (var type in report.Descendants("class"))
        {
            var file = folders.Select(folder => Path.Combine(folder, type.Attribute("filename")!.Value)).FirstOrDefault(File.Exists);
            if (file is null || !file.StartsWith(sources, StringComparison.Ordinal))
                continue;
            foreach (var line in type.Elements("lines").Elements("line"))
            {
                var key = (file, int.Parse(line.Attribute("number")!.Value));
                covered[key] = covered.GetValueOrDefault(key) || line.Attribute("hits")!.Value != "0";
            }
        }
    }
}
