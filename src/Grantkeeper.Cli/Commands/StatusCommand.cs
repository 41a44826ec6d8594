using System.CommandLine;
using System.Globalization;
using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Cli.Commands;

/// <summary><c>status</c>: how many integrations and consents there are, and how the server does.</summary>
internal static class StatusCommand
{
    public static Command Create(ToolEnvironment environment)
    {
        var remote = new Remote();
        var user = new Option<string?>("--user") { Description = "Of one user. Default: of all users, for administrators", HelpName = "user_id" };
        var command = remote.AddTo(new Command("status", "Counts integrations by provider and status, and consents; says how the server does") { user });
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, async client =>
            {
                if (!(await client.GetStatusSummary(parsed.GetValue(user), cancellation)).TryGet(out var summary, out var problem))
                    return output.Refuse(problem);
                if (output.IsJson)
                    output.Json(summary);
                else
                    Show(summary, output);
                return ExitCodes.Ok;
            });
        });
        return command;
    }

    private static void Show(StatusSummary summary, Output output)
    {
        output.Table(
            "There are no integrations.", ["PROVIDER", "TOTAL", "ACTIVE", "PENDING", "EXPIRED", "ERROR", "INACTIVE", "REVOKED"],
            summary.Providers.Select(entry => Row(entry.Provider, entry.Totals)).Concat(summary.Providers.Count > 1 ? [Row("all", summary.Totals)] : []));
        var consents = summary.Consents;
        output.Line(string.Create(
            CultureInfo.InvariantCulture, $"Consents: {consents.Active} active, {consents.ExpiringSoon} of them end within 30 days; {consents.Expired} expired, {consents.Revoked} revoked."));
        output.Line($"Server: {summary.Health}.");
        foreach (var (name, component) in summary.Components.Where(entry => entry.Value.Status != "healthy"))
            output.Say($"{name} is {component.Status}. {component.Message}");
    }

    private static string[] Row(string name, StatusTotals totals) =>
        [name, .. new[] { totals.Total, totals.Active, totals.Pending, totals.Expired, totals.Error, totals.Inactive, totals.Revoked }.Select(number => number.ToString(CultureInfo.InvariantCulture))];
}
