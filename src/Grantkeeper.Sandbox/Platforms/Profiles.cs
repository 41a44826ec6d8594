using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>
/// How eight authorization servers behave that the platforms use (Google's serves YouTube and Search Console too). Each
/// line rests on the platform's documentation; what nobody documents is as strict here as it may be there.
/// </summary>
internal static class Profiles
{
    private const string GoogleScope = "https://www.googleapis.com/auth/";
    private const string GraphScope = "https://graph.microsoft.com/";
    private const string Tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    private static readonly ScopeDescription OpenId = new("openid", "Know who you are", "A stable identifier of this account.");
    private static readonly ScopeDescription ProfileScope = new("profile", "See your name and picture", "What other people see as well.");
    private static readonly ScopeDescription Email = new("email", "See your e-mail address", "The address of this account.");

    /// <summary>
    /// A refresh token only with access_type=offline and a shown consent, until it is unused for six months, is one of more than
    /// a hundred, or is a week old and the application in its testing phase; scopes can be left out one by one; a revocation
    /// ends everything of the person; identity scopes come back by their long names; the callback carries more than asked.
    /// </summary>
    public static Profile Google { get; } = new("google", "Google")
    {
        Scopes =
        [
            OpenId, ProfileScope, Email,
            new(GoogleScope + "calendar.readonly", "See your calendars", "Calendars and their events."),
            new(GoogleScope + "calendar.events", "Change your events", "Add, move and delete events."),
            new(GoogleScope + "drive.file", "See chosen files", "Files that you open with the application."),
            new(GoogleScope + "drive.readonly", "See your files", "All files in Drive."),
            new(GoogleScope + "gmail.readonly", "Read your mail", "Messages and settings."),
            new(GoogleScope + "gmail.send", "Send mail", "In your name."),
            new(GoogleScope + "webmasters.readonly", "See search figures", "Sites in Search Console."),
            new(GoogleScope + "webmasters", "Manage sites", "Sites and sitemaps in Search Console."),
            new(GoogleScope + "youtube.readonly", "See your channel", "Videos, playlists and figures."),
            new(GoogleScope + "youtube.upload", "Upload videos", "To your channel."),
            new(GoogleScope + "youtube", "Manage your channel", "Everything on it."),
            new(GoogleScope + "youtube.force-ssl", "Comments and captions", "Read and change them."),
            new(GoogleScope + "yt-analytics.readonly", "See figures of your channel", "Views and watch time."),
        ],
        ClientMethods = [ClientAuthenticationMethods.Post, ClientAuthenticationMethods.Basic],
        Renewal = Renewal.Stable,
        RefreshIdle = TimeSpan.FromDays(180),
        TestingLife = scopes => scopes.All(scope => scope is "openid" or "email" or "profile") ? null : TimeSpan.FromDays(7),
        MostRefreshTokens = 100,
        GivesRefreshToken = (form, _) => form["access_type"] == "offline" && ScopeList.Split(form["prompt"]).Contains("consent"),
        ObjectionTo = form => form["access_type"] is null or "online" or "offline" ? null : "access_type must be online or offline.",
        Echo = scopes => ScopeList.Join(scopes.Select(scope => scope is "email" or "profile" ? $"{GoogleScope}userinfo.{scope}" : scope)),
        SendsIss = true,
        IdTokenIssuer = _ => "/google",
        CallbackExtras = _ => new Dictionary<string, string> { ["authuser"] = "0", ["prompt"] = "consent" },
        RevokesAll = true,
    };

    /// <summary>A refresh brings a new refresh token and the old one stays good; scopes come back with the resource before them, offline_access not at all.</summary>
    public static Profile Microsoft { get; } = new("microsoft", "Microsoft")
    {
        Scopes =
        [
            OpenId, ProfileScope, Email,
            new("offline_access", "Stay connected while you are away", "Access is renewed without asking again."),
            new("User.Read", "See your profile", "Name, address and job title."),
            new("Calendars.Read", "See your calendars", "Calendars and their events."),
            new("Calendars.ReadWrite", "Change your calendars", "Add, move and delete events."),
            new("Mail.Read", "Read your mail", "Messages in all folders."),
            new("Mail.Send", "Send mail", "In your name."),
            new("Files.Read", "See your files", "Files in OneDrive."),
        ],
        ClientMethods = [ClientAuthenticationMethods.Post, ClientAuthenticationMethods.Basic],
        Renewal = Renewal.RotatesAndKeeps,
        RefreshIdle = TimeSpan.FromDays(90),
        GivesRefreshToken = (_, scopes) => scopes.Contains("offline_access"),
        Echo = scopes => ScopeList.Join(scopes.Where(scope => scope != "offline_access").Select(scope => scope.Contains('.') ? GraphScope + scope : scope)),
        IdTokenIssuer = _ => $"/microsoft/{Tenant}/v2.0",
        Claims = person => new JsonObject { ["tid"] = Tenant, ["oid"] = ObjectId(person), ["preferred_username"] = person.Email, ["ver"] = "2.0" },
        CallbackExtras = _ => new Dictionary<string, string> { ["session_state"] = "3b7c9d5e" },
    };

