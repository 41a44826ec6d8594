using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Providers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Administration;

/// <summary>Providers and their manifests over HTTP: all of them, one, add, change, remove. Testing one is in Diagnostics.</summary>
internal static class ProviderEndpoints
{
    private const string Path = "/api/v1/oauth/admin/providers";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Api<ProviderDefinitionList>("GET", Path, Permissions.Admin, "Every provider that is known, drafts included, and why a change is not in force", List);
        routes.Api<ProviderDefinition>("GET", $"{Path}/{{provider}}", Permissions.Admin, "What is known of a provider, and where it was written", Get);
        routes.Api<ProviderDefinition>("PUT", $"{Path}/{{provider}}", Permissions.Admin, "Adds a provider by its manifest, or changes one that was added so", Put).Accepts<PutProviderRequest>("application/json");
        routes.Api<ProviderDefinition>("POST", $"{Path}/{{provider}}/add", Permissions.Admin, "Offers a shipped draft after somebody has looked it through", Add).Accepts<AddProviderRequest>("application/json");
        routes.Api<ProviderDefinition>("DELETE", $"{Path}/{{provider}}", Permissions.Admin, "Removes an added provider, or withdraws the offer of a draft", Remove);
    }

    private static IResult List(ProviderChanges changes, ProviderCatalogue catalogue) =>
        Answers.Json(new ProviderDefinitionList([.. changes.All().Select(provider => Definition(provider, catalogue))], catalogue.Faults, null));

    private static IResult Get(ProviderChanges changes, ProviderCatalogue catalogue, string provider) => Answer(changes.Find(provider), catalogue);

    private static async Task<IResult> Put(HttpContext http, ProviderChanges changes, ProviderCatalogue catalogue, string provider) =>
        (await http.Body<PutProviderRequest>()).TryGet(out var body, out var failure)
            ? Answer(await changes.Put(provider, body.Manifest, http.Source(), http.RequestAborted), catalogue)
            : Answers.Problem(failure);

    private static async Task<IResult> Add(HttpContext http, ProviderChanges changes, ProviderCatalogue catalogue, string provider) =>
        (await http.Body<AddProviderRequest>()).TryGet(out var body, out var failure)
            ? Answer(await changes.Add(provider, body.Confirmed, http.Source(), http.RequestAborted), catalogue)
            : Answers.Problem(failure);

    private static async Task<IResult> Remove(HttpContext http, ProviderChanges changes, ProviderCatalogue catalogue, string provider) =>
        Answer(await changes.Remove(provider, http.Source(), http.RequestAborted), catalogue);

    private static IResult Answer(Result<Provider> result, ProviderCatalogue catalogue) =>
        result.TryGet(out var provider, out var failure) ? Answers.Json(Definition(provider, catalogue)) : Answers.Problem(failure);

    private static ProviderDefinition Definition(Provider provider, ProviderCatalogue catalogue)
    {
        var manifest = provider.Manifest;
        var stored = catalogue.StoredOf(provider.Key);
        return new ProviderDefinition
        {
            Provider = provider.Key,
            DisplayName = provider.DisplayName,
            Verification = Words.Of(manifest.Verification),
            Origin = Words.Of(provider.Source),
            Offered = catalogue.Offered.Contains(provider),
            Configured = provider.IsConfigured,
            Missing = provider.Missing,
            Issuer = manifest.Issuer,
            AuthorizationEndpoint = manifest.AuthorizationEndpoint?.AbsoluteUri,
            TokenEndpoint = manifest.TokenEndpoint?.AbsoluteUri,
            RevocationEndpoint = manifest.RevocationEndpoint?.AbsoluteUri,
            Pkce = manifest.Pkce,
            Refresh = manifest.Refresh,
            Rotation = Words.Of(manifest.Rotation.Profile),
            ClientAuthentication = manifest.ClientAuthentication is { } method ? Words.Of(method) : null,
            DocsUrl = manifest.DocsUrl,
            Sources = [.. manifest.Sources.Select(source => new ProviderSource(source.Url.AbsoluteUri, source.Read, source.Facts))],
            Manifest = stored?.Manifest,
            UpdatedAt = stored?.UpdatedAt,
            UpdatedBy = stored?.UpdatedBy,
        };
    }
}
