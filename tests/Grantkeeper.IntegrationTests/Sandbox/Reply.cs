using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Grantkeeper.IntegrationTests.Sandbox;

/// <summary>An answer of the sandbox, read to its end.</summary>
internal sealed record Reply(HttpStatusCode Status, string Body, HttpResponseHeaders Headers, HttpContentHeaders ContentHeaders)
{
    public JsonNode Json => JsonNode.Parse(Body)!;

    public string? Error => (string?)Json["error"];

    public string Location => Headers.Location!.OriginalString;

    /// <summary>The parameters of a redirect to the application.</summary>
    public Dictionary<string, string> Callback
    {
        get
        {
            Status.ShouldBe(HttpStatusCode.SeeOther, Body);
            Location.ShouldStartWith(SandboxHost.RedirectUri);
            return QueryHelpers.ParseQuery(new Uri(Location).Query).ToDictionary(pair => pair.Key, pair => pair.Value.Single()!);
        }
    }
}
