using System.Text.Json;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Egress;
using Grantkeeper.Settings;

namespace Grantkeeper.Diagnostics;

/// <summary>Whether the origin that browsers come back to leads to Grantkeeper. Asked from this machine, so a browser elsewhere may see it differently.</summary>
internal sealed class PublicUrlCheck(GrantkeeperOptions options, IEgress egress)
{
    private const string Check = "public_url";
    private const string Path = "/health/live";

    public async Task<DiagnosticFinding> Look(CancellationToken cancellation)
    {
        var origin = options.PublicUrl.GetLeftPart(UriPartial.Authority);
        var name = options.PublicUrlIsSet ? "GRANTKEEPER_PUBLIC_URL" : "FRONTEND_URL";
        using var request = new HttpRequestMessage(HttpMethod.Get, origin + Path);
        var outcome = await egress.Send(request, EgressTrust.Operator, Doctor.Limits, cancellation);
        var details = new Dictionary<string, object?> { ["url"] = origin + Path, ["outcome"] = outcome.ToString() };
        if (outcome.IsAnswer)
            return Judge(origin, name, outcome.Response, details);
        return outcome.Fault switch
        {
            EgressFault.AddressNotAllowed => Finding.Doubtful(Check, name, $"{origin} leads to a private network from here, so it was not called.",
                "Outbound requests stay out of private networks unless they are listed.", "Open it in a browser; or list the network in Grantkeeper__Egress__AllowedNetworks and look again.", details),
            EgressFault.NotConnected => Finding.Bad(Check, name, $"Nothing answers at {origin}.",
                "No server listens there, its name does not resolve from here, or its certificate is not trusted. Browsers that come back from a provider would be lost.",
                $"Start the server and the proxy before it, check DNS and certificate, or correct {name}.", details),
            _ => Finding.Bad(Check, name, $"{origin} does not answer in time.", "Browsers that come back from a provider would wait as long.", "Look at the proxy and the server behind this address.", details),
        };
    }

    private static DiagnosticFinding Judge(string origin, string name, EgressResponse answer, Dictionary<string, object?> details)
    {
        if (answer.IsSuccess && IsOurs(answer.Body))
            return Finding.Good(Check, name, $"{origin} leads to Grantkeeper.", details);
        var what = (int)answer.Status is >= 300 and <= 399
            ? $"{origin}{Path} is redirected elsewhere (status {(int)answer.Status})."
            : $"Something answers at {origin}, but it is not Grantkeeper (status {(int)answer.Status}).";
        return Finding.Bad(Check, name, what, "Browsers that come back from a provider would not reach their callback.",
            $"Let the proxy pass /oauth/, /api/v1/oauth/, /connect and /health/ to Grantkeeper unchanged, or correct {name}.", details);
    }

    private static bool IsOurs(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("status", out var status) && status.ValueEquals("healthy") && root.TryGetProperty("components", out _);
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
