using Grantkeeper.Client.Contracts;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Providers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Administration;

/// <summary>Client registrations over HTTP. A secret goes in and never comes out.</summary>
internal static class ClientEndpoints
{
    private const string Path = "/api/v1/oauth/admin/clients/{provider}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Api<ClientRegistrationEntry>("GET", Path, Permissions.Admin, "The client registration of a provider, without its secret", Get);
        routes.Api<ClientRegistrationEntry>("PUT", Path, Permissions.Admin, "Stores the client registration of a provider", Put).Accepts<PutClientRegistrationRequest>("application/json");
        routes.Api<ClientRegistrationEntry>("DELETE", Path, Permissions.Admin, "Forgets the stored client registration of a provider", Remove);
    }

    private static IResult Get(ProviderSetups setups, string provider) => Answer(setups.Find(provider));

    private static async Task<IResult> Put(HttpContext http, ProviderSetups setups, string provider) =>
        (await http.Body<PutClientRegistrationRequest>()).TryGet(out var body, out var failure)
            ? Answer(await setups.Put(provider, body.ClientId, new Secret(body.ClientSecret), http.Source(), http.RequestAborted))
            : Answers.Problem(failure);

    private static async Task<IResult> Remove(HttpContext http, ProviderSetups setups, string provider) =>
        Answer(await setups.Remove(provider, http.Source(), http.RequestAborted));

    private static IResult Answer(Result<ProviderSetup> result) => result.TryGet(out var setup, out var failure)
        ? Answers.Json(new ClientRegistrationEntry(
            setup.Provider.Key, setup.Provider.DisplayName, setup.Provider.Client.ClientId is { Length: > 0 } id ? id : null, !setup.Provider.Client.ClientSecret.IsEmpty,
            Words.Of(setup.Provider.Origin), setup.IsReady, setup.IsEditable, setup.RedirectUri.IsSuccess ? setup.RedirectUri.Value : null, setup.Provider.Manifest.ConsoleUrl?.AbsoluteUri,
            setup.Provider.Missing, setup.Warnings, setup.Stored?.UpdatedAt, setup.Stored?.UpdatedBy))
        : Answers.Problem(failure);
}
