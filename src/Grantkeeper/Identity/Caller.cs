using Grantkeeper.Errors;

namespace Grantkeeper.Identity;

/// <summary>Who makes a request: an API key of a back end, or an operator on the pages.</summary>
/// <param name="Id">Names the caller in the audit log, for example <c>key:0198…</c>.</param>
/// <param name="Permissions">What it may do.</param>
internal sealed record Caller(string Id, IReadOnlySet<string> Permissions)
{
    private const int LongestUserId = 255;

    public bool May(string permission) => Permissions.Contains(permission);

    public bool IsAdministrator => May(Identity.Permissions.Admin);

    /// <summary>
    /// The user that a request is about. A key acts for many users, so it must name one.
    /// Failures: <c>identity.user_required</c>, <c>identity.user_invalid</c>.
    /// </summary>
    public static Result<string> UserOf(string? userId)
    {
        if (userId is null)
            return new Failure(ErrorCatalogue.Identity.UserRequired);
        return IsUsable(userId) ? userId : new Failure(ErrorCatalogue.Identity.UserInvalid);
    }

    /// <summary>Opaque, 1 to 255 characters, no control characters; ~ is reserved for owners that are no users.</summary>
    private static bool IsUsable(string userId) =>
        userId.Length is > 0 and <= LongestUserId && userId[0] != '~' && !userId.Any(char.IsControl) && userId.Trim().Length == userId.Length;
}
