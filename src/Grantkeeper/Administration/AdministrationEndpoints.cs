using Grantkeeper.Audit;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Links;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Administration;

/// <summary>API keys and sign-in links, for administrators.</summary>
internal static class AdministrationEndpoints
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Api<CreatedApiKey>("POST", "/api/v1/oauth/admin/api-keys", Permissions.Admin, "Makes an API key; its text is shown once", CreateKey).Accepts<CreateApiKeyRequest>("application/json");
        routes.Api<ApiKeyList>("GET", "/api/v1/oauth/admin/api-keys", Permissions.Admin, "All API keys, without their texts", ListKeys);
        routes.Api<ApiKeyEntry>("DELETE", "/api/v1/oauth/admin/api-keys/{id}", Permissions.Admin, "Ends an API key", RevokeKey);
        routes.Api<SignInLink>("POST", "/api/v1/oauth/admin/sign-in-links", Permissions.Admin, "Makes a one-time link into the pages", CreateLink);
    }

    private static async Task<IResult> CreateKey(HttpContext http, ApiKeys keys, TimeProvider time)
    {
        if (!(await http.Body<CreateApiKeyRequest>()).TryGet(out var body, out var failure))
            return Answers.Problem(failure);
        var faults = new List<string>();
        if (body.Name is not { Length: > 0 and <= 200 })
            faults.Add("name must be 1 to 200 characters");
        if (body.Permissions is not { Count: > 0 })
            faults.Add($"permissions must name at least one of {string.Join(", ", Permissions.All)}");
        else
            faults.AddRange(body.Permissions.Where(permission => !Permissions.All.Contains(permission)).Select(permission => $"permissions holds an unknown word; known are {string.Join(", ", Permissions.All)}").Distinct());
        if (body.ExpiresAt <= time.GetUtcNow())
            faults.Add("expires_at must lie ahead");
        if (faults.Count > 0)
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = faults });
        var (key, text) = await keys.Create(body.Name!, [.. body.Permissions!.Distinct()], body.ExpiresAt, http.Source(), http.RequestAborted);
        return Answers.Json(new CreatedApiKey { Id = key.Id, Key = text.Reveal(), Name = key.Name, Permissions = key.Permissions, ExpiresAt = key.ExpiresAt });
    }

    private static async Task<IResult> ListKeys(HttpContext http, ApiKeys keys) =>
        Answers.Json(new ApiKeyList([.. (await keys.List(http.RequestAborted)).Select(Entry)], null));

    private static async Task<IResult> RevokeKey(HttpContext http, ApiKeys keys, string id)
    {
        if (!Guid.TryParse(id, out var guid) || (await keys.Revoke(guid, http.Source(), http.RequestAborted)).Failure is not null)
            return Answers.Problem(new Failure(ErrorCatalogue.Identity.KeyNotFound));
        return Answers.Json(Entry((await keys.List(http.RequestAborted)).Single(key => key.Id == guid)));
    }

    private static async Task<IResult> CreateLink(HttpContext http, SignInLinks links, ConnectLinks addresses, Database database, AuditLog audit)
    {
        await audit.Write(database.ForUser(SecretBox.SystemOwner), new AuditEvent(AuditAction.SignInLinkCreated, SecretBox.SystemOwner, http.Source()), http.RequestAborted);
        var handle = await links.Create(http.RequestAborted);
        return Answers.Json(new SignInLink { Url = addresses.SignIn(handle.Reveal()), ExpiresIn = (int)SignInLinks.Lifetime.TotalSeconds });
    }

    private static ApiKeyEntry Entry(ApiKey key) => new(key.Id, key.Name, key.Prefix, key.Permissions, key.CreatedAt, key.ExpiresAt, key.RevokedAt);
}
