using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Links;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Connect;

/// <summary>What a user's browser meets: the start link and the callback. No credential; the flow's cookie binds the browser.</summary>
internal static class BrowserEndpoints
{
    private const int MostFormBytes = 32 * 1024;
    private const string Resubmitted = "gk_resubmitted";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Anonymous("GET", "/oauth/start/{handle}", "Binds the browser to the flow and sends it to the provider", Open);
        routes.Anonymous("HEAD", "/oauth/start/{handle}", "Binds nothing: link scanners look with HEAD", () => Results.NoContent()).ExcludeFromDescription();
        routes.Anonymous("GET", "/oauth/{provider}/callback", "Where a provider sends the browser back", (HttpContext http, string provider, BrowserServices services) => Callback(http, provider, services));
        routes.Anonymous("GET", "/api/v1/oauth/callback", "The same for providers that always name themselves (iss)", (HttpContext http, BrowserServices services) => Callback(http, null, services));
        routes.Anonymous("POST", "/oauth/{provider}/callback", "Where a provider posts its answer (form_post)", FormCallback)
            .Accepts<IFormCollection>("application/x-www-form-urlencoded").ExcludeFromDescription();
    }

    private static Task<IResult> Open(HttpContext http, string handle, BrowserServices services) => services.Guard(http, async () =>
    {
        handle = http.Features.Get<SecretAddress>()?.Handle ?? handle;
        // A prefetch is not a person who opens the link.
        if (http.Request.Headers["Sec-Purpose"].ToString().Contains("prefetch", StringComparison.OrdinalIgnoreCase))
            return Results.NoContent();
        var options = services.Options;
        var fresh = RandomHandle.New().Reveal();
        var presented = (string?)null;
        var opened = await services.Connect.Open(handle, fresh, stateHash => presented = http.Request.Cookies[FlowCookie.NameOf(stateHash, options)], http.RequestAborted);
        if (!opened.TryGet(out var flow, out var failure))
            return services.Page(http, failure);
        var isNew = presented is null || RandomHandle.HashOf(presented) != flow.BindingHash;
        if (isNew)
            http.Response.Cookies.Append(FlowCookie.NameOf(flow.StateHash, options), fresh, FlowCookie.Options(options));
        return SeeOther(http, flow.AuthorizationUrl.Reveal());
    });

    private static Task<IResult> Callback(HttpContext http, string? provider, BrowserServices services) => services.Guard(http, () =>
    {
        var query = http.Features.Get<SecretAddress>()?.Query ?? http.Request.QueryString.Value;
        var parameters = query is null || query.Length > MostFormBytes ? null : Parameters(QueryHelpers.ParseQuery(query));
        return Complete(http, provider, parameters, services);
    });

    private static Task<IResult> FormCallback(HttpContext http, string provider, BrowserServices services) => services.Guard(http, async () =>
    {
        if (http.Request.ContentLength is null or > MostFormBytes)
            return await Complete(http, provider, null, services);
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var parameters = Parameters(form).ToList();
        var state = AuthorizationResponse.Read(parameters)?.State ?? default;
        var hasCookie = !state.IsEmpty && http.Request.Cookies.ContainsKey(FlowCookie.NameOf(RandomHandle.HashOf(state), services.Options));
        if (hasCookie || form.ContainsKey(Resubmitted))
            return await Complete(http, provider, parameters, services);
        return CallbackPage.ResubmitForm(http, parameters.Select(field => KeyValuePair.Create(field.Key, field.Value ?? "")).Append(new(Resubmitted, "1")), services.Options);
    });

    private static async Task<IResult> Complete(HttpContext http, string? providerKey, IEnumerable<KeyValuePair<string, string?>>? parameters, BrowserServices services)
    {
        var known = providerKey is null ? null : services.Catalogue.Find(providerKey);
        if (providerKey is not null && known is null)
            return services.Page(http, new Failure(ErrorCatalogue.Providers.Unknown));
        var answer = parameters is null ? null : AuthorizationResponse.Read(parameters);
        var cookie = answer is null || answer.State.IsEmpty ? null : http.Request.Cookies[FlowCookie.NameOf(RandomHandle.HashOf(answer.State), services.Options)];
        var completed = await services.Connect.Complete(known?.Key, answer, new CallbackBearer(cookie, SignedInUser(http, services.Options), false), http.Source(), http.RequestAborted);
        // The cookie stays until it ends by itself: a reload of this page must be told that the state was used.
        if (Destination(completed, services.Links) is { } address)
            return SeeOther(http, address);
        var name = completed.Flow is null ? null : services.Catalogue.Find(completed.Flow.Provider)?.DisplayName;
        return CallbackPage.Of(http, completed, name, services.Options);
    }

    /// <summary>Where the browser goes from here; null when the callback page itself is the end.</summary>
    private static string? Destination(Completed completed, ConnectLinks links) => completed.Flow switch
    {
        // The hosted page shows what became of it; it cannot confirm, and the application can.
        { Landing: Landing.Page } flow when !completed.IsParked => links.ConnectPage(flow.Id),
        { Landing: not Landing.Popup, ReturnTo: { } returnTo } => CallbackPage.ReturnAddress(completed, returnTo),
        _ => null,
    };

    /// <summary>The user of the host's own session, when the host signs its users in before Grantkeeper's routes.</summary>
    private static string? SignedInUser(HttpContext http, GrantkeeperOptions options) =>
        http.User.Identity?.IsAuthenticated == true ? http.User.FindFirst(options.UserIdClaim)?.Value : null;

    private static IEnumerable<KeyValuePair<string, string?>> Parameters(IEnumerable<KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues>> source) =>
        source.SelectMany(parameter => parameter.Value.Select(value => KeyValuePair.Create(parameter.Key, value)));

    /// <summary>303, so that a POST becomes a GET and nothing is posted onward (RFC 9700 section 4.12).</summary>
    private static IResult SeeOther(HttpContext http, string address)
    {
        http.Response.Headers.Location = address;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        return Results.StatusCode(StatusCodes.Status303SeeOther);
    }
}

