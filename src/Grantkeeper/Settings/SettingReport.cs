using Grantkeeper.Storage;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Settings;

/// <summary>Where one setting stands.</summary>
internal enum SettingState
{
    /// <summary>Written and usable.</summary>
    Set,

    /// <summary>Not written; the default holds.</summary>
    Default,

    /// <summary>Not written although it has to be.</summary>
    Missing,

    /// <summary>Written and not usable.</summary>
    Faulty,
}

/// <summary>One line of a configuration check. <paramref name="Shown"/> is what was written with every secret masked; null when nothing was.</summary>
internal sealed record SettingLine(string Name, SettingState State, string? Shown, IReadOnlyList<string> Faults);

/// <summary>What an operator wrote, variable by variable (R313). The faults are those of the start; nothing is judged a second time.</summary>
internal static class SettingReport
{
    private const string Mask = "***";

    /// <summary>A line for each setting that the engine reads, and those faults that belong to no single one: the manifests'.</summary>
    public static (IReadOnlyList<SettingLine> Lines, IReadOnlyList<string> Others) Of(IConfiguration configuration, IReadOnlyList<string> faults)
    {
        var lines = new List<SettingLine>();
        foreach (var setting in KnownSettings.All.Where(setting => setting.Reader is SettingReader.Engine or SettingReader.Host && setting.Form != SettingForm.PerProvider))
        {
            var own = faults.Where(fault => IsAbout(fault, setting)).ToList();
            var shown = Shown(configuration, setting);
            var state = own.Count == 0 ? shown is null ? SettingState.Default : SettingState.Set
                : shown is null ? SettingState.Missing : SettingState.Faulty;
            lines.Add(new SettingLine(setting.Name, state, shown, own));
        }

        return (lines, [.. faults.Where(fault => !KnownSettings.All.Any(setting => IsAbout(fault, setting)))]);
    }

    /// <summary>True when a fault begins with the setting's name, in either spelling.</summary>
    internal static bool IsAbout(string fault, Setting setting) =>
        new[] { setting.Name, setting.Path }.Any(name => fault.StartsWith(name, StringComparison.Ordinal) && fault.Length > name.Length && fault[name.Length] is ' ' or ':');

    private static string? Shown(IConfiguration configuration, Setting setting)
    {
        if (setting.Form == SettingForm.List)
        {
            var entries = configuration.GetSection(setting.Path).GetChildren().Select(entry => WithoutUser(entry.Value ?? "")).ToList();
            return entries.Count == 0 ? null : string.Join(", ", entries);
        }

        foreach (var name in setting.OtherNames.Select(Setting.KeyOf).Prepend(setting.Path))
        {
            if (configuration[name] is { } text && !string.IsNullOrWhiteSpace(text))
                return setting.Form switch
                {
                    SettingForm.Secret => Mask,
                    SettingForm.DatabaseUrl => DatabaseUrl.Shown(text),
                    _ => WithoutUser(text.Trim()),
                };
        }

        return null;
    }

    /// <summary>What stands before an @ may be a password.</summary>
    private static string WithoutUser(string text) => text.LastIndexOf('@') is > -1 and var at ? $"{Mask}{text[at..]}" : text;
}
