namespace Grantkeeper.Client;

/// <summary>
/// A request through a connected account was not sent, or was refused for want of a permission; the one exception that the
/// handler of <c>AddConnectedAccount</c> throws. The message names no user and no token.
/// </summary>
public sealed class ConnectedAccountException : Exception
{
    internal ConnectedAccountException(Problem problem, string provider, string? userId, string? connectUrl)
        : base($"{problem.Code}: {problem.Title} ({provider}). {problem.Detail}")
    {
        Problem = problem;
        Provider = provider;
        UserId = userId;
        Link = NeedsUser(problem) ? connectUrl ?? problem.ReconnectUrl : null;
    }

    /// <summary>The refusal as Grantkeeper tells it; its code is one of docs/errors or of <see cref="ClientErrors"/>.</summary>
    public Problem Problem { get; }

    /// <summary>The refusal's code.</summary>
    public string Code => Problem.Code;

    /// <summary>The provider's key.</summary>
    public string Provider { get; }

    /// <summary>Whose account; null when the request did not say.</summary>
    public string? UserId { get; }

    /// <summary>Where to send the user: <see cref="ConnectedAccountOptions.ConnectUrl"/>, else Grantkeeper's page for connecting again; null when neither is known or the user cannot help.</summary>
    public string? Link { get; }

    /// <summary>The scopes that the user has not granted; empty for every other refusal.</summary>
    public IReadOnlyList<string> MissingScopes => Problem.Code == InsufficientScope ? Problem.Errors : [];

    private static bool NeedsUser(Problem problem) => problem.ReconnectUrl is not null || problem.Code is InsufficientScope or "integrations.not_connected";

    internal const string InsufficientScope = "consents.insufficient_scope";
}