/// <summary>What the browser's routes need, and how trouble looks there: a page, never a stack trace.</summary>
internal sealed class BrowserServices(ConnectFlow connect, ConnectLinks links, ProviderCatalogue catalogue, GrantkeeperOptions options, Readiness readiness, ILogger<BrowserServices> logger)
{
    public ConnectFlow Connect => connect;

    public ConnectLinks Links => links;

    public ProviderCatalogue Catalogue => catalogue;

    public GrantkeeperOptions Options => options;

    public async Task<IResult> Guard(HttpContext http, Func<Task<IResult>> handler)
    {
        try
        {
            if (readiness.Failure is { } notReady)
                return Page(http, notReady);
            return await http.Limited(LimitedOperation.Browse, null) is { } limited ? Page(http, limited) : await handler();
        }
        catch (StorageUnavailableException exception)
        {
            HttpLog.StorageUnavailable(logger, exception.InnerException?.GetType().Name ?? "");
            return Page(http, new Failure(ErrorCatalogue.Storage.Unavailable));
        }
        catch (Exception exception) when (exception is BadHttpRequestException or InvalidDataException)
        {
            return Page(http, new Failure(ErrorCatalogue.Connect.CallbackMalformed));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            HttpLog.Unexpected(logger, exception, Answers.TraceId(http));
            return Page(http, new Failure(ErrorCatalogue.Internal));
        }
    }

    /// <summary>A refusal that belongs to no flow that this browser may know of.</summary>
    public IResult Page(HttpContext http, Failure failure)
    {
        Answers.SayWhen(http, failure);
        return CallbackPage.Of(http, new Completed(null, null, default, failure), null, options);
    }
}
