using System.Text;
using Grantkeeper.OAuth;

namespace Grantkeeper.Tests.OAuth;

[Trait("category", "services")]
public sealed class TokenJudgeTests
{
    private const string Json = "application/json";

    private static (TokenResponse? Response, TokenFailure? Failure) Judge(
        int status, string body, string? contentType = Json, TimeSpan? retryAfter = null, string separator = " ") =>
        Judge(status, Encoding.UTF8.GetBytes(body), contentType, retryAfter, separator);

    private static (TokenResponse? Response, TokenFailure? Failure) Judge(
        int status, byte[] body, string? contentType = Json, TimeSpan? retryAfter = null, string separator = " ")
    {
        var good = TokenEndpoint.Judge(status, contentType, body, retryAfter, separator, out var response, out var failure);
        good.ShouldBe(failure is null);
        good.ShouldBe(response is not null);
        return (response, failure);
    }

    private static TokenResponse Good(string body, string? contentType = Json, string separator = " ") =>
        Judge(200, body, contentType, separator: separator).Response.ShouldNotBeNull();

    [Fact]
    public void A_full_answer_is_read()
    {
        var read = Good("""{"access_token":"at","token_type":"Bearer","expires_in":3600,"refresh_token":"rt","id_token":"it","scope":"a b"}""");
        (read.AccessToken.Reveal(), read.RefreshToken.Reveal(), read.IdToken.Reveal()).ShouldBe(("at", "rt", "it"));
        (read.ExpiresIn, read.TokenType, read.Scope!.ToString()).ShouldBe((TimeSpan.FromHours(1), "Bearer", "a b"));
    }

    [Fact]
    public void Nothing_is_invented()
    {
        var read = Good("""{"access_token":"at"}""");
        (read.ExpiresIn, read.Scope, read.RefreshToken.IsEmpty, read.IdToken.IsEmpty).ShouldBe((null, null, true, true));
    }

    [Theory]
    [InlineData("3600", 3600), InlineData("\"3600\"", 3600), InlineData("3600.9", 3600), InlineData("\"3599.5\"", 3599), InlineData("1", 1), InlineData("36e2", 3600)]
    [InlineData("0", null), InlineData("-1", null), InlineData("\"\"", null), InlineData("\"soon\"", null), InlineData("null", null), InlineData("true", null)]
    [InlineData("[3600]", null), InlineData("{}", null), InlineData("1e999", null), InlineData("\"NaN\"", null), InlineData("\"Infinity\"", null)]
    [InlineData("99999999999", null), InlineData("9223372036854775807", null), InlineData("0.5", null), InlineData("315619200", 315619200), InlineData("315619201", null)]
    public void A_lifetime_is_read_or_not_stated(string member, int? seconds) =>
        Good($$"""{"access_token":"at","expires_in":{{member}}}""").ExpiresIn.ShouldBe(seconds is { } known ? TimeSpan.FromSeconds(known) : null);

    [Theory]
    [InlineData("\"a b\"", " ", "a b"), InlineData("\"a,b\"", ",", "a b"), InlineData("[\"a\",\"b\",7,null]", " ", "a b"), InlineData("\"a  a\"", " ", "a")]
    [InlineData("\"\"", " ", null), InlineData("null", " ", null), InlineData("[]", " ", null), InlineData("7", " ", null), InlineData("\"a b\"", ",", "a b")]
    [InlineData("[\"\\ud800\",\"a\"]", " ", "a"), InlineData("\"a b\\u0000c\"", " ", "a"), InlineData("[\"\\u0000\"]", " ", null)]
    public void Scopes_come_as_text_or_as_a_list(string member, string separator, string? scopes) =>
        Good($$"""{"access_token":"at","scope":{{member}}}""", separator: separator).Scope?.ToString().ShouldBe(scopes);

    [Theory]
    [InlineData("Bearer"), InlineData("bearer"), InlineData("BEARER"), InlineData("")]
    public void The_token_type_is_bearer_in_any_case(string type) =>
        Good($$"""{"access_token":"at","token_type":"{{type}}"}""").TokenType.ShouldBe("Bearer");

