#pragma warning disable CA1034 // The catalogue reads as Catalogue.Slice.Code.
namespace Grantkeeper.Errors;

public static partial class ErrorCatalogue
{
    /// <summary>What we can connect to.</summary>
    public static class Providers
    {
        /// <summary>No such provider.</summary>
        public static readonly ErrorCode Unknown = new("providers.unknown", 404, "Unsupported platform",
            "No provider has this key.",
            "GET /oauth/providers lists the keys; a new provider is one YAML file in GRANTKEEPER_PROVIDERS_PATH.");

        /// <summary>No client registration.</summary>
        public static readonly ErrorCode NotConfigured = new("providers.not_configured", 503, "Provider not configured",
            "The provider has no client registration yet: its client id, client secret or a variable is missing.",
            "Register an OAuth client in the provider's console and enter it on the providers page, or set {KEY}_CLIENT_ID and {KEY}_CLIENT_SECRET.");

        /// <summary>The provider refuses our client.</summary>
        public static readonly ErrorCode ClientRejected = new("providers.client_rejected", 503, "Client registration refused",
            "The provider does not accept our client id or secret. Users' grants are kept; nobody has to connect again.",
            "Check client id and secret, on the providers page or in {KEY}_CLIENT_ID and {KEY}_CLIENT_SECRET, against the provider's console; secrets expire at some providers.");

        /// <summary>The environment's registration wins.</summary>
        public static readonly ErrorCode ClientFromEnvironment = new("providers.client_from_environment", 409, "Client registration set by the environment",
            "This provider's client id or secret is set by the environment, which wins over what is stored.",
            "Change {KEY}_CLIENT_ID and {KEY}_CLIENT_SECRET there and start again, or remove both and store the registration here.");

        /// <summary>Nothing to forget.</summary>
        public static readonly ErrorCode ClientNotStored = new("providers.client_not_stored", 404, "No stored client registration",
            "No client registration is stored for this provider.",
            "GET /api/v1/oauth/admin/clients/{provider} says where a registration comes from.");

        /// <summary>The API changes what came over the API.</summary>
        public static readonly ErrorCode NotYours = new("providers.not_yours", 409, "Provider is not changed here",
            "This provider comes from a file on the machine or with Grantkeeper. The API adds providers and changes those that it added; it could otherwise lead another provider's client secret and tokens to an address of its choice.",
            "Change the file in GRANTKEEPER_PROVIDERS_PATH, set Grantkeeper__Providers__{key}__{member}, or add a provider of another key that extends this one.");

        /// <summary>It has grants.</summary>
        public static readonly ErrorCode InUse = new("providers.in_use", 409, "Provider is in use",
            "Somebody has a grant at this provider. Its addresses cannot change, and it cannot be removed, since its tokens would go to another address or to none.",
            "Disconnect its integrations first, or add the new addresses as a provider of another key.");

        /// <summary>Nothing to remove.</summary>
        public static readonly ErrorCode NotStored = new("providers.not_stored", 404, "No stored provider",
            "No provider of this key was added over the API.",
            "GET /api/v1/oauth/admin/providers says where each provider comes from.");

        /// <summary>There is no account endpoint to call.</summary>
        public static readonly ErrorCode NoAccountEndpoint = new("providers.no_account_endpoint", 409, "No account endpoint",
            "The provider's manifest and metadata name no endpoint that describes the account, so there is nothing to try a token at.",
            "Add userinfo_endpoint to the provider's manifest, or call an API of the provider with a token from GET /oauth/{provider}/token.");

        /// <summary>The provider's API gave no answer.</summary>
        public static readonly ErrorCode ApiUnreachable = new("providers.api_unreachable", 503, "The provider's API did not answer",
            "The provider's API could not be reached, did not answer in time, or broke the connection off.",
            "Try again in a moment; the provider's status page may say more.", Retryable: true);

        /// <summary>The API's answer makes no sense.</summary>
        public static readonly ErrorCode ApiUnreadable = new("providers.api_unreadable", 502, "The provider's API answered with something else",
            "The provider's API answered with a status or a body that its documentation does not describe.",
            "Compare resources in the provider's manifest with the provider's documentation, and look at the provider's status page.");

        /// <summary>Nobody has said what an account opens.</summary>
        public static readonly ErrorCode ResourcesUnsupported = new("providers.resources_unsupported", 409, "No resources to list",
            "The provider's manifest describes no listing of what an account opens.",
            "Add resources to the provider's manifest, or call the provider's API with a token from GET /oauth/{provider}/token.");

