using System.Text;
using Grantkeeper.OAuth;

namespace Grantkeeper.Tests.OAuth;

[Trait("category", "services")]
public sealed class RevocationJudgeTests
{
    [Theory]
    [InlineData(200, "", "Confirmed"), InlineData(204, "", "Confirmed"), InlineData(200, "<html>", "Confirmed")]
    [InlineData(400, """{"error":"invalid_token"}""", "Confirmed"), InlineData(400, """{"error":"invalid_grant"}""", "Confirmed")]
    [InlineData(400, """{"error":"unsupported_token_type"}""", "Unsupported")]
    [InlineData(400, """{"error":"invalid_client"}""", "Failed"), InlineData(401, "", "Failed"), InlineData(403, "<html>", "Failed"), InlineData(404, "", "Failed"), InlineData(302, "", "Failed")]
    [InlineData(400, """{"error":"\ud800"}""", "Failed"), InlineData(400, "[", "Failed")]
    [InlineData(500, """{"error":"invalid_token"}""", "Transient"), InlineData(502, "", "Transient"), InlineData(503, "", "Transient"), InlineData(429, "", "Transient"), InlineData(408, "", "Transient")]
    public void An_answer_to_a_revocation(int status, string body, string outcome) =>
        RevocationEndpoint.Judge(status, "application/json", Encoding.UTF8.GetBytes(body)).ToString().ShouldBe(outcome);
}
