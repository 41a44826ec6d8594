using Grantkeeper.Encryption;
using Grantkeeper.Spool;

namespace Grantkeeper.Tests.Spool;

/// <summary>Answers on this node's disk: kept through a crash, recognised when torn or foreign, and never in plain text.</summary>
[Trait("category", "services")]
public sealed class SpoolFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gk-spool-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "answers");

    [Fact]
    public async Task What_was_kept_is_found_after_a_crash_and_what_was_freed_is_not()
    {
        var records = Enumerable.Range(0, 50).Select(n => new SpoolRecord(Guid.NewGuid(), new Secret($"canary-{n}"))).ToList();
        using (var file = Open())
        {
            file.ReadAll().ShouldBeEmpty();
            var slots = records.Select(_ => file.Reserve()!.Value).ToList();
            (await Task.WhenAll(records.Select((record, n) => file.Keep(slots[n], record)))).ShouldAllBe(kept => kept);
            file.Free(slots[7]);
        }

        // Neither is the freed one, sealed as it was.
        var bytes = await File.ReadAllTextAsync(Path, System.Text.Encoding.Latin1, TestContext.Current.CancellationToken);
        System.Text.RegularExpressions.Regex.Count(bytes, "gks1").ShouldBe(49);
        System.Text.RegularExpressions.Regex.Count(bytes, "gk1\\.").ShouldBe(49);
        (await File.ReadAllTextAsync(Path, System.Text.Encoding.Latin1, TestContext.Current.CancellationToken)).ShouldNotContain("canary");
        using var again = Open();
        var found = again.ReadAll();
        found.ShouldAllBe(slot => slot.State == SlotState.Kept);
        found.Select(slot => (slot.Record!.Id, slot.Record.Answer.Reveal())).ShouldBe(
            records.Where((_, n) => n != 7).Select(record => (record.Id, record.Answer.Reveal())), ignoreOrder: true);

        // Only the others can be reserved.
        var free = 0;
        while (again.Reserve() is { } slot)
        {
            found.ShouldNotContain(kept => kept.Index == slot);
            free++;
        }

        free.ShouldBe(SpoolFile.SlotCount - 49);
    }

    [Fact]
    public void A_new_file_has_all_its_bytes()
    {
        using var file = Open();
        new FileInfo(Path).Length.ShouldBe(SpoolFile.Size);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(Path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Theory]
    [InlineData(60, 1)]
    [InlineData(4, 3)]
    [InlineData(30, 2)]
    public async Task A_write_that_never_ended_is_torn_and_its_slot_is_used_again(int spoiledAt, int bytes)
    {
        var slot = await KeepOne();
        Spoil(SlotStart(slot) + spoiledAt, new byte[bytes].Select(_ => (byte)0xff).ToArray());
        using var again = Open();
        again.ReadAll().ShouldHaveSingleItem().State.ShouldBe(SlotState.Torn);
        for (var n = 0; n < SpoolFile.SlotCount; n++)
            again.Reserve().ShouldNotBeNull();
        again.Reserve().ShouldBeNull("all are taken");
    }

    [Fact]
    public async Task A_record_of_another_release_or_another_key_stays()
    {
        var slot = await KeepOne();
        using (var other = Open(fill: 9))
        {
            other.ReadAll().ShouldHaveSingleItem().State.ShouldBe(SlotState.Unreadable);
            Enumerable.Range(0, SpoolFile.SlotCount).Select(_ => other.Reserve()).OfType<int>().ShouldNotContain(slot);
        }

        Spoil(SlotStart(slot) + 3, "2"u8.ToArray());
        using (var file = Open())
            file.ReadAll().ShouldHaveSingleItem().State.ShouldBe(SlotState.Unreadable);
        Spoil(SlotStart(slot) + 3, "1"u8.ToArray());
        using var back = Open();
        back.ReadAll().ShouldHaveSingleItem().State.ShouldBe(SlotState.Kept);
    }

    [Fact]
    public async Task A_file_of_another_release_is_not_touched()
    {
        await KeepOne();
        Spoil(7, "2"u8.ToArray());
        SpoolFile.Open(SpoolDisk.Open(Path, SpoolFile.Size), Box()).ShouldBeNull();
        Spoil(7, "1"u8.ToArray());
        using var back = Open();
        back.ReadAll().ShouldHaveSingleItem().State.ShouldBe(SlotState.Kept);
    }

    [Fact]
    public async Task After_a_failed_flush_nothing_more_is_entrusted_to_the_disk()
    {
        var disk = new BadDisk(SpoolDisk.Open(Path, SpoolFile.Size));
        using var file = SpoolFile.Open(disk, Box())!;
        file.ReadAll();
        (await file.Keep(file.Reserve()!.Value, Some())).ShouldBeTrue();
        disk.FlushFails = true;
        (await file.Keep(file.Reserve()!.Value, Some())).ShouldBeFalse();
        disk.FlushFails = false;
        file.IsBroken.ShouldBeTrue();
        file.Reserve().ShouldBeNull("nobody knows what the disk holds");
    }

    [Fact]
    public async Task Writes_that_come_while_the_disk_is_busy_share_the_next_flush()
    {
        var disk = new BadDisk(SpoolDisk.Open(Path, SpoolFile.Size));
        using var file = SpoolFile.Open(disk, Box())!;
        file.ReadAll();
        disk.Flushes = 0;
        disk.HoldFlush();
        var first = file.Keep(file.Reserve()!.Value, Some());
        await disk.IsFlushing;
        var others = Enumerable.Range(0, 100).Select(_ => file.Keep(file.Reserve()!.Value, Some())).ToList();
        others.ShouldAllBe(other => !other.IsCompleted);
        disk.Release();
        (await Task.WhenAll([first, .. others])).ShouldAllBe(kept => kept);
        disk.Flushes.ShouldBe(2);
    }

    [Fact]
    public async Task An_answer_longer_than_a_slot_is_not_kept_and_breaks_nothing()
    {
        using var file = Open();
        file.ReadAll();
        (await file.Keep(file.Reserve()!.Value, new SpoolRecord(Guid.NewGuid(), new Secret(new string('x', SpoolFile.SlotSize))))).ShouldBeFalse();
        file.IsBroken.ShouldBeFalse();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private SpoolFile Open(byte fill = 1) => SpoolFile.Open(SpoolDisk.Open(Path, SpoolFile.Size), Box(fill))!;

    private static SecretBox Box(byte fill = 1)
    {
        var keys = new KeyRing();
        keys.Use(new Dictionary<int, byte[]> { [1] = [.. Enumerable.Repeat(fill, 32)] });
        return new SecretBox(keys);
    }

    private static SpoolRecord Some() => new(Guid.NewGuid(), new Secret("answer"));

    private async Task<int> KeepOne()
    {
        using var file = Open();
        file.ReadAll();
        var slot = file.Reserve()!.Value;
        (await file.Keep(slot, Some())).ShouldBeTrue();
        return slot;
    }

    private static long SlotStart(int slot) => 64 + ((long)slot * SpoolFile.SlotSize);

    private void Spoil(long at, byte[] bytes)
    {
        using var stream = new FileStream(Path, FileMode.Open);
        stream.Position = at;
        stream.Write(bytes);
    }

    /// <summary>A real disk whose flush can be held or fail.</summary>
    private sealed class BadDisk(SpoolDisk inner) : ISpoolDisk
    {
        private readonly ManualResetEventSlim _mayFlush = new(true);
        private readonly TaskCompletionSource _flushing = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool FlushFails { get; set; }

        public int Flushes { get; set; }

        public Task IsFlushing => _flushing.Task;

        public long Length => inner.Length;

        public void HoldFlush() => _mayFlush.Reset();

        public void Release() => _mayFlush.Set();

        public int Read(Span<byte> into, long offset) => inner.Read(into, offset);

        public void Write(ReadOnlySpan<byte> bytes, long offset) => inner.Write(bytes, offset);

        public void Flush()
        {
            Flushes++;
            if (!_mayFlush.IsSet)
                _flushing.TrySetResult();
            _mayFlush.Wait(TestContext.Current.CancellationToken);
            if (FlushFails)
                throw new IOException("Input/output error");
            inner.Flush();
        }

        public void Dispose()
        {
            inner.Dispose();
            _mayFlush.Dispose();
        }
    }
}
