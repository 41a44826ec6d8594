using System.Net;
using Grantkeeper.IntegrationTests.Flows;

namespace Grantkeeper.IntegrationTests.Pages;

/// <summary>As in production: browsers come over https, a proxy ends it and passes plain http on.</summary>
[Trait("category", "pages")]
public sealed class TlsProxyTests
{
    [Fact]
    public async Task Pages_and_forms_work_behind_a_proxy_that_ends_tls()
    {
        await using var world = await FlowWorld.Start(HostKind.Server, new Dictionary<string, string?>
        {
            ["GRANTKEEPER_PUBLIC_URL"] = "https://connect.example.com", ["FRONTEND_URL"] = "https://app.example.com",
        });
        var node = world.Host.ListensOn;
        using var boss = new FlowBrowser();
        var page = await boss.Open(node + "/sign-in");
        page.Status.ShouldBe(HttpStatusCode.OK, page.Body);
        IsForHttps(page, "__Host-gk-form");
        var signedIn = await boss.Post(node + "/sign-in", ("__RequestVerificationToken", MadeSession.FormToken(page)), ("key", FlowHost.ApiKey));
        signedIn.Status.ShouldBe(HttpStatusCode.SeeOther, signedIn.Body);
        IsForHttps(signedIn, "__Host-gk-operator");
        (await boss.Open(node + "/accounts")).Status.ShouldBe(HttpStatusCode.OK);

        var session = await MadeSession.Make(world, "user_1");
        session.ConnectUrl.ShouldStartWith("https://connect.example.com/connect/");
        using var person = new FlowBrowser();
        var link = $"{node}/connect/{session.Ticket}";
        var look = await person.Open(link);
        look.Status.ShouldBe(HttpStatusCode.OK, look.Body);
        var redeemed = await person.Post(link, ("__RequestVerificationToken", MadeSession.FormToken(look)));
        redeemed.Status.ShouldBe(HttpStatusCode.SeeOther, redeemed.Body);
        IsForHttps(redeemed, "__Host-gk-connect");
        (await person.Open(node + "/connect")).Status.ShouldBe(HttpStatusCode.OK);
    }

    private static void IsForHttps(FlowReply reply, string cookie)
    {
        reply.Header("Set-Cookie").ShouldContain(cookie + "=");
        reply.Header("Set-Cookie").ShouldContain("secure", Case.Insensitive);
    }
}
