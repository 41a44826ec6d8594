using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.OAuth;
using Grantkeeper.Sandbox.Platforms;

namespace Grantkeeper.Sandbox.Interactions;

/// <summary>
/// The judgement on an authorization request. Without a target the refusal must be shown on a page here: an answer is
/// never sent to an address that the client did not register.
/// </summary>
internal sealed record AuthorizationReading(AuthorizationRequest? Request, OAuthRefusal? Refusal, CallbackTarget? Target)
{
    private static readonly string[] Prompts = ["none", "login", "consent", "select_account"];

    /// <summary>Reads and checks the parameters.</summary>
    public static AuthorizationReading Read(RequestForm form, ClientRegistrations clients, Profile profile)
    {
        form = form.Renamed(profile.Names);

        // 1. Who asks, and where the answer goes.
        if (form.Refusal is { } unreadable) return new(null, unreadable, null);
        if (clients.Find(form["client_id"]) is not { } client)
            return new(null, OAuthRefusal.InvalidClient("No application with this client_id is registered here."), null);
        if (form["redirect_uri"] is not { } uri || !client.RedirectUris.Contains(uri))
            return new(null, OAuthRefusal.InvalidRequest("The redirect_uri is not registered for this application, letter by letter."), null);
        var target = new CallbackTarget(uri, form["state"], form["response_mode"] == "form_post");

        // 2. What is asked.
        var scopes = profile.ScopesOf(form["scope"]);
        var prompt = ScopeList.Split(form["prompt"]);
        return Judge(form, scopes, prompt, profile) is { } refusal
            ? new(null, refusal, target)
            : new(new(client, target, scopes, form["code_challenge"], form["nonce"], prompt, form["login_hint"], profile.GivesRefreshToken(form, scopes)), null, target);
    }

    private static OAuthRefusal? Judge(
        RequestForm form, IReadOnlyList<string> scopes, IReadOnlyList<string> prompt, Profile profile)
    {
        if (form["request"] is not null) return new("request_not_supported", "Request objects are not supported.");
        if (form["request_uri"] is not null) return new("request_uri_not_supported", "Request objects are not supported.");
        if ((profile.Names.ContainsKey("response_type") ? "code" : form["response_type"]) is not { } type) return OAuthRefusal.InvalidRequest("response_type is missing.");
        if (type != "code") return new("unsupported_response_type", "Only response_type=code is supported.");
        if (form["response_mode"] is not (null or "query" or "form_post"))
            return OAuthRefusal.InvalidRequest("response_mode must be query or form_post.");
        if (!profile.AcceptsPkce && form["code_challenge"] is not null)
            return OAuthRefusal.InvalidRequest("code_challenge is not a parameter of this platform.");
        if ((profile.RequiresPkce || form["code_challenge"] is not null) && (form["code_challenge_method"] != "S256" || !Pkce.IsChallenge(form["code_challenge"])))
            return OAuthRefusal.InvalidRequest("PKCE is required: code_challenge with code_challenge_method=S256.");
        if (profile.ObjectionTo(form) is { } objection) return OAuthRefusal.InvalidRequest(objection);
        if (profile.Scopes.Count == 0 && form["scope"] is not null) return OAuthRefusal.InvalidScope("This platform knows no scopes.");
        if (profile.Scopes.Count > 0 && scopes.Count == 0) return OAuthRefusal.InvalidScope("scope is missing.");
        if (scopes.FirstOrDefault(scope => profile.Scopes.All(known => known.Name != scope)) is { } unknown)
            return OAuthRefusal.InvalidScope($"The scope {Printable(unknown)} does not exist here.");
        if (prompt.Any(word => !Prompts.Contains(word)) || (prompt.Contains("none") && prompt.Count > 1))
            return OAuthRefusal.InvalidRequest("prompt must be none alone, or any of login, consent and select_account.");
        return null;
    }

    private static string Printable(string scope) =>
        new([.. scope.Take(40).Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-' or '/' or ':' ? letter : '?')]);
}
