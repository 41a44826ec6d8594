using System.Text;
using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Faults;
using Grantkeeper.Sandbox.Grants;
using Grantkeeper.Sandbox.Http;
using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Platforms;

/// <summary>The APIs of a Wix site, for apps of either kind: one grant opens one site, and the token stands in the header alone.</summary>
internal sealed class WixSite(SandboxState state)
{
    /// <summary>The id of the installation on a person's site.</summary>
    public static string InstanceOf(Person person) => $"0f8a7c1e-0000-4000-8000-{Convert.ToHexStringLower(Encoding.ASCII.GetBytes(person.Subject.PadRight(6)[..6]))}";

    /// <summary>The name of a person's site.</summary>
    public static string NameOf(Person person) => $"{person.Name.Split(' ')[0]}'s shop";

    /// <summary>The id of a person's site.</summary>
    public static string SiteOf(Person person) => $"c993128b-0000-4000-8000-{person.Subject.Length:d12}";

    /// <summary>Mounts every path.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/apps/v1/instance", http => Answered(http, (_, person) => Answer.Json(new JsonObject
    {
        ["instance"] = new JsonObject { ["instanceId"] = InstanceOf(person), ["appName"] = "Sandbox app", ["permissions"] = new JsonArray("SCOPE.DC.MANAGE-YOUR-APP") },
        ["site"] = new JsonObject { ["siteDisplayName"] = NameOf(person), ["siteId"] = SiteOf(person), ["url"] = $"https://{person.Subject}.wixsite.example/site", ["ownerInfo"] = new JsonObject { ["email"] = person.Email } },
    })));

    /// <summary>An answer to who holds a good token; else the refusal in the shape that it has here.</summary>
    private Task Answered(HttpContext http, Func<Grant, Person, Answer> answer)
    {
        state.Counters.Add(Counter.UserinfoCalls);
        return FaultGate.Pass(http, state, FaultEndpoint.Userinfo, _ => state.Grants.FindAccess(http.Request.Headers.Authorization.ToString()) is ({ } _, { } grant)
            ? answer(grant, Everybody.Find(grant.Subject)!)
            : Answer.Json(new JsonObject { ["message"] = "UNAUTHENTICATED", ["details"] = new JsonObject() }, StatusCodes.Status401Unauthorized));
    }
}
