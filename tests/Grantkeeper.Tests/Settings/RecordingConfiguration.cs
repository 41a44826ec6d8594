using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace Grantkeeper.Tests.Settings;

/// <summary>A configuration that remembers every key that was asked for; a list that was gone through is remembered as its path and a star.</summary>
internal sealed class RecordingConfiguration(IConfiguration inner, ISet<string> asked, string path = "") : IConfigurationSection
{
    public string? this[string key]
    {
        get
        {
            asked.Add(Below(key));
            return inner[key];
        }
        set => throw new NotSupportedException();
    }

    public string Key => path.Split(':')[^1];

    public string Path => path;

    public string? Value
    {
        get => (inner as IConfigurationSection)?.Value;
        set => throw new NotSupportedException();
    }

    public IConfigurationSection GetSection(string key) => new RecordingConfiguration(inner.GetSection(key), asked, Below(key));

    public IEnumerable<IConfigurationSection> GetChildren()
    {
        asked.Add(Below("*"));
        return inner.GetChildren();
    }

    public IChangeToken GetReloadToken() => inner.GetReloadToken();

    private string Below(string key) => path.Length == 0 ? key : $"{path}:{key}";
}
