using Grantkeeper.Tokens;

namespace Grantkeeper.Monitoring;

/// <summary>One sentence for each row of a timeline.</summary>
internal static class TimelineWords
{
    /// <summary>The sentence.</summary>
    /// <param name="row">The row.</param>
    /// <param name="likelyCause">What may be behind a refusal; null when nothing is known.</param>
    public static string Of(TimelineRow row, string? likelyCause = null) => row.Kind switch
    {
        Timelines.Attempt => likelyCause is null ? OfAttempt(row) : $"{OfAttempt(row)} {likelyCause}",
        Timelines.Consent => OfConsent(row),
        _ => OfAudit(row),
    };

    private static string OfAttempt(TimelineRow row)
    {
        var word = row.Code is null ? "" : $" ({row.Code})";
        return row.Event switch
        {
            "rejected" when row.Code == RefreshedAccount.AnotherAccount => "The refresh brought tokens of another account. They were not stored, and the integration is frozen.",
            "refreshed" => $"Renewed: generation {row.Generation + 1} replaced generation {row.Generation}{Evidence(row.Code)}.",
            "rejected" => $"The provider refused the refresh token{word}.",
            "misconfigured" => $"The provider refused our client or request{word}.",
            "unreadable" => $"The provider's answer could not be read{word}.",
            _ when row.Delivery == "ambiguous" => $"The refresh was sent, and no complete answer came{word}. Whether the provider carried it out is not known.",
            _ => $"The provider did not renew the token for now{word}.",
        };
    }

    private static string Evidence(string? code) => code switch
    {
        RotationEvidence.NewToken => ", with a new refresh token",
        RotationEvidence.SameToken => "; the refresh token stays",
        RotationEvidence.NewTokenAgain => ", with a new refresh token, although the old one may have been used before",
        RotationEvidence.SameTokenAgain => "; the refresh token stays, although it may have been used before",
        _ => "",
    };

    private static string OfConsent(TimelineRow row)
    {
        var missing = row.Asked.Except(row.Granted).Count();
        var granted = missing == 0 ? "The user consented to everything that was asked for." : $"The user consented, but not to {missing} of {row.Asked.Count} scopes.";
        return row.EndedReason switch
        {
            null => granted,
            "superseded" => $"{granted} A later consent took its place.",
            _ => $"{granted} It has ended since.",
        };
    }

    private static string OfAudit(TimelineRow row) => OfAction(row.Event, row.Code, row.Success);

    /// <summary>One sentence for an audit row, whatever it is about.</summary>
    /// <param name="action">The row's action.</param>
    /// <param name="code">Its code.</param>
    /// <param name="success">Whether it ended well.</param>
    public static string OfAction(string action, string? code, bool success) => action switch
    {
        "connect" => "The account was connected.",
        "connect_started" => "A connection was started.",
        "connect_denied" => "The user did not allow access.",
        "connect_failed" => "A connection did not come about.",
        "account_mismatch" => "Another account came back than the one that is connected; it was refused.",
        "subject_mismatch" => "Another person than the one who started tried to finish a connection; it was refused.",
        "connect_session_created" => "A connect page was made for the user.",
        "connect_session_redeemed" => "The user opened the connect page.",
        "connect_session_refused" => "A connect page was used again, or asked for something that it may not; it was refused.",
        "onboarding_completed" => "The user's onboarding is complete: a platform was connected and answered.",
        "user_foreign" => "Somebody asked for another user's accounts with this user's credential; it was refused.",
        "connect_session_ended" => "The connect page was ended.",
        "refresh" => "Renewed.",
        "refresh_failed" => "Renewing failed.",
        "refresh_superseded" => code switch
        {
            "revoking" => "An answer came after the disconnect; its tokens are revoked at the provider.",
            "kept" => "An answer came too late: another one had taken its place. It is kept until that one has been used.",
            _ => "An answer came too late: a newer one had taken its place and has been used.",
        },
        "token_rejected" => "An API of the provider refused the access token, and this was reported.",
        "disconnect" => "The account was disconnected; its tokens were destroyed.",
        "integration_changed" => "Its label, metadata or place as the primary account was changed.",
        "switched_off" => "It was switched off: its grant is kept, and no token is served.",
        "switched_on" => "It was switched on again.",
        "sync" => success ? "It was looked at: the provider honours the grant." : $"It was looked at, and the provider did not answer well{(code is { } why ? $" ({why})" : "")}.",
        "withdrawn" => "The provider said that access was withdrawn there; the tokens were destroyed.",
        "token_removed" => "The access token had ended long ago and nothing renews it; it was removed.",
        "scope_escalated" => code switch
        {
            "refresh" => "A refresh brought scopes that the user had not granted. They were not taken over.",
            "callback" => "The browser came back with more scopes than were asked for. What counts is what the provider grants.",
            _ => "The provider granted more than was asked for. The rest is recorded and used for nothing.",
        },
        "sandbox_expired" => "The access token was made to end, on purpose, in the sandbox.",
        "provider_revocation" => code switch
        {
            Revocations.Confirmed => "The provider confirmed the revocation.",
            Revocations.Pending => "The provider did not answer the revocation; it is sent again.",
            Revocations.Withheld => "The revocation was withheld: it would have ended another connected account too.",
            Revocations.Unsupported => "The provider offers no way to revoke a grant.",
            _ => "The provider refused the revocation.",
        },
        "scopes_changed" => "The scopes that it holds are others than before.",
        "token_read" => "The access token was handed out.",
        "api_key_created" => "An API key was made.",
        "api_key_revoked" => "An API key was ended.",
        "sign_in" => success ? "Somebody signed in to the pages." : "Somebody tried to sign in to the pages and was refused.",
        "sign_in_link_created" => "A sign-in link was made.",
        "client_changed" => "The client registration at a provider was changed.",
        "client_removed" => "The client registration at a provider was removed.",
        "provider_changed" => "A provider was added or changed.",
        "provider_removed" => "A provider was removed.",
        "bulk_started" => "Work over many integrations was begun.",
        "bulk_cancelled" => "Work over many integrations was cancelled.",
        "cleaned_up" => "What had served its time was removed, by hand.",
        "audit_exported" => "The audit log was exported.",
        "user_exported" => "Everything that is kept about the user was exported.",
        "user_erased" => "The user was erased: grants ended, rows removed, key destroyed.",
        _ => action.Replace('_', ' '),
    };
}
