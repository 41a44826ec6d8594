using Grantkeeper.Sandbox.Interactions;
using Grantkeeper.Sandbox.People;
using Grantkeeper.Sandbox.Platforms;

namespace Grantkeeper.Sandbox.Pages;

/// <summary>Which account? Nobody has a password here.</summary>
internal static class LoginPage
{
    /// <summary>Shows the accounts, the suggested one first.</summary>
    public static Task Send(HttpContext http, Profile profile, Interaction interaction)
    {
        var suggested = interaction.Person ?? LoginHint.Read(interaction.Request.LoginHint).Person;
        var people = Everybody.All.OrderBy(person => person == suggested ? 0 : 1);
        return Layout.Send(http, "Choose an account", Html.Of($"""
            {ConsentPage.Simulated(profile)}<h1>Choose an account</h1>
            <p class="lead">to continue to <strong>{interaction.Request.Client.DisplayName}</strong></p>
            <form method="post" action="{profile.Prefix}/authorize/login">
            <input type="hidden" name="interaction" value="{interaction.Id}">
            <input type="hidden" name="antiforgery" value="{interaction.Antiforgery}">
            <ul class="people">
            {Html.Each(people, person => Choice(person, person == suggested))}
            </ul>
            </form>
            <p class="hint">These people are invented. Pick any of them: no password is needed.</p>
            """));
    }

    private static Html Choice(Person person, bool suggested)
    {
        var mark = suggested ? Html.Of($"""<span class="tag">suggested</span>""") : Html.None;
        return Html.Of($"""
            <li><button class="person" name="person" value="{person.Subject}">{Avatar.Of(person)}<span class="who"><span class="name">{person.Name}</span><span class="mail">{person.Email}</span></span>{mark}</button></li>
            """);
    }
}