        /// <summary>The provider tells nothing by itself.</summary>
        public static readonly ErrorCode EventsUnsupported = new("providers.events_unsupported", 404, "No events from this provider",
            "The provider's manifest does not say how the provider signs what it tells by itself, so nothing is taken in its name.",
            "Add events to the provider's manifest if the provider offers signed webhooks; without them a withdrawn grant shows at its next refresh.");

        /// <summary>No key to verify with.</summary>
        public static readonly ErrorCode EventsNotConfigured = new("providers.events_not_configured", 503, "Events not configured",
            "The public key with which the provider's events are verified is not configured, or the provider itself is not.",
            "Set {KEY}_WEBHOOK_PUBLIC_KEY to the public key in the provider's dashboard.");

        /// <summary>Not from the provider.</summary>
        public static readonly ErrorCode EventUnverified = new("providers.event_unverified", 401, "Event not verified",
            "The body is no token that the provider signed for this app, or it is too old or from the future. Nothing was changed.",
            "Compare {KEY}_WEBHOOK_PUBLIC_KEY with the provider's dashboard, and this server's clock with the time; the log names the broken rule.");

        /// <summary>Longer than any event.</summary>
        public static readonly ErrorCode EventTooLarge = new("providers.event_too_large", 413, "Event too large",
            "The body is larger than 64 KiB, which no event is.",
            "Send the token alone, as the provider signed it.");

        /// <summary>A provider's class failed.</summary>
        public static readonly ErrorCode ClassFailed = new("providers.class_failed", 503, "Provider class failed",
            "The application's own class for this provider threw, or answered with something that a request may not carry. Users' grants are kept.",
            "The log names the class and the exception's type (event 1404); repair the class, and test it against the sandbox.");

        /// <summary>The metadata document is not usable.</summary>
        public static readonly ErrorCode DiscoveryFailed = new("providers.discovery_failed", 503, "Provider metadata not readable",
            "The provider's discovery document or its keys could not be fetched, or its issuer is not the configured one.",
            "Open {issuer}/.well-known/openid-configuration; its issuer member must equal the configured issuer letter by letter.", Retryable: true);
    }

    /// <summary>Where people may be sent.</summary>
    public static class RedirectUris
    {
        /// <summary>No redirect URI.</summary>
        public static readonly ErrorCode NotConfigured = new("redirect_uris.not_configured", 503, "Redirect URI not configured",
            "No redirect URI is set for this provider, and none can be derived because GRANTKEEPER_PUBLIC_URL is not set.",
            "Set {KEY}_REDIRECT_URI, or set GRANTKEEPER_PUBLIC_URL so that it becomes {public url}/oauth/{key}/callback.");

        /// <summary>The redirect URI is not ours.</summary>
        public static readonly ErrorCode NotAllowed = new("redirect_uris.not_allowed", 400, "Redirect URI not allowed",
            "The redirect URI is not the one that is configured for this provider.",
            "Leave redirect_uri out, or send exactly the configured value.");

        /// <summary>Origin or environment do not fit.</summary>
        public static readonly ErrorCode EnvironmentMismatch = new("redirect_uris.environment_mismatch", 503, "Redirect URI does not fit the environment",
            "The redirect URI's origin is neither FRONTEND_URL nor GRANTKEEPER_PUBLIC_URL, or its host belongs to another environment than DEPLOY_ENV, or it is not https.",
            "Make {KEY}_REDIRECT_URI, FRONTEND_URL and DEPLOY_ENV agree; outside development use https.");

        /// <summary>return_to leads elsewhere.</summary>
        public static readonly ErrorCode ReturnToNotAllowed = new("redirect_uris.return_to_not_allowed", 400, "return_to not allowed",
            "return_to is neither a path of FRONTEND_URL nor an address whose origin is in Connect:AllowedOrigins.",
            "Send a path with one leading slash, or add the exact origin to Grantkeeper:Connect:AllowedOrigins.");

        /// <summary>opener_origin is not known.</summary>
        public static readonly ErrorCode OpenerNotAllowed = new("redirect_uris.opener_not_allowed", 400, "opener_origin not allowed",
            "opener_origin is neither the origin of FRONTEND_URL nor one of Connect:AllowedOrigins.",
            "Add the exact origin (scheme, host, port) to Grantkeeper:Connect:AllowedOrigins.");
    }

    /// <summary>From button to stored integration.</summary>
    public static class Connect
    {
        private const string StartAgain = "Start the connection again from the application.";

        /// <summary>No state.</summary>
        public static readonly ErrorCode StateMissing = new("connect.state_missing", 400, "Not a connection in progress",
            "The callback carries no state, so it belongs to no connection that was started here.", StartAgain);

