using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Settings;

/// <summary>Reads the section <c>Onboarding</c>.</summary>
internal static class OnboardingReader
{
    private const int LongestKey = 50;
    private const int LongestName = 60;

    public static OnboardingOptions Read(IConfigurationSection section, List<string> faults)
    {
        var defaults = new OnboardingOptions();
        var platforms = List(section.GetSection("Platforms"), LongestKey, "the key of a provider, for example gsc", faults);
        return new OnboardingOptions
        {
            Platforms = platforms.Count > 0 ? platforms : defaults.Platforms,
            Prerequisites = List(section.GetSection("Prerequisites"), LongestName, "a name, for example api_keys", faults),
        };
    }

    private static List<string> List(IConfigurationSection section, int longest, string what, List<string> faults)
    {
        var names = new List<string>();
        foreach (var entry in section.GetChildren())
        {
            if (entry.Value is { Length: > 0 } text && text.Length <= longest && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
                names.Add(text);
            else
                faults.Add($"{entry.Path} is \"{entry.Value}\"; write {what}: at most {longest} letters, digits, _ and -.");
        }

        return names;
    }
}