    [Theory]
    [InlineData("""{"access_token":"at","token_type":"DPoP"}"""), InlineData("""{"access_token":"at","token_type":"mac"}""")]
    [InlineData("""{"access_token":""}"""), InlineData("""{"access_token":7}"""), InlineData("""{"access_token":null}"""), InlineData("""{"access_token":["at"]}""")]
    [InlineData("{}"), InlineData("[]"), InlineData("null"), InlineData("7"), InlineData("\"at\""), InlineData(""), InlineData(" "), InlineData("{"), InlineData("""{"access_token":"at" """)]
    [InlineData("<!doctype html><title>Sign in</title>"), InlineData("""[{"access_token":"at"}]"""), InlineData("access_token=at"), InlineData("""{"access_token":"at"}{"access_token":"at"}""")]
    [InlineData("""{"access_token":"\ud800"}"""), InlineData("""{"access_token":"at\r\nX-Evil: 1"}"""), InlineData("""{"access_token":"tök"}""")]
    public void A_success_that_makes_no_sense_may_have_issued_tokens(string body)
    {
        var failure = Judge(200, body).Failure.ShouldNotBeNull();
        (failure.Kind, failure.Delivery, failure.Error).ShouldBe((TokenFailureKind.Unreadable, Delivery.Ambiguous, "unreadable_success"));
    }

    [Fact]
    public void Text_that_is_no_unicode_never_throws()
    {
        Judge(200, [.. "{\"access_token\":\""u8, 0xff, 0xfe, .. "\"}"u8]).Failure!.Error.ShouldBe("unreadable_success");
        Judge(400, [.. "{\"error\":\""u8, 0xff, .. "\"}"u8]).Failure!.Delivery.ShouldBe(Delivery.Refused);
        Judge(200, [.. "{\""u8, 0xff, .. "\":1}"u8]).Failure.ShouldNotBeNull();
        Good("""{"name":"\udfff","access_token":"at"}""").AccessToken.Reveal().ShouldBe("at");
        Judge(200, """{"\ud800":"x","access_token":"at"}""").Failure?.Delivery.ShouldBe(Delivery.Ambiguous);
        Judge(400, """{"error":"\ud800"}""").Failure!.Delivery.ShouldBe(Delivery.Refused);
    }

    [Fact]
    public void A_byte_order_mark_does_not_cost_a_grant()
    {
        Judge(200, [0xef, 0xbb, 0xbf, .. """{"access_token":"at"}"""u8]).Response.ShouldNotBeNull();
        Judge(400, [0xef, 0xbb, 0xbf, .. """{"error":"invalid_grant"}"""u8]).Failure!.Kind.ShouldBe(TokenFailureKind.Rejected);
    }

