using System.Net;
using Grantkeeper.Identity;
using Grantkeeper.Testing.Time;

namespace Grantkeeper.Tests.Identity;

[Trait("category", "security")]
public sealed class SignInLimitTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Ten_tries_a_minute_and_address()
    {
        var limit = new SignInLimit(_time);
        var address = IPAddress.Parse("192.0.2.7");
        for (var tries = 0; tries < SignInLimit.TriesPerWindow; tries++)
            limit.Count(address).ShouldBeNull();
        limit.Count(address).ShouldBe(SignInLimit.Window);
        limit.Count(IPAddress.Parse("::ffff:192.0.2.7")).ShouldNotBeNull();
        limit.Count(IPAddress.Parse("192.0.2.8")).ShouldBeNull();
        limit.Count(null).ShouldBeNull();
        _time.Advance(SignInLimit.Window - TimeSpan.FromSeconds(1));
        limit.Count(address).ShouldBe(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        limit.Count(address).ShouldBeNull();
    }

    [Fact]
    public void A_right_key_gives_the_tries_back()
    {
        var limit = new SignInLimit(_time);
        for (var tries = 0; tries <= SignInLimit.TriesPerWindow; tries++)
            limit.Count(IPAddress.Loopback);
        limit.Clear(IPAddress.Loopback);
        limit.Count(IPAddress.Loopback).ShouldBeNull();
    }

    [Fact]
    public void A_network_of_64_bits_counts_as_one()
    {
        var limit = new SignInLimit(_time);
        for (var tries = 0; tries < SignInLimit.TriesPerWindow; tries++)
            limit.Count(IPAddress.Parse($"2001:db8:1:2::{tries + 1:x}")).ShouldBeNull();
        limit.Count(IPAddress.Parse("2001:db8:1:2:ffff::9")).ShouldNotBeNull();
        limit.Count(IPAddress.Parse("2001:db8:1:3::1")).ShouldBeNull();
    }

    [Fact]
    public void Many_addresses_do_not_fill_the_memory()
    {
        var limit = new SignInLimit(_time);
        for (var network = 0; network < 25_000; network++)
            limit.Count(new IPAddress(network + 1)).ShouldBeNull();
        limit.Known.ShouldBeLessThanOrEqualTo(10_000);
    }
}
