using Grantkeeper.Sandbox.OAuth;

namespace Grantkeeper.Sandbox.Pages;

/// <summary>For what must not be sent back to the application.</summary>
internal static class ErrorPage
{
    /// <summary>Explains a refusal.</summary>
    public static Task Send(HttpContext http, OAuthRefusal refusal) => Layout.Send(http, "This request cannot go on", Html.Of($"""
        <h1>This request cannot go on</h1>
        <p class="lead">{refusal.Description}</p>
        <p class="hint">Error <code>{refusal.Error}</code>. You were not sent back to the application, because its address could not be trusted or
        the request is no longer open. Start again from the application; if it is yours, check its client id and redirect address.</p>
        <p><a href="/">What this sandbox is</a></p>
        """), StatusCodes.Status400BadRequest);
}