        /// <summary>State that was never issued.</summary>
        public static readonly ErrorCode StateUnknown = new("connect.state_unknown", 400, "Not a connection in progress",
            "The state was not issued by this deployment.", StartAgain);

        /// <summary>State too old.</summary>
        public static readonly ErrorCode StateExpired = new("connect.state_expired", 400, "Connection took too long",
            "More than ten minutes passed between the start and the callback.", StartAgain);

        /// <summary>State used before.</summary>
        public static readonly ErrorCode StateUsed = new("connect.state_used", 400, "Connection was completed before",
            "This state was redeemed before; each works once. A reload of the callback page does this.",
            "Look whether the account is connected already; if not, start again from the application.");

        /// <summary>Another browser.</summary>
        public static readonly ErrorCode BrowserMismatch = new("connect.browser_mismatch", 400, "Another browser",
            "The connection was started in another browser, or cookies are blocked, so the answer is not accepted here.",
            "Start and finish in the same browser with cookies allowed.");

        /// <summary>Wrong callback path.</summary>
        public static readonly ErrorCode ProviderMismatch = new("connect.provider_mismatch", 400, "Answer of another provider",
            "The answer came to the callback address of a provider that this connection was not started with.", StartAgain);

        /// <summary>iss does not match.</summary>
        public static readonly ErrorCode IssuerMismatch = new("connect.issuer_mismatch", 400, "Answer of another issuer",
            "The iss parameter of the callback is missing or does not name the provider that was asked (RFC 9207). The code was not sent anywhere.",
            "Start again; if it happens every time, compare the provider's issuer in its manifest with its discovery document.");

        /// <summary>A parameter came twice or is too long.</summary>
        public static readonly ErrorCode CallbackMalformed = new("connect.callback_malformed", 400, "Unreadable callback",
            "The callback repeats a parameter, or one of its parameters is missing or too long.", StartAgain);

        /// <summary>The user said no.</summary>
        public static readonly ErrorCode AccessDenied = new("connect.access_denied", 409, "Access was not granted",
            "The user, or the user's administrator, declined the request at the provider. Nothing was changed.",
            "Start again when the user wants to grant access.");

        /// <summary>The provider refused the authorization request.</summary>
        public static readonly ErrorCode ProviderRefused = new("connect.provider_refused", 409, "The provider refused the request",
            "The provider answered the authorization request with an error of its own.",
            "Check the client's scopes and settings in the provider's console, then start again.");

        /// <summary>The code was not accepted.</summary>
        public static readonly ErrorCode CodeRejected = new("connect.code_rejected", 409, "Authorization code not accepted",
            "The provider did not accept the authorization code: it was used, expired or issued for another request.", StartAgain);

        /// <summary>A signed instance that is too old.</summary>
        public static readonly ErrorCode InstanceStale = new("connect.instance_stale", 409, "Installation not fresh",
            "The signed instance that came back with the browser was signed too long ago, in the future, or carries no date, so it may be an old callback that somebody found.",
            StartAgain + " If it goes on, compare this server's clock with the time, and see instance_lifetime_seconds in the provider's manifest.");

        /// <summary>The exchange got no usable answer.</summary>
        public static readonly ErrorCode ExchangeFailed = new("connect.exchange_failed", 503, "The provider did not answer",
            "The provider's token endpoint could not be reached, timed out, or answered with an error of its own. A code is sent once only, so this connection cannot be finished.",
            StartAgain);

        /// <summary>The answer is no token response.</summary>
        public static readonly ErrorCode ExchangeUnreadable = new("connect.exchange_unreadable", 502, "Unreadable token response",
            "The provider's token endpoint answered with something that is no token response: HTML, an empty body, a body over 1 MiB, or an access token is missing.",
            "Start again; if it stays, check token_endpoint in the provider's manifest.");

        /// <summary>The id_token does not hold.</summary>
        public static readonly ErrorCode IdTokenInvalid = new("connect.id_token_invalid", 502, "Identity token not accepted",
            "The id_token's signature, issuer, audience, nonce or lifetime is wrong, so whose account it is cannot be known. Nothing was stored.",
            "Start again; if it stays, compare issuer and client id with the provider's settings.");

        /// <summary>Whose account is unknown.</summary>
        public static readonly ErrorCode AccountUnknown = new("connect.account_unknown", 502, "Account could not be read",
            "The provider granted access but did not say whose account it is. Nothing was stored.",
            "Start again; if it stays, check userinfo_endpoint and account in the provider's manifest, and the scopes that it needs.");

