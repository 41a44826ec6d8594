using Grantkeeper.Client.Contracts;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Privacy;

/// <summary>A user's export and erasure over HTTP, for administrators.</summary>
internal static class PrivacyEndpoints
{
    private const string Users = "/api/v1/oauth/admin/users/";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Api<Client.Contracts.UserExport>("GET", Users + "{user_id}/export", Permissions.Admin, "Everything that is kept about a user, as one JSON document, without secrets", Export);
        routes.Api<ErasedUser>("DELETE", Users + "{user_id}", Permissions.Admin, "Erases a user: ends the grants, here and at the providers, and removes what is kept", Erase);
    }

    private static async Task<IResult> Export(HttpContext http, UserExport export, [FromRoute(Name = "user_id")] string userId)
    {
        if (!UserIds.Parse(Named(http, userId)).TryGet(out var user, out var failure))
            return Answers.Problem(failure);
        await export.Begin(user, http.Source(), http.RequestAborted);
        return Document(export, user);
    }

    private static async Task<IResult> Erase(HttpContext http, UserErasure erasure, [FromRoute(Name = "user_id")] string userId) =>
        UserIds.Parse(Named(http, userId)).TryGet(out var user, out var failure)
            ? Answers.Json(AnswerOf(user, await erasure.Erase(user, http.Source(), http.RequestAborted)))
            : Answers.Problem(failure);

    /// <summary>A user's export as a file, for the API and for the page; <see cref="UserExport.Begin"/> comes before it.</summary>
    internal static IResult Document(UserExport export, string userId) => new StreamedAnswer("application/json; charset=utf-8", "user.json", cancellation => export.Parts(userId, cancellation));

    internal static ErasedUser AnswerOf(string userId, Erased erased)
    {
        int Of(string outcome) => erased.AtProviders.GetValueOrDefault(outcome);
        return new ErasedUser(
            userId, erased.Ended,
            new RevocationCounts(Of(Revocations.Confirmed), Of(Revocations.Pending), Of(Revocations.Unsupported), Of(Revocations.Failed), Of(Revocations.Withheld)), erased.Rows);
    }

    /// <summary>
    /// The user as the address names it. A user's id may hold a slash, which comes as <c>%2F</c>; servers leave that as it is in
    /// the path, so that it can be told from a separator, and decode everything else. Hence the address as it was sent.
    /// </summary>
    private static string Named(HttpContext http, string fromRoute)
    {
        var sent = http.Features.Get<IHttpRequestFeature>()?.RawTarget.Split('?')[0];
        if (sent?.IndexOf(Users, StringComparison.OrdinalIgnoreCase) is not (>= 0 and var start))
            return fromRoute;
        return Uri.UnescapeDataString(sent[(start + Users.Length)..].Split('/')[0]);
    }
}
