using Grantkeeper.Client.Contracts;
using Grantkeeper.Monitoring;

namespace Grantkeeper.Tests.Monitoring;

/// <summary>Cells that a spreadsheet reads as text, whatever a stranger wrote into them.</summary>
[Trait("category", "audit")]
public sealed class AuditCsvTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData("", "")]
    [InlineData("user_1", "user_1")]
    [InlineData("a=b-c", "a=b-c")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("  =1", "'  =1")]
    [InlineData("\u00a0=1", "'\u00a0=1")]
    [InlineData("\uff1d1", "'\uff1d1")]
    [InlineData("\t1", "\"'\t1\"")]
    [InlineData("\r=1", "\"'\r=1\"")]
    [InlineData("\n=1", "\"'\n=1\"")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("a;=1", "\"a;=1\"")]
    [InlineData("a\r\n=1", "\"a\r\n=1\"")]
    [InlineData("a\",=1", "\"a\"\",=1\"")]
    [InlineData("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\"")]
    public void Cells_hold_no_formula_and_end_where_they_end(string? text, string cell) => AuditCsv.Cell(text).ShouldBe(cell);

    [Fact]
    public void A_line_has_a_cell_for_each_name_of_the_first_line()
    {
        var at = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);
        var entry = new AuditEntry(Guid.Empty, at, "connect", "user_1", null, "key:1", Guid.Empty, "google", ["a", "b"], "::1", "curl", false, "x.y", 12, 1, "n", 7, "trace");
        AuditCsv.Line(entry).ShouldBe("00000000-0000-0000-0000-000000000000,2026-01-02T03:04:05.678Z,connect,user_1,,key:1,00000000-0000-0000-0000-000000000000,google,a b,::1,curl,false,x.y,12,1,n,7,trace\r\n");
        AuditCsv.Line(entry).Count(letter => letter == ',').ShouldBe(AuditCsv.Header.Count(letter => letter == ','));
    }
}
