using System.CommandLine;
using System.Globalization;

namespace Grantkeeper.Cli.Commands;

/// <summary><c>users</c>: what is kept about a user, and its end.</summary>
internal static class UsersCommand
{
    public static Command Create(ToolEnvironment environment) => new("users", "What is kept about a user: a copy of it, and its end") { Export(environment), Erase(environment) };

    private static Argument<string> User() => new("user_id") { Description = "The user or owner, as your product names it" };

    private static Command Export(ToolEnvironment environment)
    {
        var (remote, user) = (new Remote(), User());
        var command = remote.AddTo(new Command("export", "Writes everything that is kept about a user, without secrets, as one JSON document to standard output") { user });
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, async client =>
                (await client.ExportUser(parsed.GetValue(user)!, cancellation)).TryGet(out var document, out var problem) ? await output.Copy(document, cancellation) : output.Refuse(problem));
        });
        return command;
    }

    private static Command Erase(ToolEnvironment environment)
    {
        var (remote, user) = (new Remote(), User());
        var sure = new Option<bool>("--yes") { Description = "Says that you mean it: nothing brings the grants back but the user's new consents" };
        var command = remote.AddTo(new Command("erase", "Erases a user: ends every grant, here and at the providers, and removes what is kept") { user, sure });
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            var name = parsed.GetValue(user)!;
            if (!parsed.GetValue(sure))
                return Task.FromResult(output.Refuse("cli.not_confirmed", $"This ends every grant of {name} for good. Add --yes to do it.", ExitCodes.Usage));
            return remote.Run(parsed, environment, output, async client =>
            {
                if (!(await client.EraseUser(name, cancellation)).TryGet(out var erased, out var problem))
                    return output.Refuse(problem);
                if (output.IsJson)
                {
                    output.Json(erased);
                    return ExitCodes.Ok;
                }

                var at = erased.ProviderRevocations;
                output.Line($"{erased.UserId} is erased: {Count(erased.Disconnected, "grant")} ended, {Count(erased.RowsRemoved, "row")} removed.");
                foreach (var (number, words) in new[]
                {
                    (at.Confirmed, "confirmed by their providers"), (at.Pending, "waiting for their providers, which are asked for seven days"), (at.Unsupported, "at providers that offer no revocation"),
                    (at.Failed, "refused by their providers, or without a readable token"), (at.Withheld, "kept at their providers for another user with the same account"),
                }.Where(entry => entry.Item1 > 0))
                    output.Line($"  {number.ToString(CultureInfo.InvariantCulture)} {words}");
                output.Say("The audit log keeps its rows, this erasure included.");
                return ExitCodes.Ok;
            });
        });
        return command;
    }

    private static string Count(int number, string noun) => $"{number.ToString(CultureInfo.InvariantCulture)} {noun}{(number == 1 ? "" : "s")}";
}
