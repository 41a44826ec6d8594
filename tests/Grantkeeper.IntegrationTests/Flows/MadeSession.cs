using System.Text.RegularExpressions;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>A connect session as its back end got it, and the steps of a browser on its hosted page.</summary>
internal sealed partial record MadeSession(FlowWorld World, Guid Id, string User, string Token, string ConnectUrl)
{
    public string Ticket => ConnectUrl.Split('/')[^1];

    public static async Task<MadeSession> Make(FlowWorld world, string user, object? more = null)
    {
        var body = new Dictionary<string, object?> { ["user_id"] = user };
        foreach (var property in more?.GetType().GetProperties() ?? [])
            body[property.Name] = property.GetValue(more);
        var made = await world.Host.Post("/api/v1/oauth/connect-sessions", body);
        made.Status.ShouldBe(System.Net.HttpStatusCode.OK, made.Body);
        return new MadeSession(world, Guid.Parse((string)made.Json["id"]!), user, (string)made.Json["token"]!, (string)made.Json["connect_url"]!);
    }

    /// <summary>Opens the link and presses its button.</summary>
    public async Task<FlowReply> Redeem(FlowBrowser browser)
    {
        var page = await browser.Open(ConnectUrl);
        return await browser.Post(ConnectUrl, ("__RequestVerificationToken", FormToken(page)));
    }

    /// <summary>Presses a button of the hosted page and follows it to the first address that begins as given.</summary>
    public async Task<Uri> Connect(FlowBrowser browser, string until, string provider = "sandbox")
    {
        var page = await browser.Open($"{World.Host.Origin}/connect");
        page.Status.ShouldBe(System.Net.HttpStatusCode.OK, page.Body);
        var started = await browser.Post($"{World.Host.Origin}/connect/start", ("provider", provider), ("__RequestVerificationToken", FormToken(page)));
        started.Status.ShouldBe(System.Net.HttpStatusCode.SeeOther, started.Body);
        // The person who chooses and agrees at the provider.
        var asked = await browser.Open(started.Location!);
        return await browser.FollowUntil(asked.Location!.AbsoluteUri + "&login_hint=alice%2Bauto", until);
    }

    public Task<FlowReply> Get(string path) => World.Host.Get(path, Token);

    public Task<FlowReply> Post(string path, object? body = null) => World.Host.Post(path, body, Token);

    public static string FormToken(FlowReply page) => HiddenToken().Match(page.Body).Groups[1].Value;

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex HiddenToken();
}
