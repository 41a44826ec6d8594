using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Identity;
using Grantkeeper.Providers;

namespace Grantkeeper.Connect;

/// <summary>
/// What a caller may ask of a start: a connect session what its back end made it for and nothing that weakens it, a user's
/// token nothing that only a back end can vouch for.
/// </summary>
internal static class SessionStarts
{
    /// <summary>Why a start is refused; null when it is not. Failures: <c>identity.session_not_allowed</c>, <c>identity.key_required</c>.</summary>
    public static Failure? Refusal(Caller caller, InitiateRequest body, ProviderCatalogue catalogue)
    {
        if (caller.Session is not { } session)
            return caller.Vouches || (body.Confirm != false && body.Actor is null) ? null : new Failure(ErrorCatalogue.Identity.KeyRequired, "confirm and actor are for back ends.");
        if (catalogue.Find(body.Provider!) is { } provider && !session.Offers(provider.Key))
            return Refused("This connect session does not offer that provider.");
        if (body.Confirm == false && session.Confirm)
            return Refused("Whether a connection waits for its confirmation was decided when the session was made.");
        if (body.IntegrationId is { } id && session.IntegrationId is { } only && id != only)
            return Refused("This connect session is for another integration.");
        if (body.OpenerOrigin is { } origin && session.OpenerOrigin is { } bound && origin != bound)
            return Refused("This connect session belongs to a page of another origin.");
        // The back end decides whose name stands in the audit log, and whether an account may take another's place.
        return body.Actor is not null || body.ReplaceAccount == true || body.RedirectUri is not null
            ? Refused("A connect session does not choose actor, replace_account or redirect_uri.")
            : null;
    }

    private static Failure Refused(string why) => new(ErrorCatalogue.Identity.SessionNotAllowed, why);
}
