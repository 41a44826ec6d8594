using Grantkeeper.Sandbox.Interactions;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.People;
using Grantkeeper.Sandbox.Platforms;

namespace Grantkeeper.Sandbox.Pages;

/// <summary>Who asks, for whose account, and for what; each scope can be left out.</summary>
internal static class ConsentPage
{
    /// <summary>Shows the question.</summary>
    public static Task Send(HttpContext http, Profile profile, Interaction interaction, Person person, IReadOnlyList<ScopeDescription> scopes)
    {
        var client = interaction.Request.Client;
        var host = new Uri(interaction.Request.Target.RedirectUri).Authority;
        return Layout.Send(http, "Allow access?", Html.Of($"""
            {Simulated(profile)}<h1>Allow <span class="client">{client.DisplayName}</span> to use this account?</h1>
            <div class="account">{Avatar.Of(person)}<span class="who"><span class="name">{person.Name}</span><span class="mail">{person.Email}</span></span>
            <form method="post" action="{profile.Prefix}/authorize/switch">{Hidden(interaction)}<button class="link">Use another account</button></form></div>
            <form method="post" action="{profile.Prefix}/authorize/consent">
            {Hidden(interaction)}
            {Asked(scopes)}
            <div class="buttons">
            <button class="primary" name="decision" value="allow">Allow</button>
            <button name="decision" value="deny">Deny</button>
            </div>
            </form>
            <p class="hint">Either way you return to <strong>{host}</strong>. Uncheck what you do not want to grant, to see how the application copes.</p>
            """));
    }

    /// <summary>Nobody should take this page for the platform's own.</summary>
    public static Html Simulated(Profile profile) => profile.Prefix.Length == 0 ? Html.None : Html.Of($"""<p class="lead">A simulation of {profile.DisplayName}</p>""");

    private static Html Hidden(Interaction interaction) => Html.Of($"""
        <input type="hidden" name="interaction" value="{interaction.Id}"><input type="hidden" name="antiforgery" value="{interaction.Antiforgery}">
        """);

    private static Html Asked(IReadOnlyList<ScopeDescription> scopes) => scopes.Count == 0 ? Html.None : Html.Of($"""
        <fieldset>
        <legend>It asks to</legend>
        <ul class="scopes">
        {Html.Each(scopes, Choice)}
        </ul>
        </fieldset>
        """);

    private static Html Choice(ScopeDescription scope)
    {
        var fixedOn = scope.Name == "openid" ? Html.Of($" disabled") : Html.None;
        var note = scope.Name == "openid" ? Html.Of($""" <span class="tag">always</span>""") : Html.None;
        return Html.Of($"""
            <li><input type="checkbox" id="scope-{scope.Name}" name="scope" value="{scope.Name}" aria-describedby="about-{scope.Name}" checked{fixedOn}><label for="scope-{scope.Name}">{scope.Title}{note}</label><p id="about-{scope.Name}">{scope.Explanation} <code>{scope.Name}</code></p></li>
            """);
    }
}
