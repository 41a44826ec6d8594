using System.CommandLine;

namespace Grantkeeper.Cli;

/// <summary>Ids on the command line.</summary>
internal static class Ids
{
    public static Argument<Guid> Argument(string description) => new("id")
    {
        Description = description,
        CustomParser = result =>
        {
            if (Guid.TryParse(result.Tokens[0].Value, out var id))
                return id;
            result.AddError($"\"{result.Tokens[0].Value}\" is no id; ids look like 0198c0de-0000-7000-8000-000000000000.");
            return default;
        },
    };
}
