using System.Text.Json.Nodes;

namespace Grantkeeper.Providers;

/// <summary>Typed access to one mapping of a manifest. Every wrong member adds a fault, so that one reading reports all.</summary>
internal sealed class ManifestFields(JsonObject json, string place, List<string> faults)
{
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    public string? Text(string name)
    {
        _read.Add(name);
        switch (json[name])
        {
            case null:
                return null;
            case JsonValue value:
                return value.GetValue<string>();
            default:
                Fault(name, "must be one text, not a list or mapping");
                return null;
        }
    }

    public string Required(string name)
    {
        var text = Text(name);
        if (string.IsNullOrWhiteSpace(text))
            Fault(name, "is required");
        return text ?? "";
    }

    public bool Flag(string name, bool otherwise)
    {
        var text = Text(name);
        if (text is null)
            return otherwise;
        if (bool.TryParse(text, out var flag))
            return flag;
        Fault(name, $"must be true or false, not \"{text}\"");
        return otherwise;
    }

    public int Number(string name, int otherwise, int least, int most)
    {
        var text = Text(name);
        if (text is null)
            return otherwise;
        if (int.TryParse(text, out var number) && number >= least && number <= most)
            return number;
        Fault(name, $"must be a whole number from {least} to {most}, not \"{text}\"");
        return otherwise;
    }

    /// <summary>One word of a closed list, written in snake_case.</summary>
    public T? Choice<T>(string name) where T : struct, Enum
    {
        var text = Text(name);
        if (text is null)
            return null;
        if (Enum.TryParse<T>(text.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var choice) && Words.Of(choice) == text)
            return choice;
        Fault(name, $"must be one of {string.Join(", ", Enum.GetValues<T>().Select(Words.Of))}, not \"{text}\"");
        return null;
    }

    public Uri? Address(string name, bool loopbackHttp)
    {
        return Text(name) is { } text ? AddressOf(name, text, loopbackHttp) : null;
    }

    private Uri? AddressOf(string name, string text, bool loopbackHttp)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.UserInfo.Length == 0 && address.Fragment.Length == 0)
        {
            if (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && loopbackHttp && address.IsLoopback))
                return address;
        }

        // A password in an address stays where it was written.
        var shown = text.Contains('@', StringComparison.Ordinal) ? "an address that names a user" : $"\"{text}\"";
        Fault(name, $"must be an absolute https URL without user or fragment (http on loopback in development only), not {shown}");
        return null;
    }

    public IReadOnlyList<string> List(string name)
    {
        _read.Add(name);
        switch (json[name])
        {
            case null:
                return [];
            case JsonValue value:
                return [value.GetValue<string>()];
            case JsonArray array when array.All(item => item is JsonValue):
                return [.. array.Select(item => item!.GetValue<string>())];
            default:
                Fault(name, "must be a list of texts");
                return [];
        }
    }

    /// <summary>A list of lists of texts; configuration and YAML may write a group of one as a text.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Lists(string name)
    {
        _read.Add(name);
        if (json[name] is null)
            return [];
        if (json[name] is JsonArray groups && groups.All(group => group is JsonValue || (group is JsonArray scopes && scopes.All(scope => scope is JsonValue))))
            return [.. groups.Select(group => (IReadOnlyList<string>)(group is JsonArray scopes ? [.. scopes.Select(scope => scope!.GetValue<string>())] : [group!.GetValue<string>()]))];
        Fault(name, "must be a list of lists of texts");
        return [];
    }

    public IReadOnlyList<Uri> Addresses(string name, bool loopbackHttp)
    {
        var addresses = new List<Uri>();
        foreach (var (text, index) in List(name).Select((text, index) => (text, index)))
        {
            if (AddressOf($"{name}[{index}]", text, loopbackHttp) is { } address)
                addresses.Add(address);
        }

        return addresses;
    }

    public IReadOnlyDictionary<string, string> Map(string name)
    {
        _read.Add(name);
        switch (json[name])
        {
            case null:
                return new Dictionary<string, string>();
            case JsonObject map when map.All(member => member.Value is JsonValue):
                return map.ToDictionary(member => member.Key, member => member.Value!.GetValue<string>(), StringComparer.Ordinal);
            default:
                Fault(name, "must be a mapping of texts");
                return new Dictionary<string, string>();
        }
    }

    public ManifestFields? Mapping(string name)
    {
        _read.Add(name);
        switch (json[name])
        {
            case null:
                return null;
            case JsonObject map:
                return new ManifestFields(map, $"{place}: {name}", faults);
            default:
                Fault(name, "must be a mapping");
                return null;
        }
    }

    /// <summary>The members of a mapping of mappings, by name.</summary>
    public IEnumerable<(string Name, ManifestFields Fields)> Mappings(string name)
    {
        _read.Add(name);
        switch (json[name])
        {
            case null:
                yield break;
            case JsonObject map:
                foreach (var (key, value) in map)
                {
                    if (value is JsonObject inner)
                        yield return (key, new ManifestFields(inner, $"{place}: {name}: {key}", faults));
                    else
                        Fault($"{name}: {key}", "must be a mapping");
                }

                break;
            default:
                Fault(name, "must be a mapping of mappings");
                break;
        }
    }

    /// <summary>The mappings of a list, in their order.</summary>
    public IEnumerable<ManifestFields> Items(string name)
    {
        _read.Add(name);
        if (json[name] is null)
            yield break;
        if (json[name] is not JsonArray items || !items.All(item => item is JsonObject))
        {
            Fault(name, "must be a list of mappings");
            yield break;
        }

        for (var index = 0; index < items.Count; index++)
            yield return new ManifestFields((JsonObject)items[index]!, $"{place}: {name}[{index}]", faults);
    }

    public void Fault(string name, string message) => faults.Add($"{place}: {name} {message}");

    /// <summary>Members that nobody read are misspelled or from a newer schema.</summary>
    public void RefuseOthersBut(params string[] alsoKnown)
    {
        foreach (var (name, _) in json)
        {
            if (!_read.Contains(name) && !alsoKnown.Contains(name))
                Fault(name, "is not a member of the schema");
        }
    }
}
