namespace Grantkeeper.Sandbox.OAuth;

/// <summary>The registered names of the ways to authenticate at the token endpoint.</summary>
public static class ClientAuthenticationMethods
{
    /// <summary>The secret in an Authorization header.</summary>
    public const string Basic = "client_secret_basic";

    /// <summary>The secret in the form.</summary>
    public const string Post = "client_secret_post";

    /// <summary>No secret.</summary>
    public const string None = "none";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Basic, Post, None];
}
