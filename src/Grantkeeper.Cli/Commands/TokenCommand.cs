using System.CommandLine;
using System.Globalization;
using Grantkeeper.Client;

namespace Grantkeeper.Cli.Commands;

/// <summary><c>token</c>: reads a token as a back end does, and says why it is as it is. The token itself is shown on demand only.</summary>
internal static class TokenCommand
{
    public static Command Create(ToolEnvironment environment)
    {
        var remote = new Remote();
        var provider = new Argument<string>("provider") { Description = "The provider's key" };
        var user = new Option<string>("--user") { Description = "Whose token", HelpName = "user_id", Required = true };
        var account = new Option<string?>("--account") { Description = "One of several accounts. Default: the primary one", HelpName = "account_id" };
        var minTtl = new Option<int?>("--min-ttl") { Description = "How long it is to be good, in seconds, 0 to 3600. Default: 60", HelpName = "seconds" };
        var scopes = new Option<string?>("--scopes") { Description = "Scopes that must have been granted, separated by spaces", HelpName = "scopes" };
        var explain = new Option<bool>("--explain") { Description = "First say what the server sees and why it serves, renews or refuses; needs an administrator's key" };
        var show = new Option<bool>("--show-token") { Description = "Write the token itself to standard output" };
        var command = remote.AddTo(new Command("token", "Reads a user's access token as a back end does; without --show-token only what is known about it") { provider, user, account, minTtl, scopes, explain, show });
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, async client =>
            {
                var requirements = new TokenRequirements
                {
                    AccountId = parsed.GetValue(account),
                    MinTtl = parsed.GetValue(minTtl) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                    Scopes = parsed.GetValue(scopes)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [],
                };
                return await Read(client, parsed.GetRequiredValue(provider), parsed.GetRequiredValue(user), requirements, parsed.GetValue(explain), parsed.GetValue(show), output, cancellation);
            });
        });
        return command;
    }

    private static async Task<int> Read(
        GrantkeeperClient client, string provider, string user, TokenRequirements requirements, bool explain, bool show, Output output, CancellationToken cancellation)
    {
        Client.Contracts.DiagnosticsAnswer? explanation = null;
        if (explain)
        {
            // Before the read, which may renew.
            if (!(await client.ExplainToken(provider, user, requirements, cancellation)).TryGet(out explanation, out var unexplained))
                return output.Refuse(unexplained);
            if (!output.IsJson)
                output.Findings(explanation.Findings);
        }

        if (!(await client.GetToken(provider, user, requirements, cancellation)).TryGet(out var token, out var problem))
        {
            if (explanation is not null && output.IsJson)
                output.Say(string.Join(' ', explanation.Findings.Select(finding => finding.What)));
            return output.Refuse(problem);
        }

        if (output.IsJson)
        {
            output.Json(new
            {
                AccessToken = show ? token.AccessToken : null, token.TokenType, token.ExpiresAt, token.Scopes, token.IntegrationId, token.Generation, token.CacheSeconds, token.Warning, Explanation = explanation?.Findings,
            });
            return ExitCodes.Ok;
        }

        if (show && !explain)
        {
            // Alone on standard output, so that it can be piped.
            output.Line(token.AccessToken);
            output.Say($"Generation {token.Generation}, good until {Output.Time(token.ExpiresAt)}{(token.Warning is null ? "" : $", warning {token.Warning}")}.");
            return ExitCodes.Ok;
        }

        output.Fields(
            ("integration", token.IntegrationId.ToString()), ("generation", token.Generation.ToString(CultureInfo.InvariantCulture)), ("expires", Output.Time(token.ExpiresAt)), ("scopes", string.Join(' ', token.Scopes)),
            ("warning", token.Warning is { } warning ? $"{warning}: {Meaning(warning)}" : null), ("token", show ? token.AccessToken : "not shown; --show-token shows it"));
        return ExitCodes.Ok;
    }

    private static string Meaning(string warning) => warning switch
    {
        "refresh_failed" => "a refresh failed just now; the token is still good until its end",
        "min_ttl_unreachable" => "the provider's tokens do not live as long as was asked for",
        "unverified" => "adopted or imported, and no call to the provider has succeeded yet",
        _ => "see docs/errors",
    };
}
