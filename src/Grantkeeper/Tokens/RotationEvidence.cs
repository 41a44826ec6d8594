namespace Grantkeeper.Tokens;

/// <summary>
/// What a refresh has shown of its provider's habit, kept with the attempt as a closed word. It changes no decision: an
/// operator who sees it may declare another rotation profile.
/// </summary>
internal static class RotationEvidence
{
    /// <summary>A new refresh token came.</summary>
    public const string NewToken = "new_token";

    /// <summary>The refresh token stays as it was.</summary>
    public const string SameToken = "same_token";

    /// <summary>A new one came for a refresh token that had been shown before, in an attempt whose end is not known.</summary>
    public const string NewTokenAgain = "new_token_again";

    /// <summary>The same with a refresh token that stays as it was.</summary>
    public const string SameTokenAgain = "same_token_again";

    public static string Of(bool isNew, bool isAgain) => (isNew, isAgain) switch
    {
        (true, false) => NewToken,
        (false, false) => SameToken,
        (true, true) => NewTokenAgain,
        _ => SameTokenAgain,
    };
}
