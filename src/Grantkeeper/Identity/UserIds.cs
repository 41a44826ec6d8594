using Grantkeeper.Errors;

namespace Grantkeeper.Identity;

/// <summary>What a <c>user_id</c> may look like. It is the product's own name of a user or team and means nothing here.</summary>
internal static class UserIds
{
    private const int Longest = 255;

    /// <summary>
    /// Opaque, 1 to 255 characters, no control characters, no blanks around; ~ is reserved for owners that are no users.
    /// Failures: <c>identity.user_required</c> without one, <c>identity.user_invalid</c>.
    /// </summary>
    public static Result<string> Parse(string? userId)
    {
        if (userId is null)
            return new Failure(ErrorCatalogue.Identity.UserRequired);
        return userId.Length is > 0 and <= Longest && userId[0] != '~' && !userId.Any(char.IsControl) && userId.Trim().Length == userId.Length
            ? userId
            : new Failure(ErrorCatalogue.Identity.UserInvalid);
    }
}
