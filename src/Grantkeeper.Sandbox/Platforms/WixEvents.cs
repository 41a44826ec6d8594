using System.Text;
using System.Text.Json.Nodes;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>
/// What Wix tells an app by itself: a POST whose whole body is a token, signed with a key of the app. Its claim <c>data</c> is a
/// JSON text, and so is <c>data</c> inside.
/// </summary>
public static class WixEvents
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>The public half of the key, in PEM form, as the app's dashboard shows it.</summary>
    /// <param name="state">The memory of the platform wix.</param>
    public static string PublicKey(SandboxState state) => state.Key.ToPem();

    /// <summary>The body of an event.</summary>
    /// <param name="state">The memory of the platform wix.</param>
    /// <param name="appId">The app, as its client id.</param>
    /// <param name="eventType">For example <c>AppRemoved</c>.</param>
    /// <param name="instanceId">The installation.</param>
    /// <param name="at">When it happened; null: now.</param>
    public static string Body(SandboxState state, string appId, string eventType, string instanceId, DateTimeOffset? at = null)
    {
        var told = new JsonObject
        {
            ["instanceId"] = instanceId,
            ["eventType"] = eventType,
            ["data"] = new JsonObject { ["appId"] = appId }.ToJsonString(),
            ["identity"] = new JsonObject { ["identityType"] = "APP" }.ToJsonString(),
        };
        var instant = at ?? state.Clock.GetUtcNow();
        return state.Key.Sign(new JsonObject
        {
            ["data"] = told.ToJsonString(), ["iss"] = "wix.com", ["aud"] = appId, ["iat"] = instant.ToUnixTimeSeconds(), ["exp"] = (instant + Lifetime).ToUnixTimeSeconds(),
        });
    }

    /// <summary>Sends a body to a webhook on this machine. The status of the answer; null when there was none.</summary>
    internal static async Task<int?> Deliver(Uri webhook, string body, CancellationToken cancellation)
    {
        using var client = new HttpMessageInvoker(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, webhook) { Content = new StringContent(body, Encoding.ASCII, "text/plain") };
        try
        {
            using var answer = await client.SendAsync(request, cancellation);
            return (int)answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
