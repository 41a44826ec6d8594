using System.Text;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Providers;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Events;

/// <summary>Where providers tell what happened at an account. No credential: the provider's signature is one.</summary>
internal static class EventEndpoints
{
    private const string Ended = "ended";
    private const string Ignored = "ignored";

    public static void Map(IEndpointRouteBuilder routes) => routes
        .Anonymous("POST", "/oauth/{provider}/events", "Takes what a provider tells by itself: the whole body is a token that the provider signed", Take)
        .Produces<EventAnswer>()
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
        .AddEndpointFilter<ApiFilter>();

    private static async Task<IResult> Take(HttpContext http, ProviderCatalogue catalogue, WithdrawalFlow withdrawal, SharedTime time, ILogger<WithdrawalFlow> logger, string provider)
    {
        if (catalogue.Find(provider) is not { } known)
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.Unknown));
        if (known.Manifest.Events is not { } form)
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.EventsUnsupported));
        if (known.EventKeys is not { } keys || !known.IsConfigured)
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.EventsNotConfigured));
        if (await Body(http) is not { } body)
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.EventTooLarge));
        if (EventToken.Read(body.Trim(), form, keys, known.Client.ClientId, time.GetUtcNow(), out var fault) is not { } told)
        {
            EventsLog.Unverified(logger, known.Key, Words.Of(fault));
            return Answers.Problem(new Failure(ErrorCatalogue.Providers.EventUnverified));
        }

        if (told.Type is not { } type)
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = [$"the event has no {form.Type}"] });
        if (!form.Ends.Contains(type))
            return Answers.Json(new EventAnswer(Ignored));
        if (told.Account is not { } account)
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = [$"the event has no {form.Account}"] });
        // The same answer whether anybody has connected this account or not.
        EventsLog.Withdrawn(logger, known.Key, await withdrawal.Withdraw(known.Key, account, told.At, http.Source() with { Caller = $"provider:{known.Key}" }, http.RequestAborted));
        return Answers.Json(new EventAnswer(Ended));
    }

    /// <summary>The body as a text; null when it is longer than an event may be.</summary>
    private static async Task<string?> Body(HttpContext http)
    {
        if (http.Request.ContentLength > EventToken.MaxLength)
            return null;
        using var body = new MemoryStream();
        var buffer = new byte[8192];
        for (int read; (read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0;)
        {
            if (body.Length + read > EventToken.MaxLength)
                return null;
            body.Write(buffer, 0, read);
        }

        return Encoding.ASCII.GetString(body.GetBuffer(), 0, (int)body.Length);
    }
}
