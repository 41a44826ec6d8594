using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Tests.OAuth;

[Trait("category", "security")]
public sealed class AuthorizationRequestTests
{
    private static AuthorizationRequest Plain(string endpoint = "https://idp.example.com/authorize") => new()
    {
        AuthorizationEndpoint = new Uri(endpoint),
        ClientId = "client-1",
        RedirectUri = "https://app.example.com/oauth/idp/callback",
        Scopes = ScopeSet.Of(["openid", "calendar.readonly"]),
        State = new Secret("st-1"),
    };

    [Fact]
    public void The_smallest_request_has_five_parameters_in_a_fixed_order() => Plain().ToUrl().Reveal().ShouldBe(
        "https://idp.example.com/authorize?response_type=code&client_id=client-1"
        + "&redirect_uri=https%3A%2F%2Fapp.example.com%2Foauth%2Fidp%2Fcallback&scope=openid%20calendar.readonly&state=st-1");

    [Fact]
    public void Everything_that_can_be_sent_is_sent_once()
    {
        var request = Plain() with
        {
            CodeChallenge = "ch", Nonce = new Secret("n-1"), LoginHint = "ann@example.com", ResponseMode = "form_post",
            Extra = new Dictionary<string, string> { ["access_type"] = "offline", ["prompt"] = "consent select_account" },
        };
        var url = request.ToUrl().Reveal();
        url.ShouldEndWith("&state=st-1&code_challenge=ch&code_challenge_method=S256&nonce=n-1&login_hint=ann%40example.com&response_mode=form_post&access_type=offline&prompt=consent%20select_account");
        var names = new Uri(url).Query[1..].Split('&').Select(pair => pair.Split('=')[0]).ToList();
        names.Distinct().Count().ShouldBe(names.Count);
    }

    [Theory]
    [InlineData("https://idp.example.com/a?tenant=x", "https://idp.example.com/a?tenant=x&response_type=code&")]
    [InlineData("https://idp.example.com/a?", "https://idp.example.com/a?response_type=code&")]
    [InlineData("https://idp.example.com", "https://idp.example.com/?response_type=code&")]
    public void A_query_of_the_endpoint_is_kept(string endpoint, string start) => Plain(endpoint).ToUrl().Reveal().ShouldStartWith(start);

    [Fact]
    public void Values_cannot_break_out_of_their_parameter()
    {
        var url = (Plain() with { LoginHint = "a&client_id=evil#x=ü+ \r\n", State = new Secret("s&t=1") }).ToUrl().Reveal();
        url.ShouldContain("&login_hint=a%26client_id%3Devil%23x%3D%C3%BC%2B%20%0D%0A");
        url.ShouldContain("&state=s%26t%3D1&");
        new Uri(url).Fragment.ShouldBeEmpty();
    }

    [Fact]
    public void Scopes_are_joined_the_way_the_provider_reads_them() =>
        (Plain() with { ScopeSeparator = "," }).ToUrl().Reveal().ShouldContain("&scope=openid%2Ccalendar.readonly&");

    [Fact]
    public void Without_scopes_no_scope_parameter_is_sent() =>
        (Plain() with { Scopes = ScopeSet.Empty }).ToUrl().Reveal().ShouldNotContain("scope");

    [Fact]
    public void The_url_and_the_request_never_print_their_state()
    {
        var request = Plain() with { State = new Secret("canary-state"), Nonce = new Secret("canary-nonce") };
        $"{request} {request.ToUrl()}".ShouldNotContain("canary");
    }
}
