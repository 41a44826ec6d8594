using System.Text.Json;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Http;

namespace Grantkeeper.Tests.Http;

[Trait("category", "models")]
public sealed class WireJsonTests
{
    [Fact]
    public void Names_are_snake_case_and_times_end_in_z()
    {
        var json = JsonSerializer.Serialize(new RefreshAnswer(true, "idp", new DateTimeOffset(2026, 9, 30, 14, 0, 0, 7, TimeSpan.FromHours(2)), null, null), WireJson.Options);
        json.ShouldBe("""{"success":true,"provider_key":"idp","refreshed_at":"2026-09-30T12:00:00.007Z","expires_at":null,"error":null}""");
    }

    [Fact]
    public void Keys_of_a_mapping_stay_as_they_are() =>
        JsonSerializer.Serialize(new Dictionary<string, int> { ["CamelCase"] = 1 }, WireJson.Options).ShouldBe("""{"CamelCase":1}""");

    [Theory]
    [InlineData("""{"user_id":"a","user_id":"b"}"""), InlineData("""{"user_id":7}"""), InlineData("[]"), InlineData("{")]
    public void A_body_of_two_meanings_is_refused(string body) =>
        Should.Throw<JsonException>(() => JsonSerializer.Deserialize<RefreshRequest>(body, WireJson.Options));

    [Fact]
    public void Other_spellings_are_other_members() =>
        JsonSerializer.Deserialize<RefreshRequest>("""{"UserId":"a","userId":"b"}""", WireJson.Options)!.UserId.ShouldBeNull();
}
