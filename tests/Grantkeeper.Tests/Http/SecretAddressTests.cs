using Grantkeeper.Encryption;
using Grantkeeper.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.Tests.Http;

[Trait("category", "security")]
public sealed class SecretAddressTests
{
    private static readonly ServiceProvider Services = new ServiceCollection().AddOptions().BuildServiceProvider();

    private static HttpContext Create(string path, string query = "")
    {
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature { Path = path, QueryString = query, RawTarget = path + query, Method = "GET", Scheme = "https" });
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        return new SecretAddressContextFactory(Services).Create(features);
    }

    private static string Visible(HttpContext http) =>
        $"{http.Request.Path}{http.Request.QueryString}|{http.Features.Get<IHttpRequestFeature>()!.RawTarget}|{http.Request.Query.Count}";

    [Theory]
    [InlineData("/oauth/google/callback"), InlineData("/OAuth/Google/CALLBACK"), InlineData("/api/v1/oauth/callback"), InlineData("/oauth/google/callback/"), InlineData("/oauth/generic-oidc/callback"), InlineData("/sign-in/callback")]
    public void The_query_of_a_callback_is_hidden_and_kept_for_our_route(string path)
    {
        var http = Create(path, "?code=canary-1&state=canary-2");
        Visible(http).ShouldNotContain("canary");
        http.Request.Query.Count.ShouldBe(0);
        http.Request.Path.Value.ShouldBe(path);
        http.Features.Get<SecretAddress>()!.Query.ShouldBe("?code=canary-1&state=canary-2");
    }

    [Theory]
    [InlineData("/oauth/start/"), InlineData("/sign-in/"), InlineData("/connect/"), InlineData("/OAUTH/Start/")]
    public void The_handle_of_a_link_is_masked_and_kept_for_our_route(string route)
    {
        var handle = RandomHandle.New().Reveal();
        foreach (var end in new[] { "", "/" })
        {
            var http = Create(route + handle + end, "?x=1");
            http.Request.Path.Value.ShouldBe(route + SecretAddress.Mask);
            Visible(http).ShouldNotContain(handle[..12]);
            http.Features.Get<SecretAddress>()!.Handle.ShouldBe(handle);
        }
    }

    [Theory]
    [InlineData("/connect/integrations/01980000-0000-7000-8000-000000000001"), InlineData("/connect"), InlineData("/connect/"), InlineData("/oauth/start/"), InlineData("/oauth/start"), InlineData("/sign-in"), InlineData("/oauth/google/auth")]
    [InlineData("/connect/not-a-handle"), InlineData("/connect/assets/app.css"), InlineData("/oauth/google/callbacks"), InlineData("/shop/oauth/google/callback-list"), InlineData("/callback"), InlineData("/api/v1/oauth/integrations"), InlineData("/"), InlineData("")]
    public void An_address_without_a_secret_is_left_as_it_is(string path)
    {
        var http = Create(path, "?user_id=ann");
        (http.Request.Path.Value, http.Request.QueryString.Value).ShouldBe((path, "?user_id=ann"));
        http.Features.Get<SecretAddress>().ShouldBeNull();
    }

    [Fact]
    public void The_feature_never_prints_what_it_holds() =>
        $"{new SecretAddress("?code=canary-1", "canary-2")}".ShouldNotContain("canary");
}
