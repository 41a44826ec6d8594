using System.Net;

namespace Grantkeeper.Egress;

/// <summary>
/// A request body that goes out at most once, and knows whether it did. <see cref="SocketsHttpHandler"/> sends a request again
/// when a pooled connection turns out to be closed. In .NET 10 it stops doing so once a body was begun, but not for a POST
/// without one, and nothing promises either; with a one-time code or a rotating refresh token a repetition costs the grant.
/// </summary>
internal sealed class OnceContent : HttpContent
{
    private readonly HttpContent _inner;
    private int _started;

    /// <summary>Wraps a body and takes over its headers.</summary>
    public OnceContent(HttpContent inner)
    {
        _inner = inner;
        foreach (var (name, values) in inner.Headers.NonValidated) Headers.TryAddWithoutValidation(name, values);
    }

    /// <summary>False as long as no connection took the body: until then nothing left that the other side could act on.</summary>
    public bool Started => Volatile.Read(ref _started) != 0;

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        Interlocked.Exchange(ref _started, 1) == 0
            ? _inner.CopyToAsync(stream, context, cancellationToken)
            : throw new InvalidOperationException("This body was sent before.");

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = _inner.Headers.ContentLength ?? -1;
        return length >= 0;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _inner.Dispose();
        base.Dispose(disposing);
    }
}
