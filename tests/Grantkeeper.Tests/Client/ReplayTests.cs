using System.Net.Http.Json;
using System.Text;
using Grantkeeper.Client;

namespace Grantkeeper.Tests.Client;

[Trait("category", "services")]
public sealed class ReplayTests
{
    public static TheoryData<string, bool> Bodies => new()
    {
        { "none", true }, { "bytes", true }, { "text", true }, { "form", true }, { "memory", true }, { "json", true }, { "file", true }, { "parts", true }, { "buffered pipe", true },
        { "pipe", false }, { "parts with a pipe", false }, { "asynchronous json", false }, { "own", false },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_is_sent_twice_only_when_it_is_the_same_twice(string kind, bool possible)
    {
        using var content = Body(kind);
        var first = await Sent(content);
        Replay.IsPossible(content).ShouldBe(possible);
        if (possible)
            (await Sent(content)).ShouldBe(first);
    }

    private static async Task<string> Sent(HttpContent? content)
    {
        using var wire = new MemoryStream();
        if (content is not null)
            await content.CopyToAsync(wire, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(wire.ToArray());
    }

    private static HttpContent? Body(string kind)
    {
        switch (kind)
        {
            case "none": return null;
            case "bytes": return new ByteArrayContent([1, 2]);
            case "text": return new StringContent("text");
            case "form": return new FormUrlEncodedContent([KeyValuePair.Create("a", "b")]);
            case "memory": return new ReadOnlyMemoryContent(new byte[] { 1, 2 });
            case "json": return JsonContent.Create(new { a = 1 });
            case "file": return new StreamContent(new MemoryStream("file"u8.ToArray()));
            case "parts": return new MultipartFormDataContent("boundary") { { new StringContent("x"), "a" }, { new StreamContent(new MemoryStream([1])), "b" } };
            case "pipe": return new StreamContent(new Pipe());
            case "parts with a pipe": return new MultipartFormDataContent("boundary") { { new StringContent("x"), "a" }, { new StreamContent(new Pipe()), "b" } };
            case "asynchronous json": return JsonContent.Create(Numbers());
            case "own": return new OwnContent();
            default:
                var buffered = new StreamContent(new Pipe());
                buffered.LoadIntoBufferAsync(TestContext.Current.CancellationToken).GetAwaiter().GetResult();
                return buffered;
        }
    }

    private static async IAsyncEnumerable<int> Numbers()
    {
        await Task.Yield();
        yield return 1;
    }

    /// <summary>What comes through it is gone.</summary>
    private sealed class Pipe : MemoryStream
    {
        public Pipe()
            : base([1, 2, 3])
        {
        }

        public override bool CanSeek => false;
    }

    private sealed class OwnContent : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) => Task.CompletedTask;

        protected override bool TryComputeLength(out long length) => (length = 0) == 0;
    }
}
