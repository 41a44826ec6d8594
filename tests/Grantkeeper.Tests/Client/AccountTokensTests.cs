using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Testing.Time;
using Microsoft.Extensions.Options;

namespace Grantkeeper.Tests.Client;

/// <summary>How tokens are kept, shared and renewed, on a clock that the test moves.</summary>
[Trait("category", "services")]
public sealed class AccountTokensTests
{
    private static readonly TokenSlot Slot = new("sandbox", "42", null, "", TimeSpan.FromSeconds(60));
    private static readonly AccountTokenRequest Request = new("sandbox", "42", null, [], TimeSpan.FromSeconds(60));
    private readonly ManualTimeProvider _time = new();
    private readonly Source _source;
    private TokenCache _cache;
    private AccountTokens _tokens;

    public AccountTokensTests()
    {
        _source = new Source(_time);
        (_cache, _tokens) = New(new TokenCacheOptions());
    }

    private (TokenCache, AccountTokens) New(TokenCacheOptions options)
    {
        var cache = new TokenCache(Options.Create(options), _time);
        return (cache, new AccountTokens(_source, cache, _time));
    }

    private async Task<CachedToken> Get(TokenSlot? slot = null) => (await _tokens.Get(slot ?? Slot, Request, TestContext.Current.CancellationToken)).Value;

    [Fact]
    public async Task Token_is_kept_as_long_as_the_server_allows()
    {
        await Get();
        _time.Advance(TimeSpan.FromSeconds(59));
        await Get();
        _source.Gets.ShouldBe(1);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Get();
        _source.Gets.ShouldBe(2);
    }

    [Fact]
    public async Task Token_is_kept_only_while_the_asked_validity_is_left()
    {
        _source.Lifetime = TimeSpan.FromSeconds(90);
        await Get();
        _time.Advance(TimeSpan.FromSeconds(29));
        await Get();
        _source.Gets.ShouldBe(1);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Get();
        _source.Gets.ShouldBe(2);
    }

    [Fact]
    public async Task Token_shorter_than_asked_is_kept_for_half_of_what_is_left()
    {
        _source.Lifetime = TimeSpan.FromSeconds(40);
        await Get();
        _time.Advance(TimeSpan.FromSeconds(19));
        await Get();
        _source.Gets.ShouldBe(1);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Get();
        _source.Gets.ShouldBe(2);
    }

    [Theory]
    [InlineData(0, 10_000, null)]
    [InlineData(60, 0, null)]
    [InlineData(60, 10_000, 0)]
    public async Task Nothing_is_kept_when_nothing_may_be(int cacheSeconds, int capacity, int? maxAge)
    {
        _source.CacheSeconds = cacheSeconds;
        (_cache, _tokens) = New(new TokenCacheOptions { Capacity = capacity, MaxAge = maxAge is { } seconds ? TimeSpan.FromSeconds(seconds) : null });
        await Get();
        await Get();
        _source.Gets.ShouldBe(2);
        _cache.Count.ShouldBe(0);
    }

    [Fact]
    public async Task Application_may_keep_tokens_for_less_but_not_for_more()
    {
        (_cache, _tokens) = New(new TokenCacheOptions { MaxAge = TimeSpan.FromSeconds(10) });
        await Get();
        _time.Advance(TimeSpan.FromSeconds(10));
        await Get();
        _source.Gets.ShouldBe(2);
        (_cache, _tokens) = New(new TokenCacheOptions { MaxAge = TimeSpan.FromHours(1) });
        await Get();
        _time.Advance(TimeSpan.FromSeconds(60));
        await Get();
        _source.Gets.ShouldBe(4);
    }

    [Fact]
    public async Task Users_accounts_and_scopes_are_kept_apart()
    {
        foreach (var slot in new[] { Slot, Slot with { UserId = "43" }, Slot with { Account = "a" }, Slot with { Scopes = "s" }, Slot with { Provider = "google" }, Slot with { MinTtl = TimeSpan.Zero } })
            await Get(slot);
        _source.Gets.ShouldBe(6);
        _cache.Count.ShouldBe(6);
    }

    [Fact]
    public async Task Memory_is_bounded_and_the_oldest_go_first()
    {
        (_cache, _tokens) = New(new TokenCacheOptions { Capacity = 100 });
        for (var i = 0; i < 1000; i++)
        {
            await Get(Slot with { UserId = $"{i}" });
            _cache.Count.ShouldBeLessThanOrEqualTo(100);
            _time.Advance(TimeSpan.FromMilliseconds(1));
        }

        _cache.Find(Slot with { UserId = "999" }).ShouldNotBeNull();
        _cache.Find(Slot with { UserId = "0" }).ShouldBeNull();
        _cache.Count.ShouldBeGreaterThan(80);
    }

    [Fact]
    public async Task Hundred_at_once_ask_once()
    {
        var held = _source.Hold();
        var calls = Enumerable.Range(0, 100).Select(_ => Get()).ToList();
        held.SetResult();
        (await Task.WhenAll(calls)).Select(token => token.Answer.AccessToken).Distinct().ShouldHaveSingleItem();
        _source.Gets.ShouldBe(1);
    }

