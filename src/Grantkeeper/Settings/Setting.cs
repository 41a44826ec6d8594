namespace Grantkeeper.Settings;

/// <summary>How a setting is written and shown.</summary>
internal enum SettingForm
{
    /// <summary>Plain text that may be shown.</summary>
    Text,

    /// <summary>A key or password: shown as a mask.</summary>
    Secret,

    /// <summary>A database URL: shown without its password.</summary>
    DatabaseUrl,

    /// <summary>Numbered entries: the name with __0, __1 and so on behind it.</summary>
    List,

    /// <summary>A family of variables: {KEY} or {key} stands for a provider's key.</summary>
    PerProvider,
}

/// <summary>Who looks at a setting.</summary>
internal enum SettingReader
{
    /// <summary>The server, and an application that embeds Grantkeeper.</summary>
    Engine,

    /// <summary>The host that the server runs in: where it listens, what it logs.</summary>
    Host,

    /// <summary>The command-line tool.</summary>
    Tool,

    /// <summary><c>./run</c> on a developer's machine.</summary>
    Launcher,
}

/// <summary>One setting that an operator may write, as <see cref="KnownSettings"/> lists it.</summary>
/// <param name="Name">As an environment variable; two underscores stand for the colon of a configuration key.</param>
/// <param name="Group">The heading that it stands under in the documentation.</param>
/// <param name="Meaning">What it does, in one line.</param>
internal sealed record Setting(string Name, string Group, string Meaning)
{
    public SettingForm Form { get; init; } = SettingForm.Text;

    public SettingReader Reader { get; init; } = SettingReader.Engine;

    /// <summary>True when the start is refused without it.</summary>
    public bool IsRequired { get; init; }

    /// <summary>What holds when it is not set, in words.</summary>
    public string Default { get; init; } = "none";

    /// <summary>What somebody would write, never a working secret; of a family a whole assignment.</summary>
    public string Example { get; init; } = "";

    /// <summary>Other spellings that work too; the name wins over them.</summary>
    public IReadOnlyList<string> OtherNames { get; init; } = [];

    /// <summary>The name as a configuration key.</summary>
    public string Path => KeyOf(Name);

    public static string KeyOf(string name) => name.Replace("__", ":", StringComparison.Ordinal);
}