        /// <summary>Somebody else came back.</summary>
        public static readonly ErrorCode SubjectMismatch = new("connect.subject_mismatch", 403, "Another user came back",
            "The connection was started for another user than the one who confirms it. The code was destroyed and never sent.",
            "Start again in the session of the user who owns the account.");

        /// <summary>The ticket is not good.</summary>
        public static readonly ErrorCode TicketInvalid = new("connect.ticket_invalid", 403, "Ticket not accepted",
            "The ticket does not belong to this flow, was used, or is no longer good.",
            "Confirm with the ticket that came back with the browser, once and within five minutes, or start again.");

        /// <summary>No such flow.</summary>
        public static readonly ErrorCode FlowUnknown = new("connect.flow_unknown", 404, "No such flow",
            "No flow of this user has this id.",
            "Use the flow_id that the start answered with; flows are forgotten after a day.");

        /// <summary>The link was opened elsewhere first.</summary>
        public static readonly ErrorCode FlowTaken = new("connect.flow_taken", 409, "Link opened in another browser",
            "This link was opened in another browser first and works only there.",
            StartAgain);

        /// <summary>No such connect session.</summary>
        public static readonly ErrorCode SessionUnknown = new("connect.session_unknown", 404, "No such connect session",
            "No connect session has this id.",
            "Use the id that POST /api/v1/oauth/connect-sessions answered with.");

        /// <summary>The address of the connect page was used before or is too old.</summary>
        public static readonly ErrorCode SessionLinkInvalid = new("connect.session_link_invalid", 403, "Link not valid",
            "This link was opened before, is too old, or was never made here. Each works once.",
            "Go back to the application and choose to connect an account again; it makes a new link.");

        /// <summary>The connect page has no session.</summary>
        public static readonly ErrorCode SessionEnded = new("connect.session_ended", 401, "Your session has ended",
            "This page belongs to a session that has ended, or that was opened in another browser.",
            "Go back to the application and choose to connect an account again; what is connected stays connected.");

        /// <summary>The link does not exist or is too old.</summary>
        public static readonly ErrorCode LinkInvalid = new("connect.link_invalid", 404, "Link not valid",
            "This link was never issued here, is older than ten minutes, or its connection is finished.",
            StartAgain);
    }

    /// <summary>Grants.</summary>
    public static class Integrations
    {
        /// <summary>No such integration.</summary>
        public static readonly ErrorCode NotFound = new("integrations.not_found", 404, "No such integration",
            "No integration of this user has this id.",
            "List the user's integrations and use an id from there.");

        /// <summary>The user has no account there.</summary>
        public static readonly ErrorCode NotConnected = new("integrations.not_connected", 404, "No connected account",
            "The user has no connected account at this provider.",
            "Start a connection: GET /oauth/{provider}/auth or POST /api/v1/oauth/initiate.");

        /// <summary>The status allows no such move.</summary>
        public static readonly ErrorCode StatusConflict = new("integrations.status_conflict", 409, "Not possible in this status",
            "The integration's status does not allow the change.",
            "Read the integration; its status and reason say what is possible.");

        /// <summary>No such bulk operation.</summary>
        public static readonly ErrorCode OperationNotFound = new("integrations.operation_not_found", 404, "No such operation",
            "No bulk operation of this user has this id.",
            "Use the id that POST /api/v1/oauth/bulk/… answered with.");

        /// <summary>Another account came back on a reconnect.</summary>
        public static readonly ErrorCode AccountMismatch = new("integrations.account_mismatch", 409, "Another account",
            "The reconnect came back with another account than the one that is connected. The existing grant was kept as it was.",
            "Choose the same account at the provider, or connect the other one as an additional account.");
    }

    /// <summary>Tokens.</summary>
    public static class Tokens
    {
        /// <summary>The user is needed.</summary>
        public static readonly ErrorCode ReauthorizationRequired = new("tokens.reauthorization_required", 409, "The user must connect again",
            "The grant is no longer good and cannot be renewed without its user; reason says why.",
            "Let the user connect the same account again: start a connection or a connect session for that user. An operator, or a user with an open connect session, can do it at reconnect_url. The integration keeps its id.");

        /// <summary>Switched off.</summary>
        public static readonly ErrorCode Inactive = new("tokens.inactive", 409, "Integration switched off",
            "The integration is switched off or not yet usable.",
            "Switch it on again, or connect the account again.");

        /// <summary>The provider does not answer.</summary>
        public static readonly ErrorCode ProviderUnavailable = new("tokens.provider_unavailable", 503, "Provider unavailable",
            "The token has to be renewed, but the provider did not answer in time or asked to wait. The grant is kept.",
            "Repeat the request after Retry-After.", Retryable: true);

