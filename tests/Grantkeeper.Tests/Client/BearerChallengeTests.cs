using Grantkeeper.Client;

namespace Grantkeeper.Tests.Client;

[Trait("category", "services")]
public sealed class BearerChallengeTests
{
    [Theory]
    [InlineData("Bearer error=\"invalid_token\"", "invalid_token", "")]
    [InlineData("Bearer realm=\"a, b\", error=\"invalid_token\", error_description=\"say \\\"please\\\", again\"", "invalid_token", "")]
    [InlineData("bearer ERROR=invalid_token", "invalid_token", "")]
    [InlineData("Bearer realm=\"x\",error=\"insufficient_scope\",scope=\"calendar.read  files.read\"", "insufficient_scope", "calendar.read files.read")]
    [InlineData("Bearer scope=\"a\", error=insufficient_scope", "insufficient_scope", "a")]
    [InlineData("Bearer", null, "")]
    [InlineData("Bearer realm=\"invalid_token\"", null, "")]
    [InlineData("Bearer error_description=\"error=\\\"invalid_token\\\"\"", null, "")]
    [InlineData("Bearer error=\"invalid_token", null, "")]
    [InlineData("Basic error=\"invalid_token\"", null, "")]
    [InlineData("Bearer dG9rZW42OA==", null, "")]
    public void What_an_api_says_is_read(string header, string? error, string scopes)
    {
        using var response = new HttpResponseMessage();
        response.Headers.TryAddWithoutValidation("WWW-Authenticate", header);
        var challenge = BearerChallenge.Of(response);
        challenge.Error.ShouldBe(error);
        string.Join(' ', challenge.Scopes).ShouldBe(scopes);
    }

    [Theory]
    [InlineData("Bearer realm=\"\", authorization_uri=\"https://login.example.com/authorize\", error=\"insufficient_claims\", claims=\"eyJh==\"", "eyJh==")]
    [InlineData("Bearer error=\"insufficient_claims\"", null)]
    [InlineData("Bearer error=\"invalid_token\", claims=\"eyJh\"", null)]
    public void Claims_belong_to_their_error(string header, string? claims)
    {
        using var response = new HttpResponseMessage();
        response.Headers.TryAddWithoutValidation("WWW-Authenticate", header);
        BearerChallenge.Of(response).Claims.ShouldBe(claims);
    }

    [Fact]
    public void Second_challenge_counts_when_the_first_names_no_error()
    {
        using var response = new HttpResponseMessage();
        response.Headers.TryAddWithoutValidation("WWW-Authenticate", "Basic realm=\"x\"");
        response.Headers.TryAddWithoutValidation("WWW-Authenticate", "Bearer realm=\"x\"");
        response.Headers.TryAddWithoutValidation("WWW-Authenticate", "Bearer error=\"invalid_token\"");
        BearerChallenge.Of(response).Error.ShouldBe("invalid_token");
    }
}
