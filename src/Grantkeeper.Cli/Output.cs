using System.Globalization;
using System.Text.Json;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Spectre.Console;
using WireJson = Grantkeeper.Http.WireJson;

namespace Grantkeeper.Cli;

/// <summary>
/// Data goes to standard output, prose to standard error, so that output can be piped. With <c>--json</c> standard output
/// holds one JSON document, also for a refusal. Every text is made printable here.
/// </summary>
internal sealed class Output(ToolEnvironment environment, bool json)
{
    /// <summary>Wide enough that nothing is wrapped: where no person reads it, or where the terminal had better do it.</summary>
    private const int Unlimited = 10_000;

    /// <summary>The columns below which names would be cut to make room for sentences.</summary>
    private const int NarrowestForColumns = 100;

    public bool IsJson => json;

    /// <summary>The address that is called, for the sentence that it does not answer.</summary>
    public string? Server { get; set; }

    /// <summary>A word to the person, beside the data.</summary>
    public void Say(string prose) => environment.Error.WriteLine(Printable.Of(prose));

    /// <summary>The data itself, as JSON.</summary>
    public void Json<T>(T value) => environment.Out.WriteLine(JsonSerializer.Serialize(value, WireJson.Options));

    /// <summary>One line of data.</summary>
    public void Line(string text) => environment.Out.WriteLine(Printable.Of(text));

    /// <summary>A document as it comes; the exit code, which tells when the connection broke and it is not the whole.</summary>
    public async Task<int> Copy(Stream document, CancellationToken cancellation)
    {
        await using (document)
        {
            using var reader = new StreamReader(document);
            var buffer = new char[16 * 1024];
            try
            {
                for (int read; (read = await reader.ReadAsync(buffer, cancellation)) > 0;)
                    await environment.Out.WriteAsync(buffer.AsMemory(0, read), cancellation);
                return ExitCodes.Ok;
            }
            catch (Exception exception) when (exception is IOException or HttpRequestException)
            {
                return Refuse("cli.export_broken", "The connection broke before the end; what was written is not the whole.", ExitCodes.Failed);
            }
        }
    }

    /// <summary>A refusal: its sentence, its faults, and the exit code that goes with it.</summary>
    public int Refuse(Problem problem)
    {
        if (json)
        {
            Json(new
            {
                error = new { problem.Code, Message = problem.Detail, problem.Retryable, problem.TraceId, problem.Reason, problem.ReconnectUrl, RetryAfter = (int?)problem.RetryAfter?.TotalSeconds, problem.Errors },
            });
        }

        Say($"{problem.Title}. {problem.Detail} ({problem.Code})");
        foreach (var fault in problem.Errors)
            Say($"  - {fault}");
        var isUnreachable = problem.Code is ClientErrors.Unreachable or ClientErrors.TimedOut or ClientErrors.UnreadableAnswer;
        if (isUnreachable && Server is not null)
            Say($"The address was {Server}; --url names another one.");
        if (problem.ReconnectUrl is { } link)
            Say($"The user can connect again at {link}");
        return problem switch
        {
            _ when isUnreachable => ExitCodes.Unreachable,
            { Status: 401 or 403 } when problem.Code.StartsWith("identity.", StringComparison.Ordinal) => ExitCodes.Refused,
            { Status: 404 } => ExitCodes.NotFound,
            { Status: 400 or 422 } => ExitCodes.Usage,
            _ => ExitCodes.Failed,
        };
    }

    /// <summary>A refusal that comes from the tool itself.</summary>
    public int Refuse(string code, string sentence, int exitCode)
    {
        if (json)
            Json(new { error = new { Code = code, Message = sentence } });
        Say(sentence);
        return exitCode;
    }

    /// <summary>Rows under headings; an empty list says so beside the data.</summary>
    public void Table(string empty, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string?>> rows)
    {
        var table = new Table().NoBorder();
        foreach (var heading in headings)
            table.AddColumn(new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold))).PadLeft(0).PadRight(2).NoWrap());
        var count = 0;
        foreach (var row in rows)
        {
            table.AddRow(row.Select(cell => new Text(Printable.Of(cell))));
            count++;
        }

        if (count == 0)
            Say(empty);
        else
            Write(table, null);
    }

    /// <summary>Names and values, one a line.</summary>
    public void Fields(params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        var grid = new Grid().AddColumn(new GridColumn().PadLeft(0).PadRight(2).NoWrap()).AddColumn(new GridColumn().PadLeft(0).PadRight(0));
        foreach (var (name, value) in fields)
            grid.AddRow(new Text(name, new Style(decoration: Decoration.Bold)), new Text(Printable.Of(value)));
        Write(grid, environment.TerminalWidth);
    }

    /// <summary>What checks found: verdict, check and sentence; below it why, and what to do.</summary>
    public void Findings(IEnumerable<DiagnosticFinding> findings)
    {
        var grid = new Grid().AddColumn(new GridColumn().PadLeft(0).PadRight(2).NoWrap()).AddColumn(new GridColumn().PadLeft(0).PadRight(2).NoWrap()).AddColumn(new GridColumn().PadLeft(0).PadRight(0));
        foreach (var finding in findings)
        {
            var name = finding.Subject is null || Guid.TryParse(finding.Subject, out _) ? finding.Check : $"{finding.Check} {finding.Subject}";
            grid.AddRow(new Text(Printable.Of(finding.Verdict), StyleOf(finding.Verdict)), new Text(Printable.Of(name)), new Text(Printable.Of(finding.What)));
            if (finding.Why is { } why)
                grid.AddRow(new Text(""), new Text(""), new Text($"Why: {Printable.Of(why)}"));
            if (finding.Remedy is { } remedy)
                grid.AddRow(new Text(""), new Text(""), new Text($"Do: {Printable.Of(remedy)}"));
        }

        if (grid.Rows.Count > 0)
            Write(grid, environment.TerminalWidth);
    }

    public static string Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "-";

    private static Style StyleOf(string verdict) => new(verdict switch
    {
        "ok" or "set" => Color.Green,
        "warn" => Color.Yellow,
        "fail" or "missing" or "faulty" => Color.Red,
        _ => Color.Grey,
    });

    private void Write(Spectre.Console.Rendering.IRenderable content, int? width)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = environment.Color ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = environment.Color ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = width >= NarrowestForColumns ? width.Value : Unlimited;
        console.Write(content);
        foreach (var line in text.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
            environment.Out.WriteLine(line.TrimEnd());
    }
}
