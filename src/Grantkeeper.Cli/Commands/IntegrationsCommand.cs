using System.CommandLine;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Cli.Commands;

/// <summary><c>integrations</c>: users' grants at provider accounts.</summary>
internal static class IntegrationsCommand
{
    private const int MostShown = 1000;

    public static Command Create(ToolEnvironment environment) => new("integrations", "Users' grants at provider accounts")
    {
        List(environment), Show(environment), Refresh(environment), Disconnect(environment),
    };

    private static Command List(ToolEnvironment environment)
    {
        var remote = new Remote();
        var user = new Option<string?>("--user") { Description = "Of one user. Default: of all users, for administrators", HelpName = "user_id" };
        var provider = new Option<string?>("--provider") { Description = "At one provider", HelpName = "key" };
        var active = new Option<bool>("--active") { Description = "Active ones only" };
        var limit = new Option<int>("--limit") { Description = $"How many at most, 1 to {MostShown}", DefaultValueFactory = _ => 100, HelpName = "number" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, out var number) || number is < 1 or > MostShown))
                result.AddError($"--limit must be a whole number from 1 to {MostShown}.");
        });
        var command = remote.AddTo(new Command("list", "Lists integrations") { user, provider, active, limit });
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, async client =>
            {
                var most = parsed.GetValue(limit);
                var filter = new IntegrationFilter { UserId = parsed.GetValue(user), Provider = parsed.GetValue(provider), ActiveOnly = parsed.GetValue(active), PageSize = Math.Min(most + 1, 200) };
                var entries = new List<IntegrationEntry>();
                await foreach (var answer in client.AllIntegrations(filter, cancellation))
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
                    output.Json(new { Integrations = shown, Truncated = isCut });
                else
                    output.Table("There are no integrations.", ["ID", "PROVIDER", "USER", "ACCOUNT", "STATUS", "EXPIRES"], shown.Select(Row));
                if (isCut)
                    output.Say($"There are more than {most}; raise --limit or narrow with --user and --provider.");
                return ExitCodes.Ok;
            });
        });
        return command;
    }

    private static string?[] Row(IntegrationEntry entry) =>
    [
        entry.Id.ToString(), entry.Provider, entry.UserId, NameOf(entry.Account), entry.Reason is null ? entry.Status : $"{entry.Status} ({entry.ReasonDetail ?? entry.Reason})", Output.Time(entry.ExpiresAt),
    ];

    private static string? NameOf(AccountEntry account) => account.DisplayName ?? account.Email ?? account.AccountId;

    private static Command Show(ToolEnvironment environment) => OfOne(environment, "show", "Shows one integration", async (client, id, output, cancellation) =>
    {
        if (!(await client.GetIntegration(id, cancellation: cancellation)).TryGet(out var entry, out var problem))
            return output.Refuse(problem);
        if (output.IsJson)
            output.Json(entry);
        else
            output.Fields(
                ("id", entry.Id.ToString()), ("provider", entry.Provider), ("user", entry.UserId), ("status", entry.Status), ("reason", entry.Reason), ("detail", entry.ReasonDetail),
                ("primary", entry.IsPrimary ? "yes" : "no"), ("account", entry.Account.DisplayName), ("email", entry.Account.Email), ("account id", entry.Account.AccountId),
                ("scopes", string.Join(' ', entry.Scopes)), ("expires", Output.Time(entry.ExpiresAt)), ("created", Output.Time(entry.CreatedAt)), ("updated", Output.Time(entry.UpdatedAt)));
        return ExitCodes.Ok;
    });

    private static Command Refresh(ToolEnvironment environment) => OfOne(environment, "refresh", "Renews an integration's token now", async (client, id, output, cancellation) =>
    {
        if (!(await client.Refresh(id, cancellation: cancellation)).TryGet(out var answer, out var problem))
            return output.Refuse(problem);
        if (output.IsJson)
            output.Json(answer);
        else if (answer.Success)
            output.Line($"Renewed at {Output.Time(answer.RefreshedAt)}; good until {Output.Time(answer.ExpiresAt)}.");
        if (answer.Error is { } error)
            output.Say($"{error.Message} ({error.Code})");
        return answer.Success ? ExitCodes.Ok : ExitCodes.Failed;
    });

    private static Command Disconnect(ToolEnvironment environment) => OfOne(environment, "disconnect", "Destroys an integration's tokens and revokes its grant at the provider; there is no way back but a new consent", async (client, id, output, cancellation) =>
    {
        if (!(await client.DeleteIntegration(id, reason: "grantkeeper disconnect", cancellation: cancellation)).TryGet(out var answer, out var problem))
            return output.Refuse(problem);
        if (output.IsJson)
            output.Json(answer);
        else
            output.Line($"{answer.Message} Revocation at {answer.DisplayName}: {answer.ProviderRevocation}.");
        if (answer.Error is { } error)
            output.Say($"{error.Message} ({error.Code})");
        return answer.Success ? ExitCodes.Ok : ExitCodes.Failed;
    });

    private static Command OfOne(ToolEnvironment environment, string name, string description, Func<GrantkeeperClient, Guid, Output, CancellationToken, Task<int>> work)
    {
        var remote = new Remote();
        var id = Ids.Argument("The integration's id, from integrations list");
        var command = remote.AddTo(new Command(name, description) { id });
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, client => work(client, parsed.GetValue(id), output, cancellation));
        });
        return command;
    }
}
