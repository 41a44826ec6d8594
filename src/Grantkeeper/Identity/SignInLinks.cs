using Grantkeeper.Encryption;
using Grantkeeper.Storage;

namespace Grantkeeper.Identity;

/// <summary>One-time links into the pages: 256 random bits, stored hashed, ten minutes.</summary>
internal sealed class SignInLinks(PlatformDatabase platform)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    public async Task<Secret> Create(CancellationToken cancellation)
    {
        var handle = RandomHandle.New();
        await platform.Database.AsService(ServiceReason.Deployment).Execute(
            "INSERT INTO sign_in_links (handle_hash, expires_at) VALUES ($1, now() + $2)", cancellation, RandomHandle.HashOf(handle), Lifetime);
        return handle;
    }

    /// <summary>True for the first use of a link that is still good; one atomic statement.</summary>
    public async Task<bool> Redeem(string handle, CancellationToken cancellation) =>
        handle.Length <= RandomHandle.MaxLength && await platform.Database.AsService(ServiceReason.Deployment).Execute(
            "UPDATE sign_in_links SET used_at = now() WHERE handle_hash = $1 AND used_at IS NULL AND expires_at > now()",
            cancellation, RandomHandle.HashOf(handle)) == 1;
}
