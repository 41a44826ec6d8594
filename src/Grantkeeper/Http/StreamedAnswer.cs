using System.Text;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Http;

namespace Grantkeeper.Http;

/// <summary>
/// A file that is written while it is made, in constant memory. When the database goes away in the middle, the connection is
/// broken: a document that only stops looks whole.
/// </summary>
/// <param name="contentType">The file's media type.</param>
/// <param name="fileName">Its name.</param>
/// <param name="parts">Its text, part by part.</param>
internal sealed class StreamedAnswer(string contentType, string fileName, Func<CancellationToken, IAsyncEnumerable<string>> parts) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, cancellation) = (httpContext.Response, httpContext.RequestAborted);
        response.ContentType = contentType;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentDisposition = $"attachment; filename=\"{fileName}\"";
        try
        {
            await foreach (var part in parts(cancellation))
            {
                await response.Body.WriteAsync(Encoding.UTF8.GetBytes(part), cancellation);
                await response.Body.FlushAsync(cancellation);
            }
        }
        catch (StorageUnavailableException) when (response.HasStarted)
        {
            httpContext.Abort();
        }
    }
}
