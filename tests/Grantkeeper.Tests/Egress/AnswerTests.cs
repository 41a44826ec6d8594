using System.IO.Compression;
using System.Net;
using Grantkeeper.Egress;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Tests.Egress;

[Trait("category", "security")]
public sealed class AnswerTests
{
    private static readonly EgressLimits OneKilobyte = new() { MaxBodyBytes = 1024 };

    [Fact]
    public async Task An_answer_carries_what_callers_need()
    {
        await using var server = RawServer.Answering("HTTP/1.1 401 Unauthorized\r\nContent-Type: Application/JSON; charset=utf-8\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            + "Retry-After: 7\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\nDPoP-Nonce: n\r\nContent-Length: 2\r\n\r\n{}");
        using var egress = SomeEgress.With();

        var response = (await egress.Get(server.Url)).Response.ShouldNotBeNull();

        response.Status.ShouldBe(HttpStatusCode.Unauthorized);
        response.IsSuccess.ShouldBeFalse();
        response.MediaType.ShouldBe("application/json");
        response.Date.ShouldBe(new DateTimeOffset(1994, 11, 6, 8, 49, 37, TimeSpan.Zero));
        response.RetryAfter.ShouldBe(TimeSpan.FromSeconds(7));
        response.Challenges.ShouldHaveSingleItem().ToString().ShouldBe("Bearer error=\"invalid_token\"");
        response.Header("dpop-nonce").ShouldBe("n");
        response.Text().ShouldBe("{}");
    }

    [Theory]
    [InlineData(301), InlineData(302), InlineData(303), InlineData(307), InlineData(308)]
    public async Task A_redirect_is_an_answer_and_is_not_followed(int status)
    {
        await using var target = RawServer.Answering(RawServer.Ok);
        await using var server = RawServer.Answering($"HTTP/1.1 {status} Moved\r\nLocation: {target.Url}\r\nContent-Length: 0\r\n\r\n");
        using var egress = SomeEgress.With();

        ((int)(await egress.Get(server.Url)).Response!.Status).ShouldBe(status);
        target.Connections.ShouldBe(0);
    }

    [Fact]
    public async Task A_body_of_exactly_the_limit_is_fine_and_one_byte_more_is_too_large()
    {
        await using var server = RawServer.Answering($"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n{new string('x', 1024)}");
        using var egress = SomeEgress.With();

        (await egress.Get(server.Url, limits: OneKilobyte)).Response!.Body.Length.ShouldBe(1024);
        (await egress.Get(server.Url, limits: OneKilobyte with { MaxBodyBytes = 1023 })).Fault.ShouldBe(EgressFault.TooLarge);
    }

    [Fact]
    public async Task A_huge_announced_length_is_refused_before_the_body_comes()
    {
        await using var server = RawServer.Answering("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
        using var egress = SomeEgress.With();
        (await egress.Get(server.Url)).Fault.ShouldBe(EgressFault.TooLarge);
    }

    [Fact]
    public async Task An_endless_body_is_cut_at_the_limit()
    {
        await using var server = new RawServer(async (raw, stream, _) =>
        {
            await raw.Read(stream);
            await RawServer.Write(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (true) await RawServer.Write(stream, $"400\r\n{new string('x', 1024)}\r\n");
        });
        using var egress = SomeEgress.With();
        (await egress.Get(server.Url)).Fault.ShouldBe(EgressFault.TooLarge);
    }

    [Fact]
    public async Task Endless_headers_are_too_large()
    {
        await using var server = RawServer.Answering($"HTTP/1.1 200 OK\r\nX: {new string('x', 64 * 1024)}\r\n\r\n");
        using var egress = SomeEgress.With();
        (await egress.Get(server.Url)).Fault.ShouldBe(EgressFault.TooLarge);
    }

    [Fact]
    public async Task A_compressed_body_is_neither_asked_for_nor_unpacked()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true)) gzip.Write(new byte[1_000_000]);
        await using var server = new RawServer(async (raw, stream, _) =>
        {
            await raw.Read(stream);
            await RawServer.Write(stream, $"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {packed.Length}\r\n\r\n");
            await stream.WriteAsync(packed.ToArray());
        });
        using var egress = SomeEgress.With();

        (await egress.Get(server.Url, limits: new EgressLimits { MaxBodyBytes = 8192 })).Response!.Body.ToArray().ShouldBe(packed.ToArray());
        server.Requests.Single().ShouldContain("Accept-Encoding: identity\r\n");
        server.Requests.Single().ShouldContain("User-Agent: Grantkeeper\r\n");
    }

    [Fact]
    public async Task Nothing_but_method_host_outcome_and_time_is_logged()
    {
        await using var server = RawServer.Answering(RawServer.Ok);
        var lines = new List<string>();
        using var services = new ServiceCollection().AddSingleton(SomeEgress.Development).AddEgress()
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(new ListLogger(lines))).BuildServiceProvider();
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Url) { Content = new StringContent("secret=2") };
        request.Headers.Add("Authorization", "Bearer secret3");

        (await services.GetRequiredService<IEgress>().Send(request, EgressTrust.Operator)).IsAnswer.ShouldBeTrue();

        lines.ShouldHaveSingleItem().ShouldMatch("^Outbound POST to 127.0.0.1 ended with 200 after [0-9]+ ms$");
    }

    [Theory]
    [InlineData("0", 0d), InlineData(" 120 ", 120d), InlineData("99999999999999999999", 86400d), InlineData("100000", 86400d)]
    [InlineData("Sun, 06 Nov 1994 08:49:37 GMT", 37d), InlineData("Sunday, 06-Nov-94 08:49:37 GMT", 37d), InlineData("Sun Nov  6 08:49:37 1994", 37d)]
    [InlineData("Sun, 06 Nov 1994 08:48:00 GMT", 0d), InlineData("Sat, 06 Nov 2094 08:48:00 GMT", 86400d)]
    [InlineData("-1", null), InlineData("1.5", null), InlineData("soon", null), InlineData("", null), InlineData(null, null)]
    public void Retry_after_is_read_in_both_forms(string? text, double? seconds) =>
        (HttpDates.RetryAfter(text, new DateTimeOffset(1994, 11, 6, 8, 49, 0, TimeSpan.Zero))?.TotalSeconds).ShouldBe(seconds);

    private sealed class ListLogger(List<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines) lines.Add(formatter(state, exception));
        }

        public void Dispose()
        {
        }
    }
}
