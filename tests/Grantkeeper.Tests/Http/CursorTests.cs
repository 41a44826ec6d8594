using Grantkeeper.Http;

namespace Grantkeeper.Tests.Http;

[Trait("category", "models")]
public sealed class CursorTests
{
    [Fact]
    public void A_cursor_leads_back_to_its_id()
    {
        for (var round = 0; round < 1000; round++)
        {
            var id = Guid.NewGuid();
            Cursor.Read(Cursor.Of(id), null).Value.ShouldBe((id, 50));
        }
    }

    [Theory]
    [InlineData(null, 50), InlineData("1", 1), InlineData("200", 200), InlineData("50", 50)]
    public void A_page_has_one_to_200_entries(string? limit, int size) => Cursor.Read(null, limit).Value.ShouldBe((null, size));

    [Theory]
    [InlineData("0"), InlineData("-1"), InlineData("201"), InlineData(""), InlineData("ten"), InlineData("1.5"), InlineData("99999999999"), InlineData("0x10")]
    public void Another_limit_is_refused(string limit) => Cursor.Read("", limit).Failure!.Items.Single().ShouldContain("limit");

    [Theory]
    [InlineData("x"), InlineData("AAAAAAAAAAAAAAAAAAAAA"), InlineData("AAAAAAAAAAAAAAAAAAAAAAA"), InlineData("AAAAAAAAAAAAAAAAAAAA=="), InlineData("AAAAAAAAAAAAAAAAAAAA  "), InlineData("!!!!!!!!!!!!!!!!!!!!!!"), InlineData("AAAAAAAAAAAAAAAAAAAAAB"), InlineData("'; DROP TABLE oauth_x;")]
    public void A_cursor_that_no_list_gave_is_refused(string cursor) => Cursor.Read(cursor, "10").Failure!.Items.Single().ShouldContain("cursor");

    [Fact]
    public void Both_faults_are_named_at_once() => Cursor.Read("x", "x").Failure!.Items.Count.ShouldBe(2);
}
