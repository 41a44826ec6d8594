using Grantkeeper.Encryption;
using Grantkeeper.OAuth;

namespace Grantkeeper.Tests.OAuth;

[Trait("category", "providers")]
public sealed class AuthorizationNamesTests
{
    [Fact]
    public void Parameters_go_by_the_names_that_a_provider_has_for_them_or_not_at_all()
    {
        var url = new AuthorizationRequest
        {
            AuthorizationEndpoint = new Uri("https://provider.example/install"), ClientId = "app", RedirectUri = "https://x.example/cb", Scopes = ScopeSet.Empty, State = new Secret("s"),
            Names = new Dictionary<string, string> { ["client_id"] = "appId", ["redirect_uri"] = "redirectUrl", ["response_type"] = "" },
        }.ToUrl().Reveal();
        url.ShouldBe("https://provider.example/install?appId=app&redirectUrl=https%3A%2F%2Fx.example%2Fcb&state=s");
    }
}
