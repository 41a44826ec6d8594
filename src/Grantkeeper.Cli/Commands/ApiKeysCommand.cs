using System.CommandLine;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Identity;

namespace Grantkeeper.Cli.Commands;

/// <summary><c>api-keys</c>: the keys of back ends.</summary>
internal static class ApiKeysCommand
{
    public static Command Create(ToolEnvironment environment) => new("api-keys", "API keys of back ends; needs an administrator's key") { List(environment), CreateKey(environment), Revoke(environment) };

    private static Command List(ToolEnvironment environment)
    {
        var remote = new Remote();
        var command = remote.AddTo(new Command("list", "Lists API keys, without their texts"));
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, async client =>
            {
                if (!(await client.ListApiKeys(cancellation)).TryGet(out var list, out var problem))
                    return output.Refuse(problem);
                if (output.IsJson)
                    output.Json(list);
                else
                    output.Table("No API key was made yet; the bootstrap key is not listed.", ["ID", "NAME", "BEGINS WITH", "PERMISSIONS", "CREATED", "EXPIRES", "REVOKED"], list.ApiKeys.Select(key => (string?[])
                    [
                        key.Id.ToString(), key.Name, key.Prefix, string.Join(' ', key.Permissions), Output.Time(key.CreatedAt), Output.Time(key.ExpiresAt), Output.Time(key.RevokedAt),
                    ]));
                return ExitCodes.Ok;
            });
        });
        return command;
    }

    private static Command CreateKey(ToolEnvironment environment)
    {
        var remote = new Remote();
        var name = new Option<string>("--name") { Description = "What the key is for, 1 to 200 characters", HelpName = "name", Required = true };
        var permission = new Option<string[]>("--permission") { Description = $"What it may do; may be repeated: {string.Join(", ", Permissions.All)}", HelpName = "permission", Required = true, AllowMultipleArgumentsPerToken = true };
        var days = new Option<int?>("--days") { Description = "Days until it ends, 1 to 3650. Default: it does not end", HelpName = "number" };
        var save = new Option<string?>("--save") { Description = "Write the key to this new file, readable by its owner only, instead of standard output", HelpName = "file" };
        var command = remote.AddTo(new Command("create", "Makes an API key; its text is shown once") { name, permission, days, save });
        days.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, out var number) || number is < 1 or > 3650))
                result.AddError("--days must be a whole number from 1 to 3650.");
        });
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            var file = parsed.GetValue(save) is { } path ? Path.GetFullPath(path, environment.Folder) : null;
            if (file is not null && (File.Exists(file) || !Directory.Exists(Path.GetDirectoryName(file))))
                return Task.FromResult(output.Refuse("cli.file_not_usable", $"{file} exists already, or its folder does not exist; no key was made.", ExitCodes.Usage));
            return remote.Run(parsed, environment, output, async client =>
            {
                var expiresAt = parsed.GetValue(days) is { } number ? environment.Time.GetUtcNow().AddDays(number) : (DateTimeOffset?)null;
                var request = new CreateApiKeyRequest(parsed.GetValue(name), parsed.GetValue(permission), expiresAt);
                if (!(await client.CreateApiKey(request, cancellation)).TryGet(out var key, out var problem))
                    return output.Refuse(problem);
                if (file is not null)
                    SaveKey(file, key.Key);
                if (output.IsJson)
                    output.Json(new { key.Id, Key = file is null ? key.Key : null, key.Name, key.Permissions, key.ExpiresAt, File = file });
                else if (file is null)
                    output.Line(key.Key);
                output.Say($"Key {key.Id} was made and is {(file is null ? "shown once, now" : $"in {file}")}.");
                return ExitCodes.Ok;
            });
        });
        return command;
    }

    private static void SaveKey(string file, string key)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(new FileStream(file, options));
        writer.WriteLine(key);
    }

    private static Command Revoke(ToolEnvironment environment)
    {
        var remote = new Remote();
        var id = Ids.Argument("The key's id, from api-keys list");
        var command = remote.AddTo(new Command("revoke", "Ends an API key; every node refuses it within a minute") { id });
        command.SetAction((parsed, cancellation) =>
        {
            var output = Tool.OutputOf(parsed, environment);
            return remote.Run(parsed, environment, output, async client =>
            {
                if (!(await client.RevokeApiKey(parsed.GetValue(id), cancellation)).TryGet(out var key, out var problem))
                    return output.Refuse(problem);
                if (output.IsJson)
                    output.Json(key);
                else
                    output.Line($"{key.Name} ended at {Output.Time(key.RevokedAt)}.");
                return ExitCodes.Ok;
            });
        });
        return command;
    }
}
