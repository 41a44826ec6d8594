using System.Text;
using Grantkeeper.Egress;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grantkeeper.Tests.Egress;

/// <summary>Ready-made egress for tests.</summary>
internal static class SomeEgress
{
    public static readonly EgressOptions Development = new() { AllowLoopbackHttp = true };

    public static readonly EgressLimits Short = new() { Total = TimeSpan.FromSeconds(1) };

    public static HttpEgress With(EgressOptions? options = null, IEgressNetwork? network = null) =>
        new(options ?? Development, network ?? new SystemNetwork(), TimeProvider.System, NullLogger<HttpEgress>.Instance);

    public static Task<EgressOutcome> Get(this IEgress egress, Uri url, EgressTrust trust = EgressTrust.Operator, EgressLimits? limits = null) =>
        egress.Send(new HttpRequestMessage(HttpMethod.Get, url), trust, limits);

    public static Task<EgressOutcome> Post(this IEgress egress, Uri url, string body, EgressLimits? limits = null, CancellationToken cancellation = default) =>
        egress.Send(new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(body) }, EgressTrust.Operator, limits, cancellation);

    public static string Text(this EgressResponse response) => Encoding.UTF8.GetString(response.Body.Span);
}
