using System.CommandLine;

namespace Grantkeeper.Cli.Commands;

/// <summary><c>sign-in-link</c>: the way into the pages for an operator who has a key and a shell.</summary>
internal static class SignInLinkCommand
{
    public static Command Create(ToolEnvironment environment)
    {
        var remote = new Remote();
        var command = remote.AddTo(new Command("sign-in-link", "Makes a one-time link into the pages; needs an administrator's key"));
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, async client =>
            {
                if (!(await client.CreateSignInLink(cancellation)).TryGet(out var link, out var problem))
                    return output.Refuse(problem);
                if (output.IsJson)
                    output.Json(link);
                else
                    output.Line(link.Url);
                output.Say($"It works once, within {link.ExpiresIn / 60} minutes.");
                return ExitCodes.Ok;
            });
        });
        return command;
    }
}
