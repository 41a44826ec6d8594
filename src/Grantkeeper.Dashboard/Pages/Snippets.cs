using System.Text.Json;
using Grantkeeper.Integrations;
using Grantkeeper.Settings;

namespace Grantkeeper.Dashboard.Pages;

/// <summary>How a product uses an account, to copy. Holds no secret: a shell or the configuration adds the key.</summary>
internal static class Snippets
{
    public static string Curl(Integration integration, GrantkeeperOptions options, ApiKeySource key)
    {
        var origin = options.PublicUrl.GetLeftPart(UriPartial.Authority);
        // Only the primary account answers to provider and user; the id names any.
        var address = integration.IsPrimary
            ? $"{origin}/oauth/{integration.Provider}/token?user_id={Uri.EscapeDataString(integration.UserId)}"
            : $"{origin}/api/v1/oauth/integrations/{integration.Id}/token";
        return $"curl -s -H \"Authorization: Bearer {key.InShell}\" \"{address}\"";
    }

    public static string CSharp(Integration integration, GrantkeeperOptions options)
    {
        var origin = options.PublicUrl.GetLeftPart(UriPartial.Authority);
        var scopes = string.Concat(integration.Scopes.ToArray().Where(scope => scope is not ("openid" or "profile" or "email" or "offline_access")).Take(1).Select(scope => $", {Literal(scope)}"));
        var user = integration.IsPrimary || integration.AccountId is null ? Literal(integration.UserId) : $"{Literal(integration.UserId)}, {Literal(integration.AccountId)}";
        return $$"""
            builder.Services.AddGrantkeeperClient({{Literal(origin)}}, builder.Configuration["GRANTKEEPER_API_KEY"]!);
            builder.Services.AddHttpClient("{{integration.Provider}}").AddConnectedAccount("{{integration.Provider}}"{{scopes}});

            // An HttpClient named "{{integration.Provider}}" sends the request with this account's token, and never without one.
            await client.SendAsync(new HttpRequestMessage(HttpMethod.Get, address).ForUser({{user}}));
            """;
    }

    // JSON's escapes are C#'s, and the default encoder leaves nothing that could end the literal.
    private static string Literal(string text) => JsonSerializer.Serialize(text, JsonSerializerOptions.Default).Replace("\\u002B", "+", StringComparison.Ordinal);
}
