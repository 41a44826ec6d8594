using System.Globalization;
using System.Text.Json;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.Grants;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.Pages;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Platforms.Sandbox;

/// <summary>What this is, who lives here, what was granted, and the switches that break things. Shows no token.</summary>
internal static class HomePage
{
    private const int MostGrants = 100;

    /// <summary>Sends the page.</summary>
    public static Task Send(HttpContext http, SandboxState state, string origin, string antiforgery, string? note) =>
        Layout.Send(http, "Sandbox provider", Html.Of($"""
            {(note is null ? Html.None : Html.Of($"""<p class="note" role="status">{note}</p>"""))}
            <h1>A provider that breaks things on purpose</h1>
            <p class="lead">This is an OpenID Connect and OAuth 2 provider with invented people. Connect an account through your application,
            then throw a switch below and watch what happens to the connection. Everything is in memory and gone after a restart.</p>
            <div class="panels">
            <section class="panel" aria-labelledby="people"><h2 id="people">People</h2>
            <ul>{Html.Each(Everybody.All, person => Resident(person, state, antiforgery))}</ul></section>
            <section class="panel" aria-labelledby="switches"><h2 id="switches">Switches</h2>
            <ul class="switches">
            {Switch(antiforgery, "expire-all", "Every access token expires now", "Expire")}
            {Switch(antiforgery, "lose-refresh", "The next refresh is carried out, but its answer is lost", "Lose it")}
            {Switch(antiforgery, "down", "Provider down for the next calls", "Take down", "3", "calls")}
            {Switch(antiforgery, "lifetime", "New access tokens live for (seconds)", "Set", Number((long)state.AccessTokenLifetime.TotalSeconds), "seconds")}
            {Switch(antiforgery, "advance", "Move the sandbox's clock forward (minutes)", "Move", "60", "minutes")}
            {Switch(antiforgery, "reset", "Forget everything and start over", "Reset")}
            </ul></section>
            </div>
            {Pending(state, antiforgery)}
            <section class="panel full" aria-labelledby="grants"><h2 id="grants">Grants</h2>{Grants(state)}</section>
            <section class="panel full" aria-labelledby="counters"><h2 id="counters">Counters</h2>
            <dl class="figures">{Html.Each(state.Counters.Figures(), figure => Html.Of($"<div><dt>{Words(figure.Key)}</dt><dd>{figure.Value}</dd></div>"))}</dl></section>
            <section class="panel full" aria-labelledby="developers"><h2 id="developers">For developers</h2>
            <p>Issuer <code>{origin}</code>, metadata at <a href="/.well-known/openid-configuration"><code>/.well-known/openid-configuration</code></a>,
            figures at <a href="/__sandbox/stats"><code>/__sandbox/stats</code></a>. An API to call with an access token: <code>/api/me</code>,
            <code>/api/calendar/events</code>, <code>/api/files</code>. It is {Time(state.Clock.GetUtcNow())} here.</p>
            <p>Every fault can be switched on from a script, for example:</p>
            <p><code>curl -X POST {origin}/__sandbox/faults -H "content-type: application/json" -d '{"{\"endpoint\":\"refresh\",\"mode\":\"lose_answer\"}"}'</code></p>
            <p>Registered applications: {Clients(state)}</p></section>
            """), wide: true);

    private static Html Resident(Person person, SandboxState state, string antiforgery)
    {
        var live = state.Grants.All.Count(grant => grant.IsLive && grant.Subject == person.Subject);
        return Html.Of($"""
            <li class="resident">{Avatar.Of(person)}<span class="who"><span class="name">{person.Name}</span><span class="mail">{person.Email}</span></span>
            <form method="post" action="/switches"><input type="hidden" name="antiforgery" value="{antiforgery}"><input type="hidden" name="action" value="revoke-user">
            <button name="value" value="{person.Subject}" aria-label="Revoke everything that {person.Name} granted ({live} in force)">Revoke all ({live})</button></form></li>
            """);
    }

    private static Html Switch(string antiforgery, string action, string label, string button, string? value = null, string? unit = null)
    {
        var id = $"switch-{action}";
        var text = value is null
            ? Html.Of($"""<span id="{id}">{label}</span>""")
            : Html.Of($"""<label id="{id}" for="{id}-value">{label}</label><input id="{id}-value" name="value" value="{value}" inputmode="numeric" pattern="[0-9]+" required title="A number of {unit}">""");
        return Html.Of($"""
            <li><form method="post" action="/switches"><input type="hidden" name="antiforgery" value="{antiforgery}">{text}
            <button name="action" value="{action}" aria-describedby="{id}">{button}</button></form></li>
            """);
    }

    private static Html Pending(SandboxState state, string antiforgery)
    {
        var faults = state.Faults.Pending;
        return faults.Count == 0 ? Html.None : Html.Of($"""
            <section class="panel full" aria-labelledby="pending"><h2 id="pending">About to go wrong</h2>
            <ul>{Html.Each(faults, fault => Html.Of($"""<li><span class="tag bad">{What(fault)}</span> at {Place(fault.Endpoint)}, {Times(fault)}</li>"""))}</ul>
            <form method="post" action="/switches"><input type="hidden" name="antiforgery" value="{antiforgery}">
            <div class="buttons"><button name="action" value="clear">Switch all off</button></div></form></section>
            """);
    }

    private static Html Grants(SandboxState state)
    {
        var grants = state.Grants.All;
        if (grants.Count == 0) return Html.Of($"<p>Nobody has granted anything yet.</p>");
        var more = grants.Count > MostGrants ? Html.Of($"""<p class="hint">The newest {MostGrants} of {grants.Count}.</p>""") : Html.None;
        return Html.Of($"""
            <div class="scroll" role="region" aria-labelledby="grants" tabindex="0"><table><thead><tr><th scope="col">Person</th><th scope="col">Application</th><th scope="col">Scopes</th><th scope="col">Granted</th><th scope="col">Refreshes</th><th scope="col">State</th></tr></thead>
            <tbody>{Html.Each(grants.Take(MostGrants), Row)}</tbody></table></div>{more}
            """);
    }

    private static Html Row(Grant grant) => Html.Of($"""
        <tr><td>{grant.Subject}</td><td>{grant.ClientId}</td><td><code>{ScopeList.Join(grant.Scopes)}</code></td><td>{Time(grant.GrantedAt)}</td><td>{grant.Refreshes}</td>
        <td><span class="tag {(grant.IsLive ? "good" : "bad")}">{grant.EndedBy ?? "in force"}</span></td></tr>
        """);

    private static Html Clients(SandboxState state) => state.Clients.All.Count == 0
        ? Html.Of($"none; set <code>SANDBOX_CLIENTS</code> to a JSON array and restart.")
        : Html.Each(state.Clients.All, client => Html.Of($"<code>{client.ClientId}</code> ({client.TokenEndpointAuthMethod}) "));

    private static string What(Fault fault) => fault.Mode == FaultMode.Status
        ? $"status {fault.Status ?? StatusCodes.Status503ServiceUnavailable}"
        : Words(Wire(fault.Mode));

    private static string Place(FaultEndpoint endpoint) => endpoint == FaultEndpoint.All ? "every endpoint" : Words(Wire(endpoint));

    private static string Times(Fault fault) => fault.Count switch
    {
        0 => "until switched off",
        1 => "once",
        var count => $"{count} times",
    };

    private static string Wire<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    private static string Words(string name) => name.Replace('_', ' ');

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
