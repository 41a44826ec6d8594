using System.Net;
using System.Text;
using Grantkeeper.Egress;
using Grantkeeper.Jwt;
using static Grantkeeper.Tests.Jwt.SomeIssuer;

namespace Grantkeeper.Tests.Jwt;

[Trait("category", "security")]
public sealed class JwksCacheTests
{
    private static readonly Uri Address = new("https://idp.example.com/jwks");
    private static readonly JwtRules WithoutKeys = new() { Issuers = [Name], Audience = ClientId };
    private static readonly string Both = $$"""{"keys":[{{RsaKey(Rsa)}},{{EcKey(Ec)}}]}""";
    private static readonly string Old = $$"""{"keys":[{{EcKey(Ec)}}]}""";

    private readonly Clock _clock = new();
    private readonly ScriptedEgress _egress = new();
    private readonly JwksCache _cache;

    public JwksCacheTests() => _cache = new JwksCache(_egress, _clock);

    private async Task<JwtFault?> Judge(string token, EgressTrust trust = EgressTrust.Data) =>
        (await _cache.Verify(token, WithoutKeys, Address, trust, default)).Fault;

    private static string UnknownKey(int number) => Rs256(Claims(), $$"""{"alg":"RS256","kid":"invented-{{number}}"}""");

    [Fact]
    public async Task Keys_are_fetched_once_an_hour()
    {
        _egress.Body = Both;
        for (var call = 0; call < 5; call++) (await Judge(Rs256(Claims()))).ShouldBeNull();
        _egress.Sent.ShouldBe([(Address, EgressTrust.Data)]);
        _clock.Now += TimeSpan.FromMinutes(59);
        await Judge(Rs256(Claims()));
        _egress.Sent.Count.ShouldBe(1);
        _clock.Now += TimeSpan.FromMinutes(1);
        await Judge(Rs256(Claims()));
        _egress.Sent.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_rotated_key_is_found_with_one_more_fetch()
    {
        _egress.Body = Old;
        (await Judge(Es256(Claims()))).ShouldBeNull();
        _egress.Body = Both;
        (await Judge(Rs256(Claims()))).ShouldBeNull();
        _egress.Sent.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Invented_key_names_cause_one_fetch_a_minute()
    {
        _egress.Body = Both;
        await Judge(Rs256(Claims()));
        for (var number = 0; number < 50; number++) (await Judge(UnknownKey(number))).ShouldBe(JwtFault.KeyUnknown);
        _egress.Sent.Count.ShouldBe(2);
        _clock.Now += TimeSpan.FromSeconds(59);
        await Judge(UnknownKey(50));
        _egress.Sent.Count.ShouldBe(2);
        _clock.Now += TimeSpan.FromSeconds(1);
        await Judge(UnknownKey(51));
        _egress.Sent.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_bad_signature_causes_no_fetch()
    {
        _egress.Body = Both;
        await Judge(Rs256(Claims()));
        (await Judge(Rs256(Claims(), """{"alg":"PS256","kid":"r"}"""))).ShouldBe(JwtFault.SignatureInvalid);
        (await Judge(Rs256(Claims(), """{"alg":"none"}"""))).ShouldBe(JwtFault.AlgorithmNotAllowed);
        _egress.Sent.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Concurrent_callers_share_one_fetch_and_one_who_leaves_does_not_stop_it()
    {
        _egress.Body = Both;
        _egress.Gate = new TaskCompletionSource();
        using var impatient = new CancellationTokenSource();
        var leaving = _cache.Verify(Rs256(Claims()), WithoutKeys, Address, EgressTrust.Data, impatient.Token);
        var staying = Enumerable.Range(0, 20).Select(_ => Judge(Rs256(Claims()))).ToArray();
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => leaving);
        _egress.Gate.SetResult();
        (await Task.WhenAll(staying)).ShouldAllBe(fault => fault == null);
        _egress.Sent.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_fetch_that_fails_keeps_the_old_keys_for_a_day()
    {
        _egress.Body = Both;
        await Judge(Rs256(Claims()));
        foreach (var (status, body) in new[] { (500, Both), (200, "<html>"), (302, Both), (0, "") })
        {
            (_egress.Status, _egress.Body) = (status, body);
            _clock.Now += TimeSpan.FromHours(2);
            (await _cache.Keys(Address, EgressTrust.Data, afterMiss: false, default)).ShouldNotBeNull().Keys.Count.ShouldBe(2);
        }
        _egress.Sent.Count.ShouldBe(5);
        _clock.Now += TimeSpan.FromHours(16);
        (await Judge(Rs256(Claims()))).ShouldBe(JwtFault.KeysUnavailable);
    }

    [Fact]
    public async Task After_a_failure_the_next_try_waits_five_seconds()
    {
        _egress.Status = 0;
        for (var call = 0; call < 10; call++) (await Judge(Rs256(Claims()))).ShouldBe(JwtFault.KeysUnavailable);
        _egress.Sent.Count.ShouldBe(1);
        (_egress.Status, _egress.Body) = (200, Both);
        _clock.Now += TimeSpan.FromSeconds(5);
        (await Judge(Rs256(Claims()))).ShouldBeNull();
        _egress.Sent.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Trusts_share_no_entry_and_entries_are_bounded()
    {
        _egress.Body = Both;
        await Judge(Rs256(Claims()), EgressTrust.Operator);
        await Judge(Rs256(Claims()), EgressTrust.Data);
        _egress.Sent.Select(sent => sent.Trust).ShouldBe([EgressTrust.Operator, EgressTrust.Data]);
        _egress.Body = """{"keys":[]}""";
        for (var number = 0; number < JwksCache.MaxEntries; number++)
        {
            _clock.Now += TimeSpan.FromMilliseconds(1);
            await _cache.Keys(new Uri($"https://idp.example.com/{number}"), EgressTrust.Data, afterMiss: false, default);
        }
        var before = _egress.Sent.Count;
        await Judge(Rs256(Claims()), EgressTrust.Data);
        _egress.Sent.Count.ShouldBeGreaterThan(before);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = SomeIssuer.Now;

        public override DateTimeOffset GetUtcNow() => Now;
    }

    /// <summary>Answers with one status and body; status 0 is a connection that failed.</summary>
    private sealed class ScriptedEgress : IEgress
    {
        public int Status { get; set; } = 200;

        public string Body { get; set; } = "";

        public TaskCompletionSource? Gate { get; set; }

        public List<(Uri Address, EgressTrust Trust)> Sent { get; } = [];

        public async Task<EgressOutcome> Send(HttpRequestMessage request, EgressTrust trust, EgressLimits? limits = null, CancellationToken cancellation = default)
        {
            lock (Sent) Sent.Add((request.RequestUri!, trust));
            if (Gate is not null) await Gate.Task;
            if (Status == 0) return EgressOutcome.Failed(EgressFault.NotConnected);
            using var message = new HttpResponseMessage((HttpStatusCode)Status);
            return EgressOutcome.Answered(new EgressResponse(message, Encoding.UTF8.GetBytes(Body), SomeIssuer.Now));
        }
    }
}
