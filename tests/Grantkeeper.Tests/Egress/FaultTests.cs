using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grantkeeper.Egress;

namespace Grantkeeper.Tests.Egress;

[Trait("category", "security")]
public sealed class FaultTests
{
    private static readonly EgressOptions ImpatientConnect = SomeEgress.Development with { ConnectTimeout = TimeSpan.FromMilliseconds(200) };

    private static Uri Https(RawServer server) => new($"https://127.0.0.1:{server.Port}/");

    private static void ShouldBeSafeToRepeat(EgressOutcome outcome)
    {
        outcome.Fault.ShouldBe(EgressFault.NotConnected);
        outcome.MayHaveLeft.ShouldBeFalse();
    }

    [Fact]
    public async Task A_refused_connection_is_not_connected()
    {
        Uri nobody;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            nobody = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        }
        using var egress = SomeEgress.With();
        ShouldBeSafeToRepeat(await egress.Get(nobody));
        ShouldBeSafeToRepeat(await egress.Post(nobody, "a=b"));
    }

    [Fact]
    public async Task An_unknown_name_is_not_connected()
    {
        using var egress = SomeEgress.With(network: new FakeNetwork([]));
        ShouldBeSafeToRepeat(await egress.Get(new Uri("https://nowhere.example.com/")));
        ShouldBeSafeToRepeat(await egress.Post(new Uri("https://nowhere.example.com/"), "a=b"));
    }

    [Fact]
    public async Task A_certificate_that_does_not_hold_is_not_connected()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        await using var server = new RawServer(async (raw, stream, _) =>
        {
            await using var tls = new SslStream(stream);
            await tls.AuthenticateAsServerAsync(made);
            await raw.Read(tls);
        });
        using var egress = SomeEgress.With();

        ShouldBeSafeToRepeat(await egress.Get(Https(server)));
        ShouldBeSafeToRepeat(await egress.Post(Https(server), "a=b"));
        server.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_handshake_that_never_ends_is_not_connected()
    {
        await using var server = new RawServer((raw, _, _) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, raw.Stopping));
        using var egress = SomeEgress.With(ImpatientConnect);
        ShouldBeSafeToRepeat(await egress.Get(Https(server)));
        ShouldBeSafeToRepeat(await egress.Post(Https(server), "a=b"));
    }

    [Fact]
    public async Task Waiting_for_a_free_connection_is_not_connected()
    {
        await using var server = RawServer.Silent();
        using var egress = SomeEgress.With(SomeEgress.Development with { MaxConnectionsPerServer = 1 });
        using var stop = new CancellationTokenSource();
        var first = egress.Post(server.Url, "first", cancellation: stop.Token);
        while (server.Requests.IsEmpty) await Task.Yield();

        ShouldBeSafeToRepeat(await egress.Post(server.Url, "second", SomeEgress.Short));

        await stop.CancelAsync();
        var outcome = await first;
        outcome.Fault.ShouldBe(EgressFault.Cancelled);
        outcome.MayHaveLeft.ShouldBeTrue();
    }

    [Fact]
    public async Task A_server_that_never_answers_times_out()
    {
        await using var server = RawServer.Silent();
        using var egress = SomeEgress.With();
        var outcome = await egress.Post(server.Url, "a=b", SomeEgress.Short);
        outcome.Fault.ShouldBe(EgressFault.TimedOut);
        outcome.MayHaveLeft.ShouldBeTrue();
        (await egress.Get(server.Url, limits: SomeEgress.Short)).Fault.ShouldBe(EgressFault.TimedOut);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart", nameof(EgressFault.TimedOut), true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart", nameof(EgressFault.Broken), false)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", nameof(EgressFault.Broken), false)]
    [InlineData("SSH-2.0-OpenSSH_9.9\r\n", nameof(EgressFault.Broken), false)]
    [InlineData("HTTP/1.1 200", nameof(EgressFault.Broken), false)]
    [InlineData("", nameof(EgressFault.Broken), false)]
    public async Task An_answer_that_is_not_whole_is_a_fault_that_may_have_left(string answer, string fault, bool stays)
    {
        await using var server = new RawServer(async (raw, stream, _) =>
        {
            await raw.Read(stream);
            await RawServer.Write(stream, answer);
            if (stays) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, raw.Stopping);
        });
        using var egress = SomeEgress.With();
        var outcome = await egress.Post(server.Url, "a=b", stays ? SomeEgress.Short : null);
        outcome.Fault.ToString().ShouldBe(fault);
        outcome.MayHaveLeft.ShouldBeTrue();
    }

    [Fact]
    public async Task A_caller_who_gave_up_before_the_start_sent_nothing()
    {
        await using var server = RawServer.Silent();
        using var egress = SomeEgress.With();
        var outcome = await egress.Post(server.Url, "a=b", cancellation: new CancellationToken(canceled: true));
        outcome.Fault.ShouldBe(EgressFault.Cancelled);
        outcome.MayHaveLeft.ShouldBeFalse();
    }
}
