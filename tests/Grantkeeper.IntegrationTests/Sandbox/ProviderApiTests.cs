using System.Net;
using Grantkeeper.Sandbox.Control;

namespace Grantkeeper.IntegrationTests.Sandbox;

[Trait("category", "sandbox")]
public sealed class ProviderApiTests : IAsyncLifetime
{
    private SandboxHost host = null!;

    public async ValueTask InitializeAsync() => host = await SandboxHost.Start();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task The_metadata_names_this_origin()
    {
        var metadata = (await host.Get("/.well-known/openid-configuration")).Json;
        ((string?)metadata["issuer"]).ShouldBe(host.Origin);
        ((string?)metadata["token_endpoint"]).ShouldBe(host.Origin + "/token");
        ((bool)metadata["authorization_response_iss_parameter_supported"]!).ShouldBeTrue();
        metadata["code_challenge_methods_supported"]!.AsArray().Select(value => (string?)value).ShouldBe(["S256"]);
        metadata["scopes_supported"]!.AsArray().Count.ShouldBe(7);
        metadata["token_endpoint_auth_methods_supported"]!.AsArray().Count.ShouldBe(3);
    }

    [Fact]
    public async Task Userinfo_and_account_say_what_was_granted()
    {
        var all = (string?)(await host.Connect())["access_token"];
        var user = (await host.Get("/userinfo", all)).Json;
        ((string?)user["sub"]).ShouldBe("alice");
        ((string?)user["email"]).ShouldBe("alice@example.com");
        ((string?)user["picture"]).ShouldBe(host.Origin + "/people/alice.svg");
        ((string?)(await host.Get("/api/me", all)).Json["name"]).ShouldBe("Alice Archer");

        var little = (string?)(await host.Connect("bob+auto", "files.readonly"))["access_token"];
        (await host.Get("/userinfo", little)).Status.ShouldBe(HttpStatusCode.Forbidden);
        var me = (await host.Get("/api/me", little)).Json;
        ((string?)me["id"]).ShouldBe("bob");
        me["name"].ShouldBeNull();
    }

    [Fact]
    public async Task Lists_are_paged_and_differ_by_person()
    {
        var alice = (string?)(await host.Connect())["access_token"];
        var first = (await host.Get("/api/calendar/events?limit=3", alice)).Json;
        first["items"]!.AsArray().Count.ShouldBe(3);
        ((string?)first["next_cursor"]).ShouldBe("3");
        var rest = (await host.Get("/api/calendar/events?limit=3&cursor=3", alice)).Json;
        rest["items"]!.AsArray().Count.ShouldBe(2);
        rest["next_cursor"].ShouldBeNull();
        (await host.Get("/api/files?limit=x", alice)).Json["items"]!.AsArray().Count.ShouldBe(3);

        var bob = (string?)(await host.Connect("bob+auto", "calendar.write"))["access_token"];
        (await host.Get("/api/calendar/events", bob)).Json["items"]!.AsArray().Count.ShouldBe(1);
        var carol = (string?)(await host.Connect("carol+auto"))["access_token"];
        (await host.Get("/api/files", carol)).Json["items"]!.AsArray().ShouldBeEmpty();
        host.State.Counters[Counter.ApiCalls].ShouldBe(5);
    }

    [Fact]
    public async Task A_call_without_a_token_is_asked_for_one()
    {
        var reply = await host.Get("/api/files");
        reply.Status.ShouldBe(HttpStatusCode.Unauthorized);
        reply.Headers.WwwAuthenticate.Single().ToString().ShouldBe("Bearer realm=\"sandbox\"");
    }

    [Fact]
    public async Task A_bad_token_is_named_so()
    {
        var reply = await host.Get("/api/me", "sbx_at_unknown");
        reply.Status.ShouldBe(HttpStatusCode.Unauthorized);
        reply.Headers.WwwAuthenticate.Single().ToString().ShouldContain("error=\"invalid_token\"");

        var token = (string?)(await host.Connect())["access_token"];
        host.State.Clock.Advance(TimeSpan.FromSeconds(3601));
        (await host.Get("/api/me", token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_narrow_token_is_told_what_it_lacks()
    {
        var token = (string?)(await host.Connect(scope: "openid files.readonly"))["access_token"];
        var reply = await host.Get("/api/calendar/events", token);
        reply.Status.ShouldBe(HttpStatusCode.Forbidden);
        reply.Error.ShouldBe("insufficient_scope");
        reply.Headers.WwwAuthenticate.Single().ToString().ShouldContain("scope=\"calendar.readonly calendar.write\"");
    }
}
