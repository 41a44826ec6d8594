using System.Buffers;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Egress;

/// <summary><see cref="IEgress"/> over <see cref="SocketsHttpHandler"/>, HTTP/1.1.</summary>
/// <remarks>
/// HTTP/1.1 on purpose: whether a request may have left is decided by whether a connection took its body, and only there one
/// connection carries one request at a time.
/// </remarks>
internal sealed class HttpEgress : IEgress, IDisposable
{
    private const int ReadSize = 16 * 1024;

    private readonly EgressOptions _options;
    private readonly AddressRules _rules;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly HttpMessageInvoker _forOperator;
    private readonly HttpMessageInvoker _forData;

    /// <summary>Builds both handlers; no connection is opened.</summary>
    public HttpEgress(EgressOptions options, IEgressNetwork network, TimeProvider time, ILogger<HttpEgress> logger)
    {
        _options = options;
        _rules = new AddressRules(options);
        _time = time;
        _logger = logger;
        _forOperator = new HttpMessageInvoker(EgressHandlers.Create(options, _rules, network, EgressTrust.Operator, time));
        _forData = new HttpMessageInvoker(EgressHandlers.Create(options, _rules, network, EgressTrust.Data, time));
    }

    /// <inheritdoc/>
    public async Task<EgressOutcome> Send(HttpRequestMessage request, EgressTrust trust, EgressLimits? limits = null, CancellationToken cancellation = default)
    {
        if (request.RequestUri is not { IsAbsoluteUri: true } url) throw new ArgumentException("The request has no absolute URL.", nameof(request));
        var began = _time.GetTimestamp();
        var outcome = _rules.Allows(url, trust)
            ? await Exchange(request, trust, limits ?? EgressLimits.Default, cancellation)
            : EgressOutcome.Failed(EgressFault.AddressNotAllowed);
        EgressLog.Sent(_logger, request.Method, url.IdnHost, outcome, (long)_time.GetElapsedTime(began).TotalMilliseconds);
        return outcome;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _forOperator.Dispose();
        _forData.Dispose();
    }

    private async Task<EgressOutcome> Exchange(HttpRequestMessage request, EgressTrust trust, EgressLimits limits, CancellationToken cancellation)
    {
        var body = Prepare(request);
        using var deadline = new CancellationTokenSource(limits.Total, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        var answered = false;
        try
        {
            var handler = trust is EgressTrust.Operator ? _forOperator : _forData;
            using var message = await handler.SendAsync(request, either.Token);
            answered = true;
            var bytes = await Read(message, request.Method, limits.MaxBodyBytes, either.Token);
            return bytes is { } whole
                ? EgressOutcome.Answered(new EgressResponse(message, whole, _time.GetUtcNow()))
                : EgressOutcome.Failed(EgressFault.TooLarge);
        }
        catch (Exception exception)
        {
            // Whatever went wrong below, a value comes out, and it is the careful one when in doubt.
            var unsent = !answered && (body is not null ? !body.Started : EgressExceptions.IsConnecting(exception, either.IsCancellationRequested));
            return EgressExceptions.Judge(exception, unsent, cancellation.IsCancellationRequested, deadline.IsCancellationRequested);
        }
    }

    /// <summary>Sets what every request has in common; gives the once-only body, null for a request that may be repeated freely.</summary>
    private OnceContent? Prepare(HttpRequestMessage request)
    {
        request.Version = System.Net.HttpVersion.Version11;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        request.Headers.Host = null;
        request.Headers.ExpectContinue = null;
        request.Headers.AcceptEncoding.Clear();
        request.Headers.AcceptEncoding.ParseAdd("identity");
        if (request.Headers.UserAgent.Count == 0) request.Headers.UserAgent.ParseAdd(_options.UserAgent);

        // Without a body the handler would repeat any method on a stale connection; an empty one prevents it.
        var safe = request.Method == HttpMethod.Get || request.Method == HttpMethod.Head || request.Method == HttpMethod.Options;
        if (request.Content is null && safe) return null;
        var once = new OnceContent(request.Content ?? new ByteArrayContent([]));
        request.Content = once;
        return once;
    }

    /// <summary>Reads a body; null when it is larger than allowed, announced or not.</summary>
    private static async Task<ReadOnlyMemory<byte>?> Read(HttpResponseMessage message, HttpMethod method, int max, CancellationToken cancellation)
    {
        if (method == HttpMethod.Head) return ReadOnlyMemory<byte>.Empty;
        var announced = message.Content.Headers.ContentLength;
        if (announced > max) return null;
        var body = new ArrayBufferWriter<byte>((int)Math.Clamp(announced ?? 0, 256, ReadSize));
        await using var stream = await message.Content.ReadAsStreamAsync(cancellation);
        while (await stream.ReadAsync(body.GetMemory(256), cancellation) is > 0 and var count)
        {
            body.Advance(count);
            if (body.WrittenCount > max) return null;
        }
        return body.WrittenMemory;
    }
}
