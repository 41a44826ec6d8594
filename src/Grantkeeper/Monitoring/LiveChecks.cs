using Grantkeeper.Audit;
using Grantkeeper.Egress;
using Grantkeeper.Events;
using Grantkeeper.Providers;
using Grantkeeper.Tokens;

namespace Grantkeeper.Monitoring;

/// <summary>
/// Asks a provider that renews nothing whether a token is still good (R225, C14): 1. a call of its account endpoint 2. void:
/// the grant ends, with the same steps as when the provider tells by itself 3. good: the next look is an interval away.
/// Anything else changes nothing.
/// </summary>
internal sealed class LiveChecks(ProviderApi api, ProviderCatalogue catalogue, EndpointDiscovery discovery, CheckQueue queue, WithdrawalFlow withdrawal)
{
    private static readonly EgressLimits Limits = new() { MaxBodyBytes = 256 * 1024 };

    /// <summary>Looks at one grant; what came to nothing is looked at again by its claim.</summary>
    public async Task Run(GrantRow row, CancellationToken cancellation)
    {
        if (!row.Integration.IsActive || catalogue.Find(row.Integration.Provider) is not { } provider)
            return;
        if (!(await discovery.Of(provider)).TryGet(out var endpoints, out _) || endpoints.Userinfo is not { } address)
            return;
        if ((await api.Call(row, provider, endpoints, () => new HttpRequestMessage(HttpMethod.Get, address), Limits, AuditSource.Background, cancellation)).TryGet(out var call, out _))
            await Judge(row, provider, call, AuditSource.Background, cancellation);
    }

    /// <summary>Steps 2 and 3; true when the answer says that the token is void.</summary>
    public async Task<bool> Judge(GrantRow row, Provider provider, ApiCall call, AuditSource source, CancellationToken cancellation)
    {
        if (provider.Manifest.LiveCheck is not { } check)
            return false;
        var isVoid = check.IsVoid(call.Response.Status, call.Response.MediaType, call.Response.Body);
        if (isVoid)
            await withdrawal.WithdrawOne(row.Integration, call.Grant.Generation, source, cancellation);
        else if (call.Response.IsSuccess)
            await queue.Good(row, check.Every, cancellation);
        return isVoid;
    }
}