    /// <summary>JSON and Basic, nothing else; owner=user; no scopes, no lifetime; the answer names workspace and bot; a new pair at each refresh.</summary>
    public static Profile Notion { get; } = new("notion", "Notion")
    {
        AcceptsPkce = false,
        TakesJson = true,
        ClientMethods = [ClientAuthenticationMethods.Basic],
        ObjectionTo = form => form["owner"] == "user" ? null : "owner must be user.",
        Echo = _ => null,
        TellsLifetime = false,
        Shape = (body, _, person) =>
        {
            body["token_type"] = "bearer";
            body["bot_id"] = $"b3414d65-9122-4512-a6ff-{Hex(person)}";
            body["workspace_id"] = $"0f7c2a1e-5b1d-4d67-9c2f-{Hex(person)}";
            body["workspace_name"] = $"{person.Name.Split(' ')[0]}'s Notion";
            body["workspace_icon"] = null;
            body["duplicated_template_id"] = null;
            body["request_id"] = Opaque.New("")[..12];
            body["owner"] = new JsonObject
            {
                ["type"] = "user",
                ["user"] = new JsonObject { ["object"] = "user", ["id"] = ObjectId(person), ["name"] = person.Name, ["avatar_url"] = null, ["type"] = "person", ["person"] = new JsonObject { ["email"] = person.Email } },
            };
        },
    };

    /// <summary>Codes live five minutes; refreshes go to another address than the one in the text of the documentation.</summary>
    public static Profile Bing { get; } = new("bing", "Bing Webmaster Tools")
    {
        Scopes = [new("webmaster.read", "See your sites", "Sites and their search figures."), new("webmaster.manage", "Manage your sites", "Submit pages and sitemaps.")],
        AcceptsPkce = false,
        ClientMethods = [ClientAuthenticationMethods.Post],
        Renewal = Renewal.Rotates,
        CodeLifetime = TimeSpan.FromMinutes(5),
    };

    /// <summary>The classic server: no refresh token, no lifetime; the answer names the blog.</summary>
    public static Profile WordPress { get; } = new("wordpress", "WordPress.com")
    {
        Scopes =
        [
            new("auth", "Know who you are", "Your profile."), new("sites", "See your sites", "Names and addresses."), new("stats", "See figures", "Visits of a site."),
            new("posts", "Read and write posts", "On a site."), new("media", "Read and upload media", "On a site."), new("taxonomy", "Categories and tags", "On a site."),
            new("comments", "Moderate comments", "On a site."), new("global", "Everything", "On all of your sites."),
        ],
        AcceptsPkce = false,
        SplitsAtCommas = true,
        ClientMethods = [ClientAuthenticationMethods.Post],
        GivesRefreshToken = (_, _) => false,
        Echo = scopes => scopes.Contains("global") ? "global" : null,
        TellsLifetime = false,
        Shape = (body, issued, person) =>
        {
            body["token_type"] = "bearer";
            var isGlobal = issued.AccessToken.Scopes.Contains("global");
            body["blog_id"] = isGlobal ? JsonValue.Create(0) : JsonValue.Create(PlatformData.BlogOf(person));
            body["blog_url"] = isGlobal ? null : $"https://{person.Subject}.wordpress.com";
        },
    };

    /// <summary>The second server: PKCE is required, tokens are refreshed and revoked.</summary>
    public static Profile WordPressOAuth21 { get; } = new("wordpress_oauth21", "WordPress.com")
    {
        Scopes = [OpenId, ProfileScope, Email, new("sites", "See your sites", "Names and addresses."), new("stats", "See figures", "Visits of a site."), new("posts", "Read and write posts", "On a site.")],
        RequiresPkce = true,
        ClientMethods = [ClientAuthenticationMethods.Basic, ClientAuthenticationMethods.Post],
        IdTokenIssuer = _ => "/wordpress_oauth21",
        Echo = ScopeList.Join,
    };

    /// <summary>Wix as apps know it that were made long ago: parameters of its own, JSON, and nothing but two tokens in the answer.</summary>
    public static Profile WixOAuthLegacy { get; } = new("wix_oauth_legacy", "Wix")
    {
        AcceptsPkce = false,
        TakesJson = true,
        ClientMethods = [ClientAuthenticationMethods.Post],
        Renewal = Renewal.StableAndNamed,
        Names = new Dictionary<string, string> { ["client_id"] = "appId", ["redirect_uri"] = "redirectUrl", ["response_type"] = "" },
        CallbackExtras = person => new Dictionary<string, string> { ["instanceId"] = WixSite.InstanceOf(person) },
        Echo = _ => null,
        TellsLifetime = false,
        Shape = (body, _, _) => body.Remove("token_type"),
    };

    /// <summary>The ones that hand out codes.</summary>
    public static IReadOnlyList<Profile> All { get; } = [Google, Microsoft, Notion, Bing, WordPress, WordPressOAuth21, WixOAuthLegacy];

    /// <summary>A person's id in the form of a GUID.</summary>
    public static string ObjectId(Person person) => $"87d349ed-44d7-43e1-9a83-{Hex(person)}";

    private static string Hex(Person person) => Convert.ToHexStringLower(System.Text.Encoding.ASCII.GetBytes(person.Subject.PadRight(6)[..6]));
}
