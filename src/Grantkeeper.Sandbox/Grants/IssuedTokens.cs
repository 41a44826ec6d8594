namespace Grantkeeper.Sandbox.Grants;

/// <summary>What a successful token request yields. Its text form hides the values.</summary>
internal sealed record IssuedTokens(Grant Grant, AccessToken AccessToken, string? RefreshToken, string? Nonce)
{
    /// <inheritdoc />
    public override string ToString() => $"tokens of grant {Grant.Id}";
}