    [Fact]
    public void An_answer_nested_too_deeply_is_unreadable()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 1000)) + string.Concat(Enumerable.Repeat("]", 1000));
        Judge(200, $$"""{"access_token":"at","x":{{deep}}}""").Failure!.Kind.ShouldBe(TokenFailureKind.Unreadable);
        Judge(200, deep).Failure!.Kind.ShouldBe(TokenFailureKind.Unreadable);
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded"), InlineData("application/x-www-form-urlencoded; charset=utf-8"), InlineData("APPLICATION/X-WWW-FORM-URLENCODED")]
    public void A_form_is_read_like_json(string contentType)
    {
        var read = Good("access_token=a%2Bt&expires_in=5184000&scope=a+b&token_type=bearer&flag&=x&&", contentType);
        (read.AccessToken.Reveal(), read.ExpiresIn, read.Scope!.ToString()).ShouldBe(("a+t", TimeSpan.FromDays(60), "a b"));
        Judge(200, "error=bad_verification_code&error_description=x", contentType).Failure!.Error.ShouldBe("bad_verification_code");
        Judge(400, "%zz=%&a=%e4", contentType).Failure!.Kind.ShouldBe(TokenFailureKind.Unreadable);
    }

    [Theory]
    [InlineData(null), InlineData("text/html"), InlineData("text/javascript; charset=utf-8"), InlineData("")]
    public void Json_is_read_whatever_the_server_calls_it(string? contentType) => Good("""{"access_token":"at"}""", contentType).ShouldNotBeNull();

    [Theory]
    // Only an authoritative word about this very grant ends it.
    [InlineData("invalid_grant", "Rejected", "Refused")]
    [InlineData("interaction_required", "Rejected", "Refused"), InlineData("consent_required", "Rejected", "Refused"), InlineData("login_required", "Rejected", "Refused")]
    [InlineData("account_selection_required", "Rejected", "Refused")]
    [InlineData("invalid_client", "Misconfigured", "Refused"), InlineData("unauthorized_client", "Misconfigured", "Refused"), InlineData("deleted_client", "Misconfigured", "Refused")]
    [InlineData("unsupported_grant_type", "Misconfigured", "Refused"), InlineData("invalid_scope", "Misconfigured", "Refused"), InlineData("invalid_request", "Misconfigured", "Refused")]
    [InlineData("redirect_uri_mismatch", "Misconfigured", "Refused")]
    [InlineData("temporarily_unavailable", "Transient", "NotProcessed"), InlineData("slow_down", "Transient", "NotProcessed")]
    // The word for a 500: whether tokens were issued is not known (RFC 6749 section 4.1.2.1).
    [InlineData("server_error", "Transient", "Ambiguous")]
    [InlineData("something_new", "Unreadable", "Refused"), InlineData("INVALID_GRANT", "Unreadable", "Refused")]
    public void An_error_word_decides_with_200_400_and_403_alike(string word, string kind, string delivery)
    {
        foreach (var status in new[] { 200, 400, 403 })
        {
            var failure = Judge(status, $$"""{"error":"{{word}}","error_description":"canary <b>","access_token":"at"}""", retryAfter: TimeSpan.FromSeconds(7)).Failure.ShouldNotBeNull();
            (failure.Kind.ToString(), failure.Delivery.ToString(), failure.Error).ShouldBe((kind, delivery, word));
            failure.ToString().ShouldNotContain("canary");
            failure.RetryAfter.ShouldBe(failure.Kind == TokenFailureKind.Transient ? TimeSpan.FromSeconds(7) : null);
        }
    }

    [Theory]
    [InlineData(400, "Unreadable"), InlineData(403, "Unreadable"), InlineData(404, "Unreadable"), InlineData(302, "Unreadable"), InlineData(401, "Misconfigured")]
    public void A_refusal_without_a_word_never_ends_a_grant(int status, string kind)
    {
        foreach (var body in new[] { "", "{}", "<html>invalid_grant</html>", """{"message":"invalid_grant"}""", """{"error":""}""", """{"error":null}""", """{"error":false}""" })
        {
            var failure = Judge(status, body).Failure.ShouldNotBeNull();
            (failure.Kind.ToString(), failure.Delivery, failure.Error).ShouldBe((kind, Delivery.Refused, $"http_{status}"));
        }
    }

    [Fact]
    public void An_unknown_word_with_401_is_about_the_client() =>
        Judge(401, """{"error":"nope"}""").Failure!.Kind.ShouldBe(TokenFailureKind.Misconfigured);

    [Theory]
    [InlineData(500, "Ambiguous"), InlineData(502, "Ambiguous"), InlineData(504, "Ambiguous"), InlineData(599, "Ambiguous"), InlineData(408, "Ambiguous")]
    [InlineData(503, "NotProcessed"), InlineData(429, "NotProcessed")]
    public void Trouble_of_the_provider_is_never_read_as_a_refusal(int status, string delivery)
    {
        foreach (var body in new[] { "", "<html>", """{"error":"invalid_grant"}""", """{"access_token":"at"}""" })
        {
            var failure = Judge(status, body, retryAfter: TimeSpan.FromSeconds(9)).Failure.ShouldNotBeNull();
            (failure.Kind, failure.Delivery.ToString(), failure.Error, failure.RetryAfter).ShouldBe((TokenFailureKind.Transient, delivery, $"http_{status}", TimeSpan.FromSeconds(9)));
        }
    }

    [Theory]
    [InlineData("""{"error":{"message":"canary","code":190}}"""), InlineData("""{"error":["canary"]}"""), InlineData("""{"error":true}"""), InlineData("""{"error":7}""")]
    [InlineData("""{"error":"<canary+>\r\n"}"""), InlineData("""{"error":"%%%"}""")]
    public void A_word_that_is_no_word_keeps_only_harmless_characters(string body)
    {
        var error = Judge(400, body).Failure!.Error;
        error.ShouldAllBe(c => char.IsAsciiLetterOrDigit(c) || c == '_' || c == '-' || c == '.');
        error.Length.ShouldBeInRange(1, 64);
    }

    [Fact]
    public void A_long_word_is_cut() => Judge(400, $$"""{"error":"{{new string('a', 500)}}"}""").Failure!.Error.Length.ShouldBe(64);

    [Fact]
    public void No_answer_of_a_seeded_mutation_throws_or_ends_a_grant_without_its_word()
    {
        var seed = Encoding.UTF8.GetBytes("""{"access_token":"at","expires_in":"3600","scope":["a","b"],"error":"invalid_grant","refresh_token":"\u00e9"}""");
        var random = new Seeded(20260930);
        for (var round = 0; round < 20_000; round++)
        {
            var body = (byte[])seed.Clone();
            for (var change = 0; change < 1 + random.Next(4); change++)
                body[random.Next(body.Length)] = (byte)random.Next(256);
            var (_, failure) = Judge(random.Next(2) == 0 ? 200 : 400, body[..random.Next(body.Length + 1)]);
            if (failure?.Kind == TokenFailureKind.Rejected)
                failure.Error.ShouldBe("invalid_grant");
        }
    }
}
