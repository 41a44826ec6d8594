using System.Text.Json;
using Grantkeeper.Providers;

namespace Grantkeeper.Tests.Providers;

[Trait("category", "providers")]
public sealed class AccountTests
{
    private static readonly AccountMembers Members = new(AccountSource.Userinfo, ["sub"], ["email", "upn"], "name", "picture");

    private static Account? Read(string json, AccountMembers? members = null)
    {
        using var document = JsonDocument.Parse(json);
        return Account.Read(document.RootElement, members ?? Members);
    }

    [Fact]
    public void The_named_members_are_read() =>
        Read("""{"sub":"1","email":"a@b","name":"Ann","picture":"https://x.example/p.png"}""").ShouldBe(new Account("1", "a@b", "Ann", "https://x.example/p.png"));

    [Fact]
    public void An_id_of_several_members_is_joined_and_may_be_nested() =>
        Read("""{"owner":{"user":{"id":7}},"tid":"t"}""", Members with { Id = ["tid", "owner.user.id"] })!.Id.ShouldBe("t:7");

    [Theory]
    [InlineData("""{"sub":"1","upn":"u@b"}""", "u@b"), InlineData("""{"sub":"1","email":"","upn":"u@b"}""", "u@b"), InlineData("""{"sub":"1","email":7}""", "7"), InlineData("""{"sub":"1"}""", null)]
    public void The_first_address_that_is_there_counts(string json, string? email) => Read(json)!.Email.ShouldBe(email);

    [Theory]
    [InlineData("{}"), InlineData("""{"sub":""}"""), InlineData("""{"sub":" "}"""), InlineData("""{"sub":null}"""), InlineData("""{"sub":["1"]}"""), InlineData("""{"sub":true}"""), InlineData("""{"sub":"a\nb"}"""), InlineData("""{"sub":"\ud800"}"""), InlineData("""{"\ud800":1}""")]
    public void Without_a_usable_id_there_is_no_account(string json) => Read(json).ShouldBeNull();

    [Fact]
    public void An_endless_id_is_none() => Read($$"""{"sub":"{{new string('1', 256)}}"}""").ShouldBeNull();

    [Theory]
    [InlineData("javascript:alert(1)"), InlineData("http://x.example/p.png"), InlineData("data:image/png;base64,AAAA"), InlineData("/p.png"), InlineData("not a url")]
    public void A_picture_that_is_no_https_address_is_left_out(string picture) => Read($$"""{"sub":"1","picture":"{{picture}}"}""")!.AvatarUrl.ShouldBeNull();

    [Theory]
    [InlineData("javascript://localhost/%0aalert(1)"), InlineData("file:///etc/passwd"), InlineData("ftp://localhost/x")]
    public void A_picture_of_another_scheme_is_left_out_on_loopback_too(string picture) => Read($$"""{"sub":"1","picture":"{{picture}}"}""")!.AvatarUrl.ShouldBeNull();
}
