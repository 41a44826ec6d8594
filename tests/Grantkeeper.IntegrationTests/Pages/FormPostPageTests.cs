using Grantkeeper.IntegrationTests.Client;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Browser;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>A provider that posts its answer, in a browser that minds Content-Security-Policy.</summary>
[Trait("category", "pages")]
public sealed class FormPostPageTests(ChromiumBrowser chromium)
{
    [Fact]
    public async Task Posted_answer_ends_at_the_application_on_its_own_origin()
    {
        await using var product = await ApiStand.Start();
        await using var world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?>(FlowWorld.MoreProviders) { ["Grantkeeper:Connect:AllowedOrigins:0"] = product.Origin });
        await using var session = await chromium.NewSession();
        session.Page.SetDefaultTimeout(60_000);
        var started = await world.Host.Post("/api/v1/oauth/initiate", new { provider = "posting", user_id = "user_1", login_hint = "alice+auto", return_to = product.Origin + "/done" });
        await session.Page.GotoAsync((string)started.Json["authorization_url"]!);
        await session.Page.WaitForURLAsync(address => address.StartsWith(product.Origin + "/done#gk_flow=", StringComparison.Ordinal));
        session.Page.Url.ShouldContain("gk_ticket=");
    }
}
