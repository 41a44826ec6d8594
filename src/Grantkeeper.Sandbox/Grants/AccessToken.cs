namespace Grantkeeper.Sandbox.Grants;

/// <summary>A key to the API. Its text form hides the value.</summary>
internal sealed record AccessToken(string Value, string GrantId, IReadOnlyList<string> Scopes, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt)
{
    /// <inheritdoc />
    public override string ToString() => $"access token of grant {GrantId}";
}
