using System.Text;
using System.Text.Json;
using Grantkeeper.Audit;
using Grantkeeper.Egress;
using Grantkeeper.Errors;
using Grantkeeper.Links;
using Grantkeeper.Providers;
using Grantkeeper.Tokens;

namespace Grantkeeper.Resources;

/// <summary>
/// Reads the listings that a manifest describes: 1. is a scope granted that opens it? 2. page by page, with a fresh token
/// 3. each item by the places that the manifest names. A listing that fails does not hide the others.
/// </summary>
internal sealed class ResourceReader(ProviderApi api, ProviderCatalogue catalogue, EndpointDiscovery discovery, ConnectLinks links) : IResourceReader
{
    private const int MostPages = 20;
    private const int MostItems = 1000;
    private const int LongestUrl = 2000;

    private static readonly EgressLimits Limits = new() { MaxBodyBytes = 4 * 1024 * 1024 };

    public async Task<Result<ResourceReading>> Read(GrantRow row, AuditSource source, CancellationToken cancellation)
    {
        if (catalogue.Find(row.Integration.Provider) is not { } provider)
            return new Failure(ErrorCatalogue.Providers.Unknown);
        if (provider.Manifest.Resources.Count == 0)
            return new Failure(ErrorCatalogue.Providers.ResourcesUnsupported);
        if (!(await discovery.Of(provider)).TryGet(out var endpoints, out var failure))
            return failure;
        var (found, problems, isComplete) = (new List<Resource>(), new List<(string, Failure)>(), true);
        foreach (var listing in provider.Manifest.Resources)
        {
            // 1. is a scope granted that opens it?
            if (listing.Scopes.Count > 0 && !listing.Scopes.Any(row.Integration.Scopes.Contains))
            {
                problems.Add((listing.Type, new Failure(ErrorCatalogue.Consents.InsufficientScope) { Items = [listing.Scopes[0]], ReconnectUrl = links.Reconnect(row.Integration.Id) }));
                continue;
            }

            if (await Pages(row, provider, endpoints, listing, found, source, cancellation) is not { } ended)
                isComplete = false;
            else if (ended.Failure is { } unread)
                problems.Add((listing.Type, unread));
        }

        return new ResourceReading(found, problems, isComplete);
    }

    /// <summary>2. All pages of a listing; null when there are more than are read.</summary>
    private async Task<Ended?> Pages(
        GrantRow row, Provider provider, ProviderEndpoints endpoints, ResourceListing listing, List<Resource> found, AuditSource source, CancellationToken cancellation)
    {
        var (address, cursor) = (listing.Url, (string?)null);
        for (var page = 0; page < MostPages && found.Count < MostItems; page++)
        {
            var (target, from) = (address, cursor);
            if (!(await api.Call(row, provider, endpoints, () => Request(listing, target, from), Limits, source, cancellation)).TryGet(out var called, out var failure))
                return new Ended(failure);
            if (!called.Response.IsSuccess)
                return new Ended(OfStatus((int)called.Response.Status, row));
            using var json = OAuth.TokenEndpoint.Parse(called.Response.MediaType, called.Response.Body);
            if (json is null)
                return new Ended(new Failure(ErrorCatalogue.Providers.ApiUnreadable));
            Add(json.RootElement, listing, found);
            if (listing.Next is not { } next || JsonPath.Text(json.RootElement, next.From, longest: LongestUrl) is not { } onward)
                return new Ended(null);
            if (next.Parameter is not null)
                cursor = onward;
            // The next page lies where this one did: an answer must not lead a token elsewhere.
            else if (Uri.TryCreate(onward, UriKind.Absolute, out var link) && link.GetLeftPart(UriPartial.Authority) == listing.Url.GetLeftPart(UriPartial.Authority))
                address = link;
            else
                return new Ended(new Failure(ErrorCatalogue.Providers.ApiUnreadable));
        }

        return null;
    }

    private static HttpRequestMessage Request(ResourceListing listing, Uri address, string? cursor)
    {
        var body = new Dictionary<string, string>();
        if (cursor is not null && listing.IsPost)
            body[listing.Next!.Parameter!] = cursor;
        else if (cursor is not null)
            address = new Uri($"{address.AbsoluteUri}{(address.Query.Length > 1 ? '&' : '?')}{Uri.EscapeDataString(listing.Next!.Parameter!)}={Uri.EscapeDataString(cursor)}");
        return listing.IsPost
            ? new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json") }
            : new HttpRequestMessage(HttpMethod.Get, address);
    }

    /// <summary>3. Each item by the places that the manifest names; one without an id is left out.</summary>
    private static void Add(JsonElement json, ResourceListing listing, List<Resource> found)
    {
        if (JsonPath.Element(json, listing.Items) is not { } items)
            return;
        foreach (var item in items.ValueKind == JsonValueKind.Array ? items.EnumerateArray().AsEnumerable() : [items])
        {
            if (found.Count >= MostItems || JsonPath.Text(item, listing.Id) is not { } id)
                continue;
            var name = listing.Name.Select(path => JsonPath.Text(item, path)).FirstOrDefault(text => text is not null) ?? id;
            found.Add(new Resource(id, listing.Type, name, Web(listing.Link is { } link ? JsonPath.Text(item, link, longest: LongestUrl) : null), listing.Permission is { } permission ? JsonPath.Text(item, permission, mayBeFlag: true) : null));
        }
    }

    /// <summary>Only an address that a browser may open.</summary>
    private static string? Web(string? text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp) ? url.AbsoluteUri : null;

    private Failure OfStatus(int status, GrantRow row) => status switch
    {
        401 => new Failure(ErrorCatalogue.Tokens.ReauthorizationRequired) { ReconnectUrl = links.Reconnect(row.Integration.Id) },
        403 => new Failure(ErrorCatalogue.Consents.InsufficientScope) { ReconnectUrl = links.Reconnect(row.Integration.Id) },
        429 or >= 500 => new Failure(ErrorCatalogue.Providers.ApiUnreachable),
        _ => new Failure(ErrorCatalogue.Providers.ApiUnreadable),
    };

    private sealed record Ended(Failure? Failure);
}
