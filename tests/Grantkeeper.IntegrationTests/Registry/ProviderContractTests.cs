using Grantkeeper.Client;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Registry;
using Grantkeeper.Sandbox.Faults;

namespace Grantkeeper.IntegrationTests.Registry;

/// <summary>
/// One contract for every provider (R13 to R36): each operation, by method and over HTTP, for a user who is connected, one who
/// never was, at a provider that is down, and at one that is not configured.
/// </summary>
[Trait("category", "providers")]
public sealed class ProviderContractTests : IClassFixture<ProviderContractTests.Fixture>
{
    private readonly ContractWorld _world;

    public ProviderContractTests(Fixture fixture) => _world = fixture.World;

    public static TheoryData<string> Keys() => [.. ContractWorld.Keys];

    private static bool Renews(string key) => key != "wordpress";

    [Theory, MemberData(nameof(Keys))]
    public async Task A_user_who_was_never_connected(string key)
    {
        foreach (var operation in ContractOperation.All)
        {
            var outcome = await _world.Run(operation, key, ContractWorld.NoCallback("never_1"), ContractWorld.NoCallback("never_2"));
            outcome.ShouldBe(operation.Name switch
            {
                ContractOperation.Refresh => "integrations.not_connected",
                ContractOperation.Complete => "connect.state_unknown",
                _ => "ok",
            }, $"{key} {operation.Name}");
        }

        (await _world.Registry.Get(key).Value.GetStatus("never_1")).Value.Connected.ShouldBeFalse();
        (await _world.Registry.Get(key).Value.ListAccounts("never_1")).Value.Accounts.ShouldBeEmpty();
    }

    [Theory, MemberData(nameof(Keys))]
    public async Task A_user_who_connects_by_handing_the_callback_in(string key)
    {
        var provider = _world.Registry.Get(key).Value;
        var (inside, outside) = (await _world.CallbackOf(key, $"in_{key}"), await _world.CallbackOf(key, $"out_{key}"));
        var complete = ContractOperation.All.Single(operation => operation.Name == ContractOperation.Complete);
        (await _world.Run(complete, key, inside, outside)).ShouldBe("ok");
        _world.Tokens().ShouldNotBeEmpty("the answers are searched for what the provider has handed out");

        var status = (await provider.GetStatus(inside.UserId!)).Value;
        (status.Connected, status.ProviderKey, status.DisplayName, status.Refreshable).ShouldBe((true, key, provider.DisplayName, Renews(key)));
        (await provider.ListAccounts(inside.UserId!)).Value.Accounts.Count.ShouldBe(1);
        foreach (var operation in ContractOperation.All)
        {
            var outcome = await _world.Run(operation, key, inside, outside);
            outcome.ShouldBe(operation.Name switch
            {
                ContractOperation.Refresh when !Renews(key) => "tokens.refresh_unsupported",
                ContractOperation.Complete => "connect.state_used",
                _ => "ok",
            }, $"{key} {operation.Name}");
        }

        (await provider.GetStatus(inside.UserId!)).Value.Connected.ShouldBeFalse("disconnected last");
    }

    [Theory, MemberData(nameof(Keys))]
    public async Task A_provider_that_is_down(string key)
    {
        var complete = ContractOperation.All.Single(operation => operation.Name == ContractOperation.Complete);
        foreach (var user in new[] { $"down_1_{key}", $"down_2_{key}" })
            (await complete.ByMethod(_world.Registry.Get(key).Value, await _world.CallbackOf(key, user))).Outcome.ShouldBe("ok");
        var (inside, outside) = (await _world.CallbackOf(key, $"down_1_{key}"), await _world.CallbackOf(key, $"down_2_{key}"));
        _world.ServerOf(key).Faults.Add(new Fault(FaultEndpoint.All, FaultMode.Status, 503, Count: 0));
        try
        {
            foreach (var operation in ContractOperation.All)
            {
                var outcome = await _world.Run(operation, key, inside, outside);
                outcome.ShouldBe(operation.Name switch
                {
                    ContractOperation.Refresh => Renews(key) ? "tokens.provider_unavailable" : "tokens.refresh_unsupported",
                    ContractOperation.Complete => "connect.exchange_failed",
                    _ => "ok",
                }, $"{key} {operation.Name}");
            }
        }
        finally
        {
            _world.ServerOf(key).Faults.Clear();
        }
    }

    [Fact]
    public void Every_offered_provider_is_listed_once_and_found_by_any_spelling_of_its_key()
    {
        var all = _world.Registry.All;
        all.Select(provider => provider.Key).ShouldBeUnique();
        foreach (var key in ContractWorld.Keys)
            all.ShouldContain(provider => provider.Key == key);
        foreach (var provider in all)
        {
            foreach (var spelling in new[] { provider.Key, provider.Key.ToUpperInvariant(), provider.Key.Replace('_', '-') })
                _world.Registry.Get(spelling).Value.ShouldBeSameAs(provider);
            provider.DisplayName.ShouldNotBeNullOrWhiteSpace();
        }

        _world.Registry.Get("nope").Failure.ShouldNotBeNull().Code.Code.ShouldBe("providers.unknown");
        (_world.Registry.Get("wordpress").Value.Capabilities.Refresh, _world.Registry.Get("google").Value.Capabilities.Refresh).ShouldBe((false, true));
    }

