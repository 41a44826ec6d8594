using System.Diagnostics;
using System.Net.Sockets;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.IntegrationTests.Peers;

[Trait("category", "kit")]
public sealed class ChaosProxyTests : IAsyncLifetime
{
    private readonly EchoServer _echo = new();
    private ChaosProxy _proxy = null!;

    public async ValueTask InitializeAsync() => _proxy = await ChaosProxy.Start(_echo.Port);

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _echo.DisposeAsync();
    }

    [Fact]
    public async Task Passing_carries_everything_both_ways()
    {
        using var connection = await Connect();
        var sent = new byte[300_000];
        sent.AsSpan().Fill(7);

        var received = await Echo(connection, sent);

        received.ShouldBe(sent);
        (await _proxy.Counters()).BytesDown.ShouldBe(sent.Length);
    }

    [Fact]
    public async Task Refusing_is_what_a_dead_process_looks_like_and_passes_again_later()
    {
        await _proxy.Refuse();
        var refused = await Should.ThrowAsync<SocketException>(Connect);
        refused.SocketErrorCode.ShouldBe(SocketError.ConnectionRefused);

        await _proxy.Pass();
        using var connection = await Connect();
        (await Echo(connection, [1, 2, 3])).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task Resetting_ends_a_connection_as_soon_as_it_is_there()
    {
        await _proxy.Reset();
        await ShouldBeReset(async () =>
        {
            using var connection = await Connect();
            await Echo(connection, [1]);
        });
        (await _proxy.Counters()).Reset.ShouldBe(1);
    }

    [Fact]
    public async Task A_black_hole_accepts_and_is_silent_until_killed()
    {
        await _proxy.Blackhole();
        using var connection = await Connect();
        var echo = Echo(connection, [1]);

        while ((await _proxy.Counters()).Accepted == 0)
            await Task.Yield();
        echo.IsCompleted.ShouldBeFalse();

        await _proxy.KillConnections();
        await ShouldBeReset(() => echo);
    }

    [Fact]
    public async Task Latency_is_added_to_each_direction()
    {
        using var connection = await Connect();
        await Echo(connection, [1]);
        await _proxy.Latency(TimeSpan.FromMilliseconds(50));

        var watch = Stopwatch.StartNew();
        await Echo(connection, [2]);

        watch.Elapsed.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(95));
    }

    [Fact]
    public async Task A_cut_on_the_way_down_delivers_what_is_before_it()
    {
        await _proxy.CutAfterDown(5);
        using var connection = await Connect();

        (await Echo(connection, [1, 2, 3, 4, 5, 6, 7, 8], expected: 5)).ShouldBe([1, 2, 3, 4, 5]);
        await ShouldBeReset(() => Echo(connection, [9]));
        _echo.Received.ShouldBe(8);
    }

    [Fact]
    public async Task A_cut_on_the_way_up_keeps_the_rest_from_the_target()
    {
        await _proxy.CutAfterUp(3);
        using var connection = await Connect();

        await ShouldBeReset(() => Echo(connection, [1, 2, 3, 4, 5]));

        (await _proxy.Counters()).ShouldSatisfyAllConditions(
            counters => counters.Cut.ShouldBe(1),
            counters => counters.BytesUp.ShouldBe(3));
    }

    [Fact]
    public async Task Killing_ends_the_connections_of_now_and_not_those_to_come()
    {
        using var old = await Connect();
        await Echo(old, [1]);

        await _proxy.KillConnections();

        await ShouldBeReset(() => Echo(old, [2]));
        using var young = await Connect();
        (await Echo(young, [3])).ShouldBe([3]);
    }

    private async Task<Socket> Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync("127.0.0.1", _proxy.Port);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<byte[]> Echo(Socket socket, byte[] bytes, int? expected = null)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        var received = new byte[expected ?? bytes.Length];
        var reading = stream.ReadExactlyAsync(received).AsTask();
        await stream.WriteAsync(bytes);
        await reading;
        return received;
    }

    private static async Task ShouldBeReset(Func<Task> action)
    {
        var failure = await Should.ThrowAsync<Exception>(action);
        var code = (failure as SocketException ?? failure.InnerException as SocketException)?.SocketErrorCode;
        code.ShouldBeOneOf(SocketError.ConnectionReset, SocketError.Shutdown);
    }
}
