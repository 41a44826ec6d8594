using System.Text.Json;
using Grantkeeper.OAuth;

namespace Grantkeeper.Providers;

/// <summary>Turns what a provider says in its own way into what the engine understands. Pure.</summary>
internal static class Dialect
{
    /// <summary>A success: echoed scopes by the names that the provider takes, and a lifetime where the provider means one without saying it.</summary>
    public static TokenResponse Understand(ProviderManifest manifest, TokenResponse answer) => answer with
    {
        Scope = answer.Scope is null ? null : ScopesOf(manifest, answer.Scope, !answer.RefreshToken.IsEmpty),
        ExpiresIn = answer.ExpiresIn ?? manifest.ExpiresIn,
    };

    /// <summary>A failure: the provider's own codes decide where its error word says too little.</summary>
    public static TokenFailure Understand(ProviderManifest manifest, TokenFailure failure, string? contentType, ReadOnlyMemory<byte> body)
    {
        if (manifest.ErrorCodes is not { } codes || failure.Delivery == Delivery.Ambiguous)
            return failure;
        using var document = OAuth.TokenEndpoint.Parse(contentType, body);
        var told = document is null || JsonText.Member(document.RootElement, codes.Member) is not { } member ? [] : CodesOf(member);
        TokenFailureKind? kind = told.Any(codes.Misconfigured.Contains) ? TokenFailureKind.Misconfigured
            : told.Any(codes.Rejected.Contains) ? TokenFailureKind.Rejected
            : told.Any(codes.Transient.Contains) ? TokenFailureKind.Transient : null;
        return kind is null ? failure : failure with { Kind = kind.Value, Delivery = kind == TokenFailureKind.Transient ? Delivery.NotProcessed : Delivery.Refused };
    }

    /// <summary>Scopes that the provider told, by the names that it takes.</summary>
    public static ScopeSet Named(ProviderManifest manifest, string told) =>
        ScopeSet.Of(ScopeSet.Parse(told, manifest.ScopeSeparator).ToArray().Select(scope => NameOf(manifest, scope)));

    private static ScopeSet ScopesOf(ProviderManifest manifest, ScopeSet echoed, bool hasRefreshToken)
    {
        var echo = manifest.ScopeEcho;
        var names = echoed.ToArray().Select(scope => NameOf(manifest, scope));
        return ScopeSet.Of(hasRefreshToken && echo.Silent is { } silent ? names.Append(silent) : names);
    }

    private static string NameOf(ProviderManifest manifest, string echoed)
    {
        var echo = manifest.ScopeEcho;
        if (echo.Aliases.TryGetValue(echoed, out var name))
            return name;
        if (echo.Prefixes.FirstOrDefault(prefix => echoed.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) is not { } found)
            return echoed;
        // Where a prefix may come or not, the case may vary too; the catalogue's spelling is the one that is asked with.
        var bare = echoed[found.Length..];
        return manifest.Scopes.FirstOrDefault(scope => scope.Name.Equals(bare, StringComparison.OrdinalIgnoreCase))?.Name ?? bare;
    }

    private static List<string> CodesOf(JsonElement member) => member.ValueKind switch
    {
        JsonValueKind.Number => [member.GetRawText()],
        JsonValueKind.String => JsonText.Of(member) is { } text ? [text] : [],
        JsonValueKind.Array => [.. member.EnumerateArray().SelectMany(CodesOf)],
        _ => [],
    };
}