    [Fact]
    public async Task Caller_who_gives_up_leaves_the_question_to_the_others()
    {
        var held = _source.Hold();
        using var gaveUp = new CancellationTokenSource();
        var impatient = _tokens.Get(Slot, Request, gaveUp.Token).AsTask();
        var patient = Get();
        await gaveUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => impatient);
        held.SetResult();
        (await patient).Answer.Generation.ShouldBe(1);
        _source.Gets.ShouldBe(1);
    }

    [Fact]
    public async Task Refusal_is_not_kept()
    {
        _source.Problem = new Problem("tokens.reauthorization_required", "", "");
        (await _tokens.Get(Slot, Request, TestContext.Current.CancellationToken)).Problem!.Code.ShouldBe("tokens.reauthorization_required");
        _source.Problem = null;
        (await Get()).Answer.Generation.ShouldBe(1);
    }

    [Fact]
    public async Task Hundred_refused_at_once_report_once_and_get_the_next_token()
    {
        var refused = await Get();
        var held = _source.Hold();
        var renewals = Enumerable.Range(0, 100).Select(_ => _tokens.Renew(Slot, Request, refused, true, null, TestContext.Current.CancellationToken)).ToList();
        held.SetResult();
        (await Task.WhenAll(renewals)).ShouldAllBe(renewed => renewed!.Value.Value.Answer.Generation == 2);
        _source.Rejections.ShouldBe([1L]);
        _source.Gets.ShouldBe(2);
        (await Get()).Answer.Generation.ShouldBe(2);
        _source.Gets.ShouldBe(2);
        // One more who was refused with the old token finds the new one there.
        (await _tokens.Renew(Slot, Request, refused, true, null, TestContext.Current.CancellationToken))!.Value.Value.Answer.Generation.ShouldBe(2);
        _source.Gets.ShouldBe(2);
    }

    [Fact]
    public async Task Request_that_comes_during_a_renewal_waits_for_it()
    {
        var refused = await Get();
        var held = _source.Hold();
        var renewal = _tokens.Renew(Slot, Request, refused, true, null, TestContext.Current.CancellationToken);
        var newcomer = Get();
        held.SetResult();
        (await newcomer).Answer.Generation.ShouldBe(2);
        (await renewal)!.Value.Value.Answer.Generation.ShouldBe(2);
        _source.Gets.ShouldBe(2);
    }

    [Fact]
    public async Task Renewal_does_not_take_the_refused_token_from_somebody_elses_question()
    {
        (_cache, _tokens) = New(new TokenCacheOptions { Capacity = 0 });
        var refused = await Get();
        var held = _source.Hold();
        var other = Get();
        var renewal = _tokens.Renew(Slot, Request, refused, true, null, TestContext.Current.CancellationToken);
        held.SetResult();
        (await other).Answer.Generation.ShouldBe(1);
        (await renewal)!.Value.Value.Answer.Generation.ShouldBe(2);
        _source.Rejections.ShouldBe([1L]);
    }

    [Fact]
    public async Task New_token_that_is_refused_at_once_is_not_renewed_again()
    {
        var renewed = (await _tokens.Renew(Slot, Request, await Get(), true, null, TestContext.Current.CancellationToken))!.Value.Value;
        (await _tokens.Renew(Slot, Request, renewed, true, null, TestContext.Current.CancellationToken)).ShouldBeNull();
        _source.Rejections.ShouldBe([1L]);
        _time.Advance(TimeSpan.FromSeconds(30));
        (await _tokens.Renew(Slot, Request, renewed, true, null, TestContext.Current.CancellationToken))!.Value.Value.Answer.Generation.ShouldBe(3);
    }

    [Fact]
    public async Task New_consent_is_found_at_once_although_the_token_has_just_been_renewed()
    {
        var renewed = (await _tokens.Renew(Slot, Request, await Get(), true, null, TestContext.Current.CancellationToken))!.Value.Value;
        _source.ConnectAgain();
        (await _tokens.Renew(Slot, Request, renewed, true, null, TestContext.Current.CancellationToken))!.Value.Value.Answer.Generation.ShouldBe(3);
        _source.Rejections.ShouldBe([1L]);
    }

    [Fact]
    public async Task Token_that_was_there_already_is_reported_when_it_is_refused_too()
    {
        var old = await Get();
        _source.ConnectAgain();
        var present = (await _tokens.Renew(Slot, Request, old, true, null, TestContext.Current.CancellationToken))!.Value.Value;
        present.Answer.Generation.ShouldBe(2);
        (await _tokens.Renew(Slot, Request, present, true, null, TestContext.Current.CancellationToken))!.Value.Value.Answer.Generation.ShouldBe(3);
        _source.Rejections.ShouldBe([1L, 2L]);
    }

    [Fact]
    public async Task Account_is_renewed_once_in_a_pause_also_where_no_token_is_kept()
    {
        (_cache, _tokens) = New(new TokenCacheOptions { Capacity = 0 });
        for (var i = 0; i < 5; i++)
            await _tokens.Renew(Slot, Request, await Get(), true, null, TestContext.Current.CancellationToken);
        _source.Rejections.ShouldBe([1L]);
        _time.Advance(RecentRenewals.Pause);
        await _tokens.Renew(Slot, Request, await Get(), true, null, TestContext.Current.CancellationToken);
        _source.Rejections.ShouldBe([1L, 2L]);
    }

    [Fact]
    public async Task Token_without_an_end_is_not_reported_for_a_refusal_without_a_reason()
    {
        _source.Lifetime = null;
        var refused = await Get();
        (await _tokens.Renew(Slot, Request, refused, false, null, TestContext.Current.CancellationToken)).ShouldBeNull();
        _source.Rejections.ShouldBeEmpty();
        _source.ConnectAgain();
        (await _tokens.Renew(Slot, Request, refused, false, null, TestContext.Current.CancellationToken))!.Value.Value.Answer.Generation.ShouldBe(2);
        (await _tokens.Renew(Slot, Request, await Get(), true, null, TestContext.Current.CancellationToken))!.Value.Value.Answer.Generation.ShouldBe(3);
        _source.Rejections.ShouldBe([2L]);
    }

    [Fact]
    public void Renewals_are_remembered_for_a_pause_and_then_forgotten()
    {
        var renewals = new RecentRenewals(_time);
        var last = Guid.NewGuid();
        for (var i = 0; i < 1000; i++)
        {
            renewals.Add(last = Guid.NewGuid());
            renewals.Add(last);
            _time.Advance(TimeSpan.FromSeconds(1));
            renewals.Count.ShouldBeLessThanOrEqualTo(30);
        }

        renewals.Has(last).ShouldBeTrue();
        renewals.Has(Guid.NewGuid()).ShouldBeFalse();
        _time.Advance(RecentRenewals.Pause);
        renewals.Has(last).ShouldBeFalse();
    }

    [Fact]
    public async Task Same_token_again_is_no_renewal()
    {
        _source.Stubborn = true;
        (await _tokens.Renew(Slot, Request, await Get(), true, null, TestContext.Current.CancellationToken)).ShouldBeNull();
    }

    [Fact]
    public async Task Slow_answer_does_not_put_back_an_older_token()
    {
        var old = await Get();
        await _tokens.Renew(Slot, Request, old, true, null, TestContext.Current.CancellationToken);
        _cache.Keep(Slot, old, _time.GetTimestamp());
        _cache.Find(Slot)!.Answer.Generation.ShouldBe(2);
    }

    [Fact]
    public async Task Trouble_of_the_source_reaches_every_caller_and_is_over_with_them()
    {
        var held = _source.Hold();
        var calls = new[] { Get(), Get() };
        held.SetException(new InvalidDataException("boom"));
        foreach (var call in calls)
            await Should.ThrowAsync<InvalidDataException>(() => call);
        (await Get()).Answer.Generation.ShouldBe(1);
    }

    [Fact]
    public async Task Kept_token_does_not_print() => $"{await Get()} {System.Text.Json.JsonSerializer.Serialize<object>(_cache)}".ShouldNotContain("secret-1");

    /// <summary>Grantkeeper, as far as a handler sees it.</summary>
    private sealed class Source(TimeProvider time) : IAccessTokenSource
    {
        private TaskCompletionSource? _held;
        private long _generation = 1;
        private int _gets;

        public int Gets => _gets;

        public List<long> Rejections { get; } = [];

        public Problem? Problem { get; set; }

        public bool Stubborn { get; set; }

        public int CacheSeconds { get; set; } = 60;

        /// <summary>Null for a token that never ends.</summary>
        public TimeSpan? Lifetime { get; set; } = TimeSpan.FromHours(1);

        /// <summary>The user connects again: another token, and nobody has reported the old one.</summary>
        public void ConnectAgain() => _generation++;

        /// <summary>The next answer waits until the test lets it go.</summary>
        public TaskCompletionSource Hold() => _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<Answer<AccessTokenAnswer>> Get(AccountTokenRequest request, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _gets);
            if (Interlocked.Exchange(ref _held, null) is { } held)
                await held.Task;
            if (Problem is { } problem)
                return problem;
            return new AccessTokenAnswer
            {
                AccessToken = $"secret-{_generation}", TokenType = "Bearer", ExpiresAt = time.GetUtcNow() + Lifetime, Scopes = [], IntegrationId = Guid.Empty,
                Generation = _generation, CacheSeconds = CacheSeconds, Warning = null,
            };
        }

        public Task<Answer<TokenRejectedAnswer>> Reject(AccountTokenRequest request, AccessTokenAnswer token, string? claims, CancellationToken cancellation)
        {
            Rejections.Add(token.Generation);
            var accepted = token.Generation == _generation;
            if (accepted && !Stubborn)
                _generation++;
            return Task.FromResult<Answer<TokenRejectedAnswer>>(new TokenRejectedAnswer(accepted));
        }
    }
}
