using Grantkeeper.Client;

namespace Embedded;

#region snippet embedding.user
/// <summary>The user of the current request.</summary>
public sealed class SignedInUser(IHttpContextAccessor accessor) : IConnectedAccountUser
{
    public string? UserId => accessor.HttpContext?.User.FindFirst("sub")?.Value;
}
#endregion
