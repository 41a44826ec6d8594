using System.CommandLine;

namespace Grantkeeper.Cli.Commands;

/// <summary><c>cleanup</c>: what the hourly sweep does, now, with its counts.</summary>
internal static class CleanupCommand
{
    public static Command Create(ToolEnvironment environment)
    {
        var remote = new Remote();
        var command = remote.AddTo(new Command("cleanup", "Removes what has served its time, and tells how much; needs an administrator's key"));
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, async client =>
            {
                if (!(await client.CleanUp(cancellation)).TryGet(out var removed, out var problem))
                    return output.Refuse(problem);
                if (output.IsJson)
                    output.Json(removed);
                else
                {
                    output.Table("", ["REMOVED", "WHAT"],
                    [
                        [$"{removed.Tokens}", "ended access tokens that nothing renews"], [$"{removed.States}", "connect flows"], [$"{removed.ConnectSessions}", "connect sessions"],
                        [$"{removed.RefreshAttempts}", "refresh attempts"], [$"{removed.Deliveries}", "finished deliveries"], [$"{removed.SignInLinks}", "sign-in links"],
                        [$"{removed.SupersededAnswers}", "superseded answers"], [$"{removed.ProviderHours}", "hourly figures"],
                    ]);
                }

                return ExitCodes.Ok;
            });
        });
        return command;
    }
}
