using System.CommandLine;
using System.Globalization;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Cli.Commands;

/// <summary><c>tokens</c>: what is known of tokens. It shows none; <c>token</c> does.</summary>
internal static class TokensCommand
{
    private const int MostShown = 1000;
    private const double LongestHours = 24 * 365;

    public static Command Create(ToolEnvironment environment)
    {
        var remote = new Remote();
        var user = new Option<string?>("--user") { Description = "Of one user. Default: of all users, for administrators", HelpName = "user_id" };
        var provider = new Option<string?>("--provider") { Description = "At one provider", HelpName = "key" };
        var expiring = new Option<double?>("--expiring") { Description = "Only those that are good and end within so many hours, for example 0.5", HelpName = "hours" };
        expiring.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!double.TryParse(result.Tokens[0].Value, CultureInfo.InvariantCulture, out var hours) || hours is not (> 0 and <= LongestHours)))
                result.AddError($"--expiring must be a number of hours above 0, {LongestHours} at most.");
        });
        var limit = new Option<int>("--limit") { Description = $"How many at most, 1 to {MostShown}", DefaultValueFactory = _ => 100, HelpName = "number" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, out var number) || number is < 1 or > MostShown))
                result.AddError($"--limit must be a whole number from 1 to {MostShown}.");
        });
        var command = remote.AddTo(new Command("tokens", "Lists what is known of access tokens, never the tokens") { user, provider, expiring, limit });
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, async client =>
            {
                var most = parsed.GetValue(limit);
                var filter = new TokenFilter
                {
                    UserId = parsed.GetValue(user), Provider = parsed.GetValue(provider), PageSize = Math.Min(most + 1, 200),
                    ExpiringWithin = parsed.GetValue(expiring) is { } hours ? TimeSpan.FromHours(hours) : null,
                };
                var entries = new List<TokenEntry>();
                await foreach (var answer in client.AllTokens(filter, cancellation))
                {
                    if (!answer.TryGet(out var entry, out var problem))
                        return output.Refuse(problem);
                    entries.Add(entry);
                    if (entries.Count > most)
                        break;
                }

                Show(entries, most, output);
                return ExitCodes.Ok;
            });
        });
        return command;
    }

    private static void Show(List<TokenEntry> entries, int most, Output output)
    {
        var isCut = entries.Count > most;
        var shown = entries.Take(most).ToList();
        if (output.IsJson)
            output.Json(new { Tokens = shown, Truncated = isCut });
        else
            output.Table("There are no tokens.", ["INTEGRATION", "PROVIDER", "USER", "ACCOUNT", "STATUS", "EXPIRES", "RENEWED", "REFRESHABLE"], shown.Select(Row));
        if (isCut)
            output.Say($"There are more than {most}; raise --limit or narrow with --user, --provider and --expiring.");
    }

    private static string?[] Row(TokenEntry entry) =>
    [
        entry.IntegrationId.ToString(), entry.Provider, entry.UserId, entry.Account.DisplayName ?? entry.Account.Email ?? entry.Account.AccountId,
        entry.Reason is null ? entry.Status : $"{entry.Status} ({entry.ReasonDetail ?? entry.Reason})", entry.Expired ? $"{Output.Time(entry.ExpiresAt)} (ended)" : Output.Time(entry.ExpiresAt),
        Output.Time(entry.LastRefreshedAt), entry.Refreshable ? "yes" : "no",
    ];
}
