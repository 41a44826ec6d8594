using System.Globalization;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.Pages;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Platforms.Sandbox;

/// <summary>The page for people, and the switches on it.</summary>
internal sealed class HomeEndpoints(SandboxState state, Issuer issuer)
{
    private readonly string antiforgery = Opaque.New("");

    private static readonly Dictionary<string, string> Notes = new(StringComparer.Ordinal)
    {
        ["expire-all"] = "Every access token has expired. Refresh tokens still work.",
        ["revoke-user"] = "Everything that this person had granted is revoked.",
        ["down"] = "The provider is down for the next calls.",
        ["lose-refresh"] = "The next refresh will be carried out, and its answer lost.",
        ["lifetime"] = "New access tokens live as long as you said.",
        ["advance"] = "The sandbox's clock has moved forward.",
        ["clear"] = "All switches are off.",
        ["reset"] = "The sandbox is as it was at the start.",
        ["refused"] = "That was not understood; nothing has changed.",
    };

    /// <summary>Shows the page.</summary>
    public Task Show(HttpContext http) =>
        HomePage.Send(http, state, issuer.Origin, antiforgery, Notes.GetValueOrDefault(http.Request.Query["done"].ToString()));

    /// <summary>Throws a switch and shows the page again.</summary>
    public async Task Switch(HttpContext http)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (form["antiforgery"] != antiforgery)
        {
            await ErrorPage.Send(http, OAuthRefusal.InvalidRequest("This form is not from the sandbox's own page, or from before a restart."));
            return;
        }

        var action = form["action"].ToString();
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
        http.Response.Headers.Location = $"/?done={(Throw(action, form["value"].ToString()) ? action : "refused")}";
    }

    private bool Throw(string action, string value)
    {
        var number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0;
        return action switch
        {
            "expire-all" => Done(() => state.Grants.ExpireAccessTokens()),
            "revoke-user" => Everybody.Find(value) is not null && Done(() => state.Grants.RevokeUser(value)),
            "down" => number is > 0 and <= 1000 && Done(() => state.Faults.Add(new Fault(FaultEndpoint.All, FaultMode.Status, Count: number))),
            "lose-refresh" => Done(() => state.Faults.Add(new Fault(FaultEndpoint.Refresh, FaultMode.LoseAnswer))),
            "lifetime" => number is > 0 and <= 86_400 && Done(() => state.AccessTokenLifetime = TimeSpan.FromSeconds(number)),
            "advance" => number is > 0 and <= 1_000_000 && Done(() => state.Clock.Advance(TimeSpan.FromMinutes(number))),
            "clear" => Done(state.Faults.Clear),
            "reset" => Done(state.Reset),
            _ => false,
        };
    }

    private static bool Done(Action act)
    {
        act();
        return true;
    }
}
