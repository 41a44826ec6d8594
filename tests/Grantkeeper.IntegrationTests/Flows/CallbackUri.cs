using Microsoft.AspNetCore.WebUtilities;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>Takes a callback's address apart and puts it together as an attacker would.</summary>
internal static class CallbackUri
{
    public static string Get(this Uri callback, string name) => QueryHelpers.ParseQuery(callback.Query)[name].ToString();

    public static Uri Without(this Uri callback, string name) => Rebuild(callback, Pairs(callback).Where(pair => pair.Key != name));

    public static Uri With(this Uri callback, string name, string value) => callback.Without(name).Also(name, value);

    public static Uri Also(this Uri callback, string name, string value) => Rebuild(callback, Pairs(callback).Append(KeyValuePair.Create(name, value)));

    public static Uri At(this Uri callback, string path) => new UriBuilder(callback) { Path = path }.Uri;

    private static IEnumerable<KeyValuePair<string, string>> Pairs(Uri callback) =>
        QueryHelpers.ParseQuery(callback.Query).SelectMany(parameter => parameter.Value.Select(value => KeyValuePair.Create(parameter.Key, value ?? "")));

    private static Uri Rebuild(Uri callback, IEnumerable<KeyValuePair<string, string>> pairs) => new UriBuilder(callback)
    {
        Query = string.Join('&', pairs.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}")),
    }.Uri;
}
