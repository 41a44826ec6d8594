using Grantkeeper.Egress;

namespace Grantkeeper.Tests.Egress;

[Trait("category", "security")]
public sealed class OnceOnlyTests
{
    /// <summary>Keeps the first connection open after one answer, reads the second request whole and hangs up; later connections answer.</summary>
    private static RawServer HangsUpOnTheSecondRequest() => new(async (server, stream, connection) =>
    {
        await server.Read(stream);
        await RawServer.Write(stream, RawServer.Ok);
        if (connection == 1) await server.Read(stream);
    });

    [Fact]
    public async Task A_post_on_a_connection_that_breaks_is_never_sent_twice()
    {
        await using var server = HangsUpOnTheSecondRequest();
        using var egress = SomeEgress.With();
        (await egress.Post(server.Url, "first")).IsAnswer.ShouldBeTrue();

        var outcome = await egress.Post(server.Url, "refresh_token=rotating");

        outcome.Fault.ShouldBe(EgressFault.Broken);
        outcome.MayHaveLeft.ShouldBeTrue();
        server.Requests.Count(request => request.EndsWith("refresh_token=rotating", StringComparison.Ordinal)).ShouldBe(1);
        server.Connections.ShouldBe(1);
    }

    [Theory]
    [InlineData("POST"), InlineData("DELETE"), InlineData("PUT"), InlineData("PATCH")]
    public async Task Neither_is_a_changing_request_without_a_body(string method)
    {
        await using var server = HangsUpOnTheSecondRequest();
        using var egress = SomeEgress.With();
        (await egress.Get(server.Url)).IsAnswer.ShouldBeTrue();

        var outcome = await egress.Send(new HttpRequestMessage(new HttpMethod(method), server.Url), EgressTrust.Operator);

        outcome.Fault.ShouldBe(EgressFault.Broken);
        server.Requests.Count(request => request.StartsWith(method, StringComparison.Ordinal)).ShouldBe(1);
        server.Connections.ShouldBe(1);
    }

    [Fact]
    public async Task A_get_is_repeated_by_the_handler_which_shows_that_the_danger_is_real()
    {
        await using var server = HangsUpOnTheSecondRequest();
        using var egress = SomeEgress.With();
        (await egress.Get(server.Url)).IsAnswer.ShouldBeTrue();

        (await egress.Get(server.Url)).IsAnswer.ShouldBeTrue();

        server.Requests.Count.ShouldBe(3);
        server.Connections.ShouldBe(2);
    }

    [Fact]
    public async Task A_request_that_is_handed_in_again_is_not_sent_again()
    {
        await using var server = RawServer.Answering(RawServer.Ok);
        using var egress = SomeEgress.With();
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Url) { Content = new StringContent("code=once") };
        (await egress.Send(request, EgressTrust.Operator)).IsAnswer.ShouldBeTrue();

        (await egress.Send(request, EgressTrust.Operator)).Fault.ShouldBe(EgressFault.Broken);

        server.Requests.Count(seen => seen.Contains("code=once", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task The_body_refuses_to_be_written_twice()
    {
        using var content = new OnceContent(new StringContent("code=once"));
        content.Headers.ContentLength.ShouldBe(9);
        await content.CopyToAsync(Stream.Null);
        await Should.ThrowAsync<InvalidOperationException>(() => content.CopyToAsync(Stream.Null));
    }
}
