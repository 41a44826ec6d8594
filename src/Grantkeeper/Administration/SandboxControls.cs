using System.Text;
using Grantkeeper.Audit;
using Grantkeeper.Egress;
using Grantkeeper.Errors;
using Grantkeeper.Integrations;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;

namespace Grantkeeper.Administration;

/// <summary>What can be broken on purpose.</summary>
internal enum SandboxAccident
{
    /// <summary>The access token is past its end; the next read renews it.</summary>
    Expire,

    /// <summary>The person withdraws access at the provider.</summary>
    Revoke,

    /// <summary>The provider answers everything with 503 until it is up again.</summary>
    Down,

    /// <summary>The provider works again; every switch is off.</summary>
    Up,

    /// <summary>The next refresh is carried out and its answer lost on the way. The access token ends, so that the next read refreshes.</summary>
    LoseAnswer,
}

/// <summary>
/// Breaks the sandbox for people who want to see what happens: through the sandbox's own switches and the engine's own
/// rows. It exists with <c>GRANTKEEPER_SANDBOX=true</c> only, which production refuses, and for the sandbox provider only.
/// </summary>
internal sealed class SandboxControls(TokenVault vault, INodeSignals signals, ProviderCatalogue catalogue, IEgress egress, GrantkeeperOptions options)
{
    private const string SandboxKey = "sandbox";

    /// <summary>True when this integration may be broken on purpose.</summary>
    public bool Reach(Integration integration) => options.Sandbox && integration is { Provider: SandboxKey, Status: not IntegrationStatus.Revoked };

    /// <summary>Failures: <c>integrations.not_found</c> also without a sandbox, <c>providers.api_unreachable</c>.</summary>
    public async Task<Result<Done>> Break(Guid integrationId, string userId, SandboxAccident accident, AuditSource source, CancellationToken cancellation)
    {
        if (await vault.Find(integrationId, userId, cancellation) is not { } row || !Reach(row.Integration) || catalogue.Find(SandboxKey) is not { Manifest.Issuer: { } issuer })
            return new Failure(ErrorCatalogue.Integrations.NotFound);
        var done = accident switch
        {
            SandboxAccident.Revoke => await Switch(HttpMethod.Post, $"{issuer}/__sandbox/revoke-user/{Uri.EscapeDataString(row.Integration.AccountId ?? "")}", "{}", cancellation),
            SandboxAccident.Down => await Switch(HttpMethod.Post, $"{issuer}/__sandbox/faults", """{"endpoint":"all","mode":"status","count":0}""", cancellation),
            SandboxAccident.Up => await Switch(HttpMethod.Delete, $"{issuer}/__sandbox/faults", null, cancellation),
            SandboxAccident.LoseAnswer => await Switch(HttpMethod.Post, $"{issuer}/__sandbox/faults", """{"endpoint":"refresh","mode":"lose_answer"}""", cancellation),
            _ => default(Done),
        };
        if (done.IsSuccess && accident is SandboxAccident.Expire or SandboxAccident.LoseAnswer)
        {
            await vault.Expire(row, source, cancellation);
            await signals.ChangedEverywhere(integrationId);
        }

        return done;
    }

    private async Task<Result<Done>> Switch(HttpMethod method, string address, string? json, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, address);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        var outcome = await egress.Send(request, EgressTrust.Operator, cancellation: cancellation);
        return outcome.IsAnswer && outcome.Response.IsSuccess
            ? default(Done)
            : new Failure(ErrorCatalogue.Providers.ApiUnreachable, "The sandbox did not take the switch. Is it running?");
    }
}