    [Fact]
    public async Task The_listing_over_HTTP_names_the_same_providers_with_the_same_capabilities()
    {
        var listed = (await _world.World.Host.Get("/oauth/providers")).Json["providers"]!.AsArray();
        listed.Select(entry => (string)entry!["key"]!).ShouldBe(_world.Registry.All.Select(provider => provider.Key));
        foreach (var entry in listed)
        {
            var provider = _world.Registry.Get((string)entry!["key"]!).Value;
            ((string)entry["display_name"]!).ShouldBe(provider.DisplayName);
            ((bool)entry["capabilities"]!["refresh"]!, (bool)entry["capabilities"]!["revoke"]!, (bool)entry["capabilities"]!["pkce"]!)
                .ShouldBe((provider.Capabilities.Refresh, provider.Capabilities.Revoke, provider.Capabilities.Pkce), provider.Key);
        }
    }

    /// <summary>Those that nobody has registered a client for: some sixty of them.</summary>
    [Fact]
    public async Task A_provider_that_is_not_configured()
    {
        var bare = _world.Registry.All.Where(provider => !ContractWorld.Keys.Contains(provider.Key)).ToList();
        bare.Count.ShouldBeGreaterThan(20);
        foreach (var provider in bare)
        {
            foreach (var operation in ContractOperation.All)
            {
                var outcome = await _world.Run(operation, provider.Key, ContractWorld.NoCallback("bare_1"), ContractWorld.NoCallback("bare_2"));
                outcome.ShouldBe(operation.Name switch
                {
                    ContractOperation.GetAuthorizationUrl => "providers.not_configured",
                    ContractOperation.Refresh => "integrations.not_connected",
                    ContractOperation.Complete => "connect.state_unknown",
                    _ => "ok",
                }, $"{provider.Key} {operation.Name}");
            }
        }
    }

    [Theory]
    [InlineData(null, "identity.user_required"), InlineData("", "identity.user_invalid"), InlineData("~system", "identity.user_invalid"), InlineData("a\0b", "identity.user_invalid")]
    public async Task A_user_who_cannot_be_one_is_refused_by_every_operation_that_needs_one(string? user, string code)
    {
        foreach (var operation in ContractOperation.All.Where(operation => operation.Name != ContractOperation.GetHealth))
            (await operation.ByMethod(_world.Registry.Get("sandbox").Value, new CallbackRequest { UserId = user, Code = "a", State = "b" })).Outcome.ShouldBe(code, operation.Name);
    }

    [Fact]
    public async Task Text_that_no_database_can_hold_is_a_refusal_too()
    {
        var provider = _world.Registry.Get("sandbox").Value;
        (await provider.Refresh("text_1", accountId: "a\0b")).Failure.ShouldNotBeNull().Code.Code.ShouldBe("requests.invalid");
        (await provider.Disconnect("text_1", accountId: "a\0b")).Failure.ShouldNotBeNull().Code.Code.ShouldBe("requests.invalid");
    }

    [Fact]
    public async Task The_documents_lines_say_how_a_user_stands_and_where_to_go()
    {
        (await Standing(_world.Registry, "document_1", TestContext.Current.CancellationToken)).ShouldStartWith($"{_world.World.Host.Origin}/oauth/start/");
        await _world.World.Connect("document_1");
        (await Standing(_world.Registry, "document_1", TestContext.Current.CancellationToken)).ShouldStartWith("Sandbox is connected until 2");
    }

    private static async Task<string> Standing(IIntegrationRegistry registry, string userId, CancellationToken cancellation)
    {
        #region snippet embedding.registry
        if (!registry.Get("sandbox").TryGet(out var provider, out var failure))
            return failure.Message;
        var status = await provider.GetStatus(userId, cancellation);
        if (status.TryGet(out var now, out failure) && now.Connected)
            return $"{provider.DisplayName} is connected until {now.ExpiresAt:u}";
        var link = await provider.GetAuthorizationUrl(userId, new AuthorizationUrlOptions { ReturnTo = "/settings" }, cancellation);
        return link.TryGet(out var start, out failure) ? start.AuthUrl : $"{failure.Code.Code}: {failure.Message}";
        #endregion
    }

    /// <summary>One world for all of them; users keep the tests apart.</summary>
    public sealed class Fixture : IAsyncLifetime
    {
        internal ContractWorld World { get; private set; } = null!;

        public async ValueTask InitializeAsync() => World = await ContractWorld.Start();

        public ValueTask DisposeAsync() => World.DisposeAsync();
    }
}
