namespace Grantkeeper.Client;

/// <summary>The codes that the client adds to those of the server.</summary>
public static class ClientErrors
{
    /// <summary>No connection to Grantkeeper, or it broke before the answer was complete. Retryable.</summary>
    public const string Unreachable = "client.unreachable";

    /// <summary>Grantkeeper did not answer within <see cref="GrantkeeperClientOptions.Timeout"/>. Retryable.</summary>
    public const string TimedOut = "client.timed_out";

    /// <summary>What answered is not Grantkeeper, or a proxy stands in front of it: neither the expected JSON nor a problem.</summary>
    public const string UnreadableAnswer = "client.unreadable_answer";

    /// <summary>A request through a connected account names no user. Nothing was sent.</summary>
    public const string UserMissing = "client.user_missing";

    /// <summary>A token is not sent over plain http, except to loopback. Nothing was sent.</summary>
    public const string TargetNotAllowed = "client.target_not_allowed";

    internal static Problem NoConnection(string detail) => new(Unreachable, "Grantkeeper not reachable",
        $"Grantkeeper could not be reached, or the connection broke before its answer was complete ({detail}). Check the url setting, the network, and whether the server runs.") { Retryable = true };

    internal static Problem TooSlow(TimeSpan limit) => new(TimedOut, "Grantkeeper did not answer in time",
        $"There was no complete answer within {limit.TotalSeconds:0.#} seconds. Repeat the request; if it goes on, look at the server's /health/ready.") { Retryable = true };

    internal static Problem Unreadable(int status) => new(UnreadableAnswer, "Unreadable answer",
        $"The answer (HTTP {status}) is not one of Grantkeeper. Check that the url setting names Grantkeeper itself and that no proxy answers in its place.")
    { Status = status, Retryable = status is 429 or 502 or 503 or 504 };

    internal static Problem NoUser() => new(UserMissing, "No user named",
        "The request goes through a connected account but does not say whose. Call request.ForUser(id), or register an IConnectedAccountUser.");

    internal static Problem PlainHttp() => new(TargetNotAllowed, "Target not allowed",
        "A token is sent over https only; http is allowed to loopback addresses. Use the API's https address.");
}