        /// <summary>Another node may hold the answer.</summary>
        public static readonly ErrorCode AnswerAwaited = new("tokens.answer_awaited", 503, "Waiting for a node that went away",
            "A node began to renew this grant and went away. It may hold the new tokens, and the old refresh token must not be shown to this provider twice. The grant is kept.",
            "Start that node again with its GRANTKEEPER_DATA_PATH, or wait: after Retry-After the refresh is tried without it.", Retryable: true);

        /// <summary>No room for the only copy of a token.</summary>
        public static readonly ErrorCode SpoolUnavailable = new("tokens.spool_unavailable", 503, "Spool not writable",
            "This node cannot write GRANTKEEPER_DATA_PATH/spool, so it renews no tokens: an answer that waits for the database would have no safe place. Tokens that are still good are served.",
            "Free space on that disk, mend its permissions, and start the node again. Other nodes go on meanwhile.", Retryable: true);

        /// <summary>The provider's answer makes no sense.</summary>
        public static readonly ErrorCode ProviderUnreadable = new("tokens.provider_unreadable", 502, "Unreadable token response",
            "The token has to be renewed, but the provider's answer is no token response. The grant is kept.",
            "Repeat the request later; if it stays, check token_endpoint in the provider's manifest.", Retryable: true);

        /// <summary>Nothing to refresh with.</summary>
        public static readonly ErrorCode RefreshUnsupported = new("tokens.refresh_unsupported", 409, "Nothing to refresh with",
            "The provider gave no refresh token for this grant, so its access token cannot be renewed.",
            "Use the access token while it is good, then let the user connect again. Some providers give a refresh token only for an extra scope such as offline_access.");
    }

    /// <summary>Consents.</summary>
    public static class Consents
    {
        /// <summary>Not all asked scopes are granted (RFC 6750 section 3.1).</summary>
        public static readonly ErrorCode InsufficientScope = new("consents.insufficient_scope", 403, "Permission not granted",
            "The user has not granted every scope that the request asks for; errors lists the missing ones.",
            "Start a connection for the missing scopes; the existing grant stays.");

        /// <summary>The provider has no such scope (RFC 6749 section 3.3).</summary>
        public static readonly ErrorCode ScopeUnknown = new("consents.scope_unknown", 422, "Unknown scope",
            "The request asks for scopes that the provider's catalogue does not hold; errors lists them.",
            "GET /api/v1/oauth/scopes lists what can be asked for. Add a scope to the provider's manifest, or set Grantkeeper__Providers__{key}__scope_listing=partial to accept scopes that are not listed.");

        /// <summary>The operator has defined no such feature.</summary>
        public static readonly ErrorCode FeatureUnknown = new("consents.feature_unknown", 404, "Unknown feature",
            "No feature of the product has this key.",
            "GET /api/v1/oauth/features lists them; they are defined in GRANTKEEPER_FEATURES_PATH and Grantkeeper:Features.");

        /// <summary>There is nothing to unlock.</summary>
        public static readonly ErrorCode FeatureActive = new("consents.feature_active", 409, "Feature is active",
            "The user has granted all that the feature needs.",
            "Use the feature; GET /api/v1/oauth/features/{key} names the integration that unlocks it.");

        /// <summary>The user's role does not reach so far.</summary>
        public static readonly ErrorCode ScopeNotAllowed = new("consents.scope_not_allowed", 403, "Scope not allowed for this role",
            "The user's roles may not ask for some of these scopes; errors lists them.",
            "Ask for fewer scopes, or let Grantkeeper:Scopes:Policy allow them to a role of the user.");
    }

    /// <summary>The step "connect a platform".</summary>
    public static class Onboarding
    {
        /// <summary>No platform is usable.</summary>
        public static readonly ErrorCode PlatformRequired = new("onboarding.platform_required", 409, "No usable platform",
            "At least one platform must be connected, and none of the user's is usable now; errors names those that are connected and what each said.",
            "Let the user connect one of the platforms of Grantkeeper:Onboarding:Platforms, or connect a refused one again, and complete the onboarding then.");

        /// <summary>The application has not everything.</summary>
        public static readonly ErrorCode PrerequisitesMissing = new("onboarding.prerequisites_missing", 409, "Prerequisites missing",
            "The application did not say that it has everything that the onboarding asks for; errors lists what is missing, in order.",
            "Provide what is missing in the application, and send prerequisites with true for each name.");
    }
}
