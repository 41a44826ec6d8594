using System.Net.Http.Json;

namespace Grantkeeper.Client;

/// <summary>Whether a request's body can be sent a second time.</summary>
internal static class Replay
{
    /// <summary>
    /// True without a body, for bodies that lie in memory, and for streams that can be rewound. Asked after the body was sent
    /// once. A kind of body that is not known here counts as one that cannot.
    /// </summary>
    public static bool IsPossible(HttpContent? content) => content switch
    {
        null or ByteArrayContent or ReadOnlyMemoryContent => true,
        // An asynchronous sequence is read once.
        JsonContent json => json.Value is null || json.Value.GetType().GetInterfaces().All(type => !type.IsGenericType || type.GetGenericTypeDefinition() != typeof(IAsyncEnumerable<>)),
        MultipartContent parts => parts.All(IsPossible),
        StreamContent stream => CanRewind(stream),
        _ => false,
    };

    private static bool CanRewind(StreamContent content)
    {
        try
        {
            // Opens nothing and reads nothing: it is the stream itself, or the buffer that it was read into.
            return content.ReadAsStream().CanSeek;
        }
        catch (Exception exception) when (exception is InvalidOperationException or NotSupportedException or IOException or ObjectDisposedException)
        {
            return false;
        }
    }
}
