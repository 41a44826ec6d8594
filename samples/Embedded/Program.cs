using System.Security.Claims;
using Embedded;
using Grantkeeper;
using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Connect;
using Microsoft.AspNetCore.Authentication;

#region snippet embedding.program
var builder = WebApplication.CreateBuilder(args);

// The application's own sign-in. Grantkeeper finds the user in the claim "sub".
builder.Services.AddAuthentication("cookie").AddCookie("cookie");
builder.Services.AddAuthorization();

// Grantkeeper, and a client that goes through the signed-in user's account.
builder.Services.AddGrantkeeper(builder.Configuration);
builder.Services.AddHttpContextAccessor();
builder.Services.AddSingleton<IConnectedAccountUser, SignedInUser>();
builder.Services.AddHttpClient<Calendar>(http => http.BaseAddress = new Uri(builder.Configuration["Calendar:Url"]!))
    .AddConnectedAccount(account =>
    {
        account.Provider = "sandbox";
        account.Scopes.Add("calendar.readonly");
        account.ConnectUrl = "/";
    });

var app = builder.Build();
app.UseAuthentication();
app.UseAuthorization();
app.MapGrantkeeper();
#endregion

app.MapGet("/", Page.Home);

app.MapPost("/sign-in", async (HttpContext http) =>
{
    await http.SignInAsync(new ClaimsPrincipal(new ClaimsIdentity([new Claim("sub", "42")], "demo")));
    return Results.LocalRedirect("/");
});

#region snippet embedding.connect
app.MapPost("/connect", async (ClaimsPrincipal user, IConnections connections, CancellationToken cancellation) =>
{
    var started = await connections.Start(new InitiateRequest { Provider = "sandbox", UserId = user.FindFirstValue("sub"), ReturnTo = "/" }, cancellation);
    return started.TryGet(out var connection, out var failure)
        ? Results.Redirect(connection.AuthorizationUrl)
        : Results.Problem(failure.Message, statusCode: failure.Code.Status);
}).RequireAuthorization();
#endregion

#region snippet embedding.call
app.MapGet("/events", async (Calendar calendar, CancellationToken cancellation) =>
{
    try
    {
        return Results.Ok(await calendar.Events(cancellation));
    }
    catch (ConnectedAccountException refusal)
    {
        // Nothing is connected, the grant has ended, or a permission is missing: the link is where the user can change that.
        return Results.Problem(refusal.Problem.Title, statusCode: refusal.Problem.Retryable ? 503 : 409, extensions: new Dictionary<string, object?> { ["code"] = refusal.Code, ["connect"] = refusal.Link });
    }
}).RequireAuthorization();
#endregion

app.Run();
