using System.Security.Claims;
using System.Text.Encodings.Web;
using Grantkeeper.Connect;

namespace Embedded;

/// <summary>The only page of this application.</summary>
internal static class Page
{
    public static async Task<IResult> Home(ClaimsPrincipal user, IConnections connections, CancellationToken cancellation)
    {
        if (user.FindFirstValue("sub") is not { } userId)
            return Html("""<form method="post" action="/sign-in"><button>Sign in as user 42</button></form>""");
        var accounts = (await connections.Accounts("sandbox", userId, cancellation)).Value.Accounts;
        var list = string.Concat(accounts.Select(account => $"<li>{HtmlEncoder.Default.Encode(account.DisplayName ?? account.IntegrationId.ToString())}</li>"));
        return Html($"""
            <p>Signed in as user {HtmlEncoder.Default.Encode(userId)}. Connected accounts:</p><ul>{list}</ul>
            <form method="post" action="/connect"><button>Connect a sandbox account</button></form>
            <p><a href="/events">Events of the connected calendar</a></p>
            """);
    }

    private static IResult Html(string body) => Results.Content(
        $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Embedded sample</title><main><h1>Embedded sample</h1>{body}</main></html>",
        "text/html; charset=utf-8");
}
