namespace Grantkeeper.Sandbox.Grants;

/// <summary>One permission that a person gave to a client. Its tokens are one family: they end together.</summary>
/// <param name="Id">A name to show; it opens nothing.</param>
/// <param name="ClientId">Who was allowed.</param>
/// <param name="Subject">Who allowed it.</param>
/// <param name="Scopes">What was allowed.</param>
/// <param name="GrantedAt">When.</param>
public sealed record Grant(string Id, string ClientId, string Subject, IReadOnlyList<string> Scopes, DateTimeOffset GrantedAt)
{
    /// <summary>Why it ended; null while it is in force.</summary>
    public string? EndedBy { get; init; }

    /// <summary>Whether it is in force.</summary>
    public bool IsLive => EndedBy is null;

    /// <summary>How often it was refreshed.</summary>
    public int Refreshes { get; init; }

    /// <summary>How often one of its refresh tokens was shown again after it had been replaced.</summary>
    public int Reuses { get; init; }
}
