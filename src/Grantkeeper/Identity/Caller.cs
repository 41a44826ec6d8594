using Grantkeeper.Errors;

namespace Grantkeeper.Identity;

/// <summary>
/// Who makes a request: an API key of a back end, an operator on the pages, a user with a token, or the browser of one user.
/// A key acts for many users and names one in each request; a caller with a <see cref="User"/> acts for that one only, unless
/// it is an administrator.
/// </summary>
/// <param name="Id">Names the caller and its kind in the audit log, for example <c>key:0198…</c>, <c>session:0198…</c> or <c>user:42</c>.</param>
/// <param name="Permissions">What it may do.</param>
internal sealed record Caller(string Id, IReadOnlySet<string> Permissions)
{
    /// <summary>The one user that this caller acts for; null when it acts for whomever a request names.</summary>
    public string? User { get; init; }

    /// <summary>The person or agent who acts for <see cref="User"/>, if a back end named one when it made the session, or the token does.</summary>
    public string? Actor { get; init; }

    /// <summary>False when the operator asks for a second factor and the user's token tells of none.</summary>
    public bool HasSecondFactor { get; init; } = true;

    /// <summary>The roles of a user who calls with a token, or the one for which a session was made; null for callers whom no role limits.</summary>
    public IReadOnlyList<string>? Roles { get; init; }

    /// <summary>What a connect session restricts further; null for every other caller.</summary>
    public SessionLimits? Session { get; init; }

    public bool May(string permission) => Permissions.Contains(permission);

    public bool IsAdministrator => May(Identity.Permissions.Admin);

    /// <summary>
    /// Whether it may vouch for a user without that user's own browser or ticket, and name who acts. Back ends may; a user's
    /// own word says only that the user is who signed in.
    /// </summary>
    public bool Vouches => User is null;

    /// <summary>
    /// The user that a request is about: the caller's own, or the one that it names. Failures: <c>identity.user_required</c>,
    /// <c>identity.user_invalid</c>, <c>identity.user_foreign</c> when a user's caller names somebody else (403).
    /// </summary>
    public Result<string> UserOf(string? asked)
    {
        if (User is not null && (asked is null || asked == User))
            return User;
        return ReachesOthers ? UserIds.Parse(asked) : new Failure(ErrorCatalogue.Identity.UserForeign);
    }

    /// <summary>Like <see cref="UserOf"/> for operations that name an id: null means that any user's row may be meant, which a key and an administrator may ask.</summary>
    public Result<string?> UserOrAny(string? asked)
    {
        if (asked is null && ReachesOthers)
            return (string?)null;
        return UserOf(asked).TryGet(out var user, out var failure) ? user : failure;
    }

    /// <summary>
    /// Like <see cref="UserOf"/> for lists and counts: null means everybody's, which administrators alone may ask. Failure for
    /// others: <c>identity.user_required</c>.
    /// </summary>
    public Result<string?> UserOrAdministrator(string? asked) =>
        UserOrAny(asked).TryGet(out var user, out var failure) ? user is null && !IsAdministrator ? new Failure(ErrorCatalogue.Identity.UserRequired) : user : failure;

    private bool ReachesOthers => User is null || (Session is null && IsAdministrator);

    /// <summary>Whether a connect session offers a provider; every other caller reaches all of them.</summary>
    public bool Reaches(string provider) => Session is null || Session.Offers(provider);
}

/// <summary>What a connect session was made for.</summary>
/// <param name="SessionId">The session's id.</param>
/// <param name="Offered">The keys of the providers that it offers; empty means all of them.</param>
/// <param name="Confirm">Whether its connections wait for a confirmation with the ticket that comes back with the browser.</param>
/// <param name="OpenerOrigin">The one origin whose page may open popups; null when the session names none.</param>
/// <param name="IntegrationId">The integration that it may connect again, and no other; null when it is for new accounts too.</param>
internal sealed record SessionLimits(Guid SessionId, IReadOnlyList<string> Offered, bool Confirm, string? OpenerOrigin, Guid? IntegrationId)
{
    /// <summary>The keys of the features that its connections ask for, when a request names nothing itself.</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    public bool Offers(string provider) => Offered.Count == 0 || Offered.Contains(provider, StringComparer.Ordinal);
}
