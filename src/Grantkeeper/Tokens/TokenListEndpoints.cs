using System.Globalization;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Grantkeeper.Identity;
using Grantkeeper.Integrations;
using Grantkeeper.Providers;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Grantkeeper.Tokens;

/// <summary>What is known of tokens, over HTTP: a list and counts, never a token.</summary>
internal static class TokenListEndpoints
{
    /// <summary>How far ahead a list of what ends soon may look.</summary>
    public static readonly TimeSpan LongestSpan = TimeSpan.FromDays(365);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.Api<TokenList>("GET", "/api/v1/oauth/tokens", Permissions.Read, "What is known of a user's tokens, never the tokens; without user_id of all users', for administrators", List);
        routes.Api<TokenStatistics>("GET", "/api/v1/oauth/tokens/statistics", Permissions.Read, "Counts of a user's tokens; without user_id of all users', for administrators", Statistics);
    }

    private static async Task<IResult> List(
        HttpContext http, TokenReader tokens, ProviderCatalogue catalogue, SharedTime time, string? provider, string? cursor, string? limit,
        [FromQuery(Name = "user_id")] string? userId, [FromQuery(Name = "expiring_within_hours")] string? expiringWithinHours)
    {
        if (!http.Caller().UserOrAdministrator(userId).TryGet(out var user, out var failure))
            return Answers.Problem(failure);
        var faults = new List<string>();
        var within = Hours(expiringWithinHours, faults);
        if (!Cursor.Read(cursor, limit).TryGet(out var page, out failure))
            faults.AddRange(failure.Items);
        if (faults.Count > 0)
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = faults });
        // A provider that is no longer known may have left tokens.
        var key = provider is null ? null : catalogue.Find(provider)?.Key ?? provider;
        var found = await tokens.List(new TokenChoice(user) { Provider = key, ExpiringWithin = within, After = page.After, Limit = page.Limit + 1 }, http.RequestAborted);
        var (shown, now) = (found.Take(page.Limit).ToList(), time.GetUtcNow());
        return Answers.Json(new TokenList([.. shown.Select(row => EntryOf(row, now))], found.Count > page.Limit ? Cursor.Of(shown[^1].Integration.Id) : null));
    }

    private static async Task<IResult> Statistics(HttpContext http, TokenReader tokens, [FromQuery(Name = "user_id")] string? userId) =>
        http.Caller().UserOrAdministrator(userId).TryGet(out var user, out var failure) ? Answers.Json(await tokens.Count(user, http.RequestAborted)) : Answers.Problem(failure);

    internal static TokenEntry EntryOf(TokenRow row, DateTimeOffset now)
    {
        var integration = row.Integration;
        var left = integration.ExpiresAt - now;
        return new TokenEntry(
            integration.Id, integration.UserId, integration.Provider, IntegrationEndpoints.AccountOf(integration), integration.Scopes.ToArray(), row.Generation, integration.ExpiresAt,
            left is { } span ? Math.Max(0, (long)Math.Floor(span.TotalSeconds)) : null, Expiry.IsPast(integration.ExpiresAt, now), integration.HasRefreshToken, row.CreatedAt, row.LastRefreshedAt,
            Words.Of(integration.StatusAt(now)), integration.Reason, integration.ReasonDetail);
    }

    private static TimeSpan? Hours(string? text, List<string> faults)
    {
        if (text is null)
            return null;
        if (decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var hours) && hours > 0 && hours <= (decimal)LongestSpan.TotalHours)
            return TimeSpan.FromTicks((long)Math.Ceiling(hours * TimeSpan.TicksPerHour));
        faults.Add($"expiring_within_hours must be a number of hours above 0, {LongestSpan.TotalHours} at most");
        return null;
    }
}
