namespace Grantkeeper.Sandbox.Pages;

/// <summary>Carries an answer back as a form (OAuth 2.0 Form Post Response Mode). Without scripts there is a button.</summary>
internal static class FormPostPage
{
    /// <summary>The path of the script that sends the form.</summary>
    public const string ScriptPath = "/assets/submit.js";

    /// <summary>The script.</summary>
    public const string Script = "document.forms[0].submit();";

    /// <summary>Shows the form.</summary>
    public static Task Send(HttpContext http, string redirectUri, IReadOnlyDictionary<string, string> parameters) =>
        Layout.Send(http, "Back to the application", Html.Of($"""
            <h1>Back to the application</h1>
            <form method="post" action="{redirectUri}">
            {Html.Each(parameters, pair => Html.Of($"""<input type="hidden" name="{pair.Key}" value="{pair.Value}">"""))}
            <div class="buttons"><button class="primary">Continue</button></div>
            </form>
            """), script: ScriptPath);
}
