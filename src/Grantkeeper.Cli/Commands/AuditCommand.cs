using System.CommandLine;
using System.Globalization;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Cli.Commands;

/// <summary><c>audit</c>: who did what.</summary>
internal static class AuditCommand
{
    private const int MostShown = 10_000;

    public static Command Create(ToolEnvironment environment) => new("audit", "Who did what: the audit log") { List(environment), Export(environment) };

    private static Command List(ToolEnvironment environment)
    {
        var (remote, filters) = (new Remote(), new Filters());
        var limit = new Option<int>("--limit") { Description = $"How many at most, 1 to {MostShown}", DefaultValueFactory = _ => 50, HelpName = "number" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, out var number) || number is < 1 or > MostShown))
                result.AddError($"--limit must be a whole number from 1 to {MostShown}.");
        });
        var command = remote.AddTo(filters.AddTo(new Command("list", "Lists rows of the audit log, newest first") { limit }));
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, async client =>
            {
                var most = parsed.GetValue(limit);
                var entries = new List<AuditEntry>();
                await foreach (var answer in client.AllAudit(filters.Of(parsed) with { PageSize = Math.Min(most + 1, 200) }, cancellation))
                {
                    if (!answer.TryGet(out var entry, out var problem))
                        return output.Refuse(problem);
                    entries.Add(entry);
                    if (entries.Count > most)
                        break;
                }

                var isCut = entries.Count > most;
                var shown = entries.Take(most).ToList();
                if (output.IsJson)
                    output.Json(new { Audit = shown, Truncated = isCut });
                else
                    output.Table("There are no rows.", ["AT", "ACTION", "USER", "PROVIDER", "RESULT", "CALLER", "ACTOR", "FROM", "TRACE"], shown.Select(Row));
                if (isCut)
                    output.Say($"There are more than {most}; raise --limit, narrow with --from and --to, or use audit export.");
                return ExitCodes.Ok;
            });
        });
        return command;
    }

    private static string?[] Row(AuditEntry entry) =>
    [
        Output.Time(entry.At), entry.Count > 1 ? $"{entry.Action} x{entry.Count.ToString(CultureInfo.InvariantCulture)}" : entry.Action, entry.UserId, entry.Provider,
        entry.Success ? entry.Code ?? "ok" : $"failed ({entry.Code})", entry.Caller, entry.Actor, entry.IpAddress, entry.CorrelationId,
    ];

    private static Command Export(ToolEnvironment environment)
    {
        var (remote, filters) = (new Remote(), new Filters());
        var format = new Option<string>("--format") { Description = "csv or json. Default: csv", DefaultValueFactory = _ => "csv", HelpName = "form" };
        format.AcceptOnlyFromAmong("csv", "json");
        var command = remote.AddTo(filters.AddTo(new Command("export", "Writes the audit log as one document to standard output; leaves a row in it") { format }));
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, async client =>
            {
                if (!(await client.ExportAudit(output.IsJson ? "json" : parsed.GetValue(format)!, filters.Of(parsed), cancellation)).TryGet(out var document, out var problem))
                    return output.Refuse(problem);
                return await output.Copy(document, cancellation);
            });
        });
        return command;
    }

    /// <summary>The options that narrow the log, the same for both verbs.</summary>
    private sealed class Filters
    {
        private readonly Option<string?> _user = new("--user") { Description = "Of one user. Default: of all", HelpName = "user_id" };
        private readonly Option<string?> _provider = new("--provider") { Description = "At one provider", HelpName = "key" };
        private readonly Option<string?> _action = new("--action") { Description = "One action, for example connect or refresh_failed", HelpName = "word" };
        private readonly Option<bool> _failed = new("--failed") { Description = "Only what did not end well" };
        private readonly Option<Guid?> _integration = new("--integration") { Description = "About one integration", HelpName = "id" };
        private readonly Option<string?> _actor = new("--actor") { Description = "By one person or agent", HelpName = "name" };
        private readonly Option<string?> _caller = new("--caller") { Description = "By one key, session or user, for example key:bootstrap", HelpName = "id" };
        private readonly Option<DateTimeOffset?> _from = Time("--from", "Not before this time, for example 2026-01-31 or 2026-01-31T08:00:00Z; without a zone it is UTC");
        private readonly Option<DateTimeOffset?> _to = Time("--to", "Before this time");

        public Command AddTo(Command command)
        {
            Option[] all = [_user, _provider, _action, _failed, _integration, _actor, _caller, _from, _to];
            foreach (var option in all)
                command.Options.Add(option);
            return command;
        }

        public AuditQuery Of(ParseResult parsed) => new()
        {
            UserId = parsed.GetValue(_user),
            Provider = parsed.GetValue(_provider),
            Action = parsed.GetValue(_action),
            Success = parsed.GetValue(_failed) ? false : null,
            IntegrationId = parsed.GetValue(_integration),
            Actor = parsed.GetValue(_actor),
            Caller = parsed.GetValue(_caller),
            From = parsed.GetValue(_from),
            To = parsed.GetValue(_to),
        };

        private static Option<DateTimeOffset?> Time(string name, string description) => new(name)
        {
            Description = description,
            HelpName = "time",
            CustomParser = result =>
            {
                if (DateTimeOffset.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
                    return at;
                result.AddError($"{name} must be a time, for example 2026-01-31T08:00:00Z.");
                return null;
            },
        };
    }
}
