using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Settings;

/// <summary>Reads the section <c>Brand</c>.</summary>
internal static class BrandReader
{
    public const int MostLogoBytes = 256 * 1024;

    private const int LongestName = 60;

    private static readonly Dictionary<string, string> LogoTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        [".png"] = "image/png", [".jpg"] = "image/jpeg", [".jpeg"] = "image/jpeg", [".webp"] = "image/webp", [".svg"] = "image/svg+xml",
    };

    /// <summary>The media type of a logo file by its ending; null when it is none that is served.</summary>
    public static string? TypeOf(string file) => LogoTypes.GetValueOrDefault(Path.GetExtension(file));

    public static BrandOptions Read(IConfigurationSection section, List<string> faults)
    {
        var (name, color, file, url) = (Text(section["Name"]), Text(section["Color"]), Text(section["LogoFile"]), Text(section["LogoUrl"]));
        if (name is { Length: > LongestName } || name?.Any(char.IsControl) == true)
            faults.Add($"{section.Path}:Name must be at most {LongestName} characters on one line.");
        if (color is not null && BrandColor.Parse(color) is null)
            faults.Add($"{section.Path}:Color is \"{color}\"; write #rgb or #rrggbb, for example #0b6e4f.");
        if (file is not null && url is not null)
            faults.Add($"{section.Path}:LogoFile and LogoUrl are both set; set one of them.");
        if (file is not null && FileFault(file) is { } fault)
            faults.Add($"{section.Path}:LogoFile {fault}: {file}.");
        Uri? logo = null;
        if (url is not null && (!Uri.TryCreate(url, UriKind.Absolute, out logo) || logo.Scheme != Uri.UriSchemeHttps || logo.UserInfo.Length > 0))
            faults.Add($"{section.Path}:LogoUrl must be an https address.");
        return new BrandOptions { Name = name, Color = color, LogoFile = file, LogoUrl = logo };
    }

    private static string? FileFault(string file)
    {
        if (TypeOf(file) is null)
            return $"must end in {string.Join(", ", LogoTypes.Keys)}";
        var info = new FileInfo(file);
        return !info.Exists ? "names a file that does not exist" : info.Length > MostLogoBytes ? $"is larger than {MostLogoBytes / 1024} KiB" : null;
    }

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();
}
