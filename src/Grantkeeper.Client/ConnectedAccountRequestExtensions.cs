namespace Grantkeeper.Client;

/// <summary>Says on a request whose account it goes through.</summary>
public static class ConnectedAccountRequestExtensions
{
    internal static readonly HttpRequestOptionsKey<string> User = new("Grantkeeper.User");
    internal static readonly HttpRequestOptionsKey<string> Account = new("Grantkeeper.Account");

    /// <summary>Names the user, and with several accounts which of them. Stays in this process: it is no header.</summary>
    /// <param name="request">The request.</param>
    /// <param name="userId">Whose account.</param>
    /// <param name="accountId">Which of the user's accounts; null: the primary one.</param>
    /// <returns>The same request.</returns>
    public static HttpRequestMessage ForUser(this HttpRequestMessage request, string userId, string? accountId = null)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentException.ThrowIfNullOrEmpty(userId);
        request.Options.Set(User, userId);
        if (accountId is not null)
            request.Options.Set(Account, accountId);
        return request;
    }
}
