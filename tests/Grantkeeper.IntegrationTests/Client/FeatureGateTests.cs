using System.Net;
using Grantkeeper.Consents;
using Grantkeeper.IntegrationTests.Flows;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Client;

/// <summary>An application gates its own endpoints by what its users have granted (R184).</summary>
[Trait("category", "security")]
public sealed class FeatureGateTests
{
    private static readonly Dictionary<string, string?> Settings = new()
    {
        ["Grantkeeper:Features:calendar.read:display_name"] = "Calendar", ["Grantkeeper:Features:calendar.read:requires:provider"] = "sandbox",
        ["Grantkeeper:Features:calendar.read:requires:scopes:0"] = "calendar.readonly",
    };

    [Fact]
    public async Task Endpoint_opens_with_the_scope_and_says_without_it_what_is_missing_and_where_to_ask()
    {
        await using var world = await FlowWorld.Start(HostKind.Embedded, Settings, routes: MapRoutes);
        (await Ask(world, null)).Code.ShouldBe("identity.unauthenticated");
        var locked = await Ask(world, "user_1");
        (locked.Status, locked.Code, (string)locked.Json["errors"]![0]!, (string)locked.Json["reason"]!).ShouldBe((HttpStatusCode.Forbidden, "consents.insufficient_scope", "calendar.readonly", "not_connected"), locked.Body);
        ((string)locked.Json["unlock_url"]!).ShouldBe($"{world.Host.Origin}/api/v1/oauth/features/calendar.read/unlock");

        var id = await world.Connect("user_1");
        (await Ask(world, "user_1")).Body.ShouldBe("\"your events\"");
        (await Ask(world, "user_2")).Code.ShouldBe("consents.insufficient_scope");
        (await Ask(world, "user_1", "/unknown")).Code.ShouldBe("consents.feature_unknown");

        await world.Host.Delete($"/api/v1/oauth/integrations/{id}");
        (await Ask(world, "user_1")).Code.ShouldBe("consents.insufficient_scope");
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_policy_of_the_application_asks_for_a_feature_and_leaves_other_refusals_alone(bool ownAnswers)
    {
        await using var world = await FlowWorld.Start(HostKind.Embedded, Settings, services: services =>
        {
            #region snippet features.policy
            services.AddAuthorizationBuilder().AddPolicy("calendar", policy => policy.RequireFeature("calendar.read"));
            #endregion
            services.AddAuthentication("Cookies").AddCookie();
            services.AddAuthorizationBuilder().AddPolicy("never", policy => policy.RequireAssertion(_ => false));
            if (ownAnswers)
                services.AddSingleton<Microsoft.AspNetCore.Authorization.IAuthorizationMiddlewareResultHandler>(new Teapot());
        }, routes: app =>
        {
            app.UseAuthorization();
            app.MapGet("/policy", () => "your events").RequireAuthorization("calendar");
            app.MapGet("/never", () => "").RequireAuthorization("never");
        });
        // A stranger is led to the sign-in of the application.
        (await Ask(world, null, "/policy")).Status.ShouldBe(ownAnswers ? (HttpStatusCode)418 : HttpStatusCode.Found);
        var locked = await Ask(world, "user_1", "/policy");
        (locked.Status, locked.Code, (string)locked.Json["errors"]![0]!).ShouldBe((HttpStatusCode.Forbidden, "consents.insufficient_scope", "calendar.readonly"), locked.Body);
        (await Ask(world, "user_1", "/never")).Status.ShouldBe(ownAnswers ? (HttpStatusCode)418 : HttpStatusCode.Found, "what refuses for another reason is the application's");
        await world.Connect("user_1");
        var open = await Ask(world, "user_1", "/policy");
        (open.Status, open.Body).ShouldBe((HttpStatusCode.OK, "your events"));
        (await Ask(world, "user_2", "/policy")).Code.ShouldBe("consents.insufficient_scope");
    }

    [Fact]
    public async Task Code_of_the_application_asks_in_process()
    {
        await using var world = await FlowWorld.Start(HostKind.Embedded, Settings);
        var features = world.Host.Services.GetRequiredService<IFeatures>();
        var cancellation = TestContext.Current.CancellationToken;
        (await features.Require("calendar.read", "user_1", cancellation)).Failure!.Code.Code.ShouldBe("consents.insufficient_scope");
        await world.Connect("user_1");
        (await features.Require("calendar.read", "user_1", cancellation)).Value.Active.ShouldBeTrue();
        (await features.List("user_1", cancellation)).Value.Features.ShouldHaveSingleItem().State.ShouldBe("active");
        (await features.Find("nothing", "user_1", cancellation)).Failure!.Code.Code.ShouldBe("consents.feature_unknown");
        (await features.List("~x", cancellation)).Failure!.Code.Code.ShouldBe("identity.user_invalid");
    }

    /// <summary>What an application answers of its own.</summary>
    private sealed class Teapot : Microsoft.AspNetCore.Authorization.IAuthorizationMiddlewareResultHandler
    {
        public Task HandleAsync(RequestDelegate next, HttpContext context, Microsoft.AspNetCore.Authorization.AuthorizationPolicy policy, Microsoft.AspNetCore.Authorization.Policy.PolicyAuthorizationResult authorizeResult)
        {
            if (authorizeResult.Succeeded)
                return next(context);
            context.Response.StatusCode = 418;
            return Task.CompletedTask;
        }
    }

    private static void MapRoutes(WebApplication app)
    {
        #region snippet features.gate
        app.MapGet("/calendar", () => Results.Ok("your events")).RequireFeature("calendar.read");
        #endregion
        app.MapGroup("/unknown").RequireFeature("nothing").MapGet("", () => Results.Ok());
    }

    private static Task<FlowReply> Ask(FlowWorld world, string? user, string path = "/calendar")
    {
        using var browser = new FlowBrowser { SignedInAs = user };
        return browser.Open(world.Host.Origin + path);
    }
}
