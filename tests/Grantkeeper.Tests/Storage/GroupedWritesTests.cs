using Grantkeeper.Storage;

namespace Grantkeeper.Tests.Storage;

/// <summary>Who shares a write with whom, and what each of them hears of it.</summary>
[Trait("category", "models")]
public sealed class GroupedWritesTests
{
    private readonly List<int[]> _groups = [];
    private readonly Queue<TaskCompletionSource> _holds = new();
    private readonly GroupedWrites<int, string> _writes;

    public GroupedWritesTests() => _writes = new GroupedWrites<int, string>(4, Write);

    [Fact]
    public async Task Lone_caller_is_written_at_once()
    {
        (await Ask(1)).ShouldBe("1");
        (await Ask(2)).ShouldBe("2");
        _groups.ShouldBe([[1], [2]]);
    }

    [Fact]
    public async Task Those_who_come_during_a_write_share_the_next_ones_in_their_order_and_each_gets_its_own_result()
    {
        var hold = Hold();
        var all = Enumerable.Range(1, 8).Select(number => Ask(number)).ToList();
        _groups.ShouldBe([[1]]);
        all.ShouldAllBe(task => !task.IsCompleted);
        hold.SetResult();
        (await Task.WhenAll(all)).ShouldBe(["1", "2", "3", "4", "5", "6", "7", "8"]);
        _groups.ShouldBe([[1], [2, 3, 4, 5], [6, 7, 8]]);
    }

    [Fact]
    public async Task Group_that_fails_for_one_value_is_written_one_by_one()
    {
        var hold = Hold();
        var first = Ask(1);
        var (good, bad, also) = (Ask(2), Ask(-3), Ask(4));
        hold.SetResult();
        (await Task.WhenAll(first, good, also)).ShouldBe(["1", "2", "4"]);
        (await Should.ThrowAsync<InvalidOperationException>(() => bad)).Message.ShouldBe("-3");
        _groups.ShouldBe([[1], [2, -3, 4], [2], [-3], [4]]);
        (await Ask(5)).ShouldBe("5", "and it goes on");
    }

    [Fact]
    public async Task Database_that_is_away_is_told_to_everybody_and_not_asked_once_for_each()
    {
        var hold = Hold();
        var first = Ask(1);
        var others = new[] { Ask(2), Ask(0), Ask(4) };
        hold.SetResult();
        await first;
        foreach (var other in others)
            await Should.ThrowAsync<StorageUnavailableException>(() => other);
        _groups.ShouldBe([[1], [2, 0, 4]]);
    }

    [Fact]
    public async Task Caller_who_gives_up_before_its_group_is_begun_is_not_written_and_one_who_gives_up_later_is()
    {
        var hold = Hold();
        using var early = new CancellationTokenSource();
        using var late = new CancellationTokenSource();
        var written = Ask(1, late.Token);
        var given = Ask(2, early.Token);
        var third = Ask(3);
        await early.CancelAsync();
        await late.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => given);
        await Should.ThrowAsync<OperationCanceledException>(() => written);
        hold.SetResult();
        (await third).ShouldBe("3");
        _groups.ShouldBe([[1], [3]]);
    }

    private Task<string> Ask(int number, CancellationToken cancellation = default) => _writes.Write(number, cancellation);

    /// <summary>Holds up the next write.</summary>
    private TaskCompletionSource Hold()
    {
        var hold = new TaskCompletionSource();
        _holds.Enqueue(hold);
        return hold;
    }

    private async Task<IReadOnlyList<string>> Write(IReadOnlyList<int> group)
    {
        _groups.Add([.. group]);
        if (_holds.TryDequeue(out var hold))
            await hold.Task;
        if (group.Contains(0))
            throw new StorageUnavailableException(new TimeoutException());
        if (group.FirstOrDefault(number => number < 0) is < 0 and var bad)
            throw new InvalidOperationException($"{bad}");
        return [.. group.Select(number => $"{number}")];
    }
}
