using Grantkeeper.Integrations;

namespace Grantkeeper.Tests.Integrations;

[Trait("category", "models")]
public sealed class IntegrationTests
{
    private static readonly DateTimeOffset Now = new(2026, 9, 30, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("Active", true, -60, "Active", true), InlineData("Active", true, 60, "Active", true), InlineData("Active", false, 60, "Active", true), InlineData("Active", false, 0, "Expired", false), InlineData("Active", false, -60, "Expired", false)]
    [InlineData("Active", false, null, "Active", true), InlineData("Pending", false, -60, "Expired", false), InlineData("Pending", true, -60, "Pending", true)]
    [InlineData("Error", false, -60, "Error", false), InlineData("Error", true, 60, "Error", false), InlineData("Inactive", true, 60, "Inactive", false), InlineData("Revoked", false, null, "Revoked", false), InlineData("Expired", true, 60, "Expired", false)]
    public void The_shown_status_follows_the_clock(string status, bool refreshable, int? remaining, string shown, bool connected)
    {
        var integration = new Integration
        {
            UserId = "u", Id = Guid.Empty, Provider = "idp", Status = Enum.Parse<IntegrationStatus>(status), HasRefreshToken = refreshable, ExpiresAt = remaining is { } seconds ? Now.AddSeconds(seconds) : null,
        };
        (integration.StatusAt(Now).ToString(), integration.IsConnectedAt(Now)).ShouldBe((shown, connected));
    }
}
