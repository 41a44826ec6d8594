// What most products start with: connect an account, keep its tokens in PostgreSQL, renew them when somebody asks. It is
// decent code: PKCE, a state bound to the browser, one refresh at a time for each user. The README beside it says which
// two lines lose grants, and ./run demo crash shows it.
using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Npgsql;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
var settings = builder.Configuration;
builder.Services.AddHttpClient("provider", http => http.BaseAddress = new Uri(settings["PROVIDER_URL"]!));
var app = builder.Build();
await using var database = NpgsqlDataSource.Create(settings["DATABASE"]!);
await using (var create = database.CreateCommand("CREATE TABLE IF NOT EXISTS tokens (user_id text PRIMARY KEY, access_token text, refresh_token text, expires_at timestamptz)"))
    await create.ExecuteNonQueryAsync();
var http = app.Services.GetRequiredService<IHttpClientFactory>();
var flows = new ConcurrentDictionary<string, (string User, string Verifier)>();
var locks = new ConcurrentDictionary<string, SemaphoreSlim>();

app.MapGet("/", () => "ready");

app.MapGet("/connect/{user}", (HttpContext context, string user, string? login_hint) =>
{
    var (state, verifier) = (NewSecret(), NewSecret());
    flows[state] = (user, verifier);
    context.Response.Cookies.Append("flow", state, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax });
    return Results.Redirect(QueryHelpers.AddQueryString(settings["PROVIDER_URL"] + "/authorize", new Dictionary<string, string?>
    {
        ["response_type"] = "code", ["client_id"] = settings["CLIENT_ID"], ["redirect_uri"] = settings["REDIRECT_URI"], ["scope"] = "openid offline_access calendar.readonly",
        ["state"] = state, ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))), ["code_challenge_method"] = "S256",
        ["login_hint"] = login_hint,
    }.Where(parameter => parameter.Value is not null)));
});

app.MapGet("/callback", async (HttpContext context, string code, string state) =>
{
    if (context.Request.Cookies["flow"] != state || !flows.TryRemove(state, out var flow))
        return Results.BadRequest("Start again.");
    var tokens = await Ask(new() { ["grant_type"] = "authorization_code", ["code"] = code, ["redirect_uri"] = settings["REDIRECT_URI"]!, ["code_verifier"] = flow.Verifier });
    if (tokens is null)
        return Results.BadRequest("The provider refused. Start again.");
    await Save(flow.User, tokens);
    return Results.Text("Connected.");
});

app.MapGet("/token/{user}", async (string user) =>
{
    var mine = locks.GetOrAdd(user, _ => new SemaphoreSlim(1));
    await mine.WaitAsync(); // keeps this process from refreshing twice, and no other process
    try
    {
        if (await Load(user) is not { } saved)
            return Results.NotFound();
        if (!saved.IsOld)
            return Results.Text(saved.AccessToken);
        if (await Ask(new() { ["grant_type"] = "refresh_token", ["refresh_token"] = saved.RefreshToken }) is not { } tokens) // (1) a second node sends the same token
            return Results.Conflict("The provider refused. The user has to connect again.");
        await Save(user, tokens); // (2) until this line has run, the only working refresh token is a variable
        return Results.Text(tokens.access_token);
    }
    finally
    {
        mine.Release();
    }
});

await app.RunAsync();

async Task<Tokens?> Ask(Dictionary<string, string> form)
{
    form["client_id"] = settings["CLIENT_ID"]!;
    form["client_secret"] = settings["CLIENT_SECRET"]!;
    using var answer = await http.CreateClient("provider").PostAsync("/token", new FormUrlEncodedContent(form));
    return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<Tokens>() : null;
}

async Task<(string AccessToken, string RefreshToken, bool IsOld)?> Load(string user)
{
    await using var query = database.CreateCommand("SELECT access_token, refresh_token, expires_at < now() + interval '1 minute' FROM tokens WHERE user_id = $1");
    query.Parameters.Add(new() { Value = user });
    await using var row = await query.ExecuteReaderAsync();
    return await row.ReadAsync() ? (row.GetString(0), row.GetString(1), row.GetBoolean(2)) : null;
}

async Task Save(string user, Tokens tokens)
{
    await using var upsert = database.CreateCommand("""
        INSERT INTO tokens VALUES ($1, $2, $3, now() + make_interval(secs => $4))
        ON CONFLICT (user_id) DO UPDATE SET access_token = $2, refresh_token = $3, expires_at = now() + make_interval(secs => $4)
        """);
    foreach (var value in (object[])[user, tokens.access_token, tokens.refresh_token, (double)tokens.expires_in])
        upsert.Parameters.Add(new() { Value = value });
    await upsert.ExecuteNonQueryAsync();
}

static string NewSecret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

internal sealed record Tokens(string access_token, string refresh_token, int expires_in);
