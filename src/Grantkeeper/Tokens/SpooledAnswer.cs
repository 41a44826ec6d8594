using System.Text.Json;
using System.Text.Json.Nodes;
using Grantkeeper.Encryption;
using Grantkeeper.OAuth;
using Grantkeeper.Spool;

namespace Grantkeeper.Tokens;

/// <summary>A merged answer with everything that its success write needs, so that it can be stored without its flight.</summary>
internal sealed record SpooledAnswer(
    Guid AttemptId, string UserId, Guid IntegrationId, string Provider, int Epoch, long Generation, TokenSet Tokens, DateTimeOffset SentAt, TimeSpan Duration, string? Evidence = null, TimeSpan? Idle = null)
{
    public static SpooledAnswer Of(Guid attemptId, GrantRow tried, TokenSet tokens, DateTimeOffset sentAt, TimeSpan duration, string? evidence = null, TimeSpan? idle = null) => new(
        attemptId, tried.Integration.UserId, tried.Integration.Id, tried.Integration.Provider, tried.Tokens!.Epoch, tried.Tokens.Generation, tokens, sentAt, duration, evidence, idle);

    /// <summary>The attempt as its row in <c>refresh_attempts</c> tells it.</summary>
    public RefreshAttempt Attempt => new("refreshed", Evidence, null, SentAt, Duration, RefreshDecision.NextRefresh(Tokens.ExpiresAt, Tokens.Lifetime, IntegrationId, Idle is { } idle ? (SentAt, idle) : null));

    /// <summary>The row that was tried: who and what it is today, with the tokens' place of then.</summary>
    public GrantRow On(GrantRow current) => current with
    {
        Tokens = (current.Tokens ?? new SealedTokens { Epoch = Epoch, Generation = Generation, AccessToken = "" }) with { Epoch = Epoch, Generation = Generation },
    };

    /// <summary>The text that is sealed into the spool.</summary>
    public SpoolRecord ToRecord() => new(AttemptId, new Secret(new JsonObject
    {
        ["user_id"] = UserId,
        ["integration_id"] = IntegrationId,
        ["provider"] = Provider,
        ["epoch"] = Epoch,
        ["generation"] = Generation,
        ["access_token"] = Tokens.AccessToken.Reveal(),
        ["refresh_token"] = Tokens.RefreshToken.Reveal(),
        ["expires_at"] = Tokens.ExpiresAt,
        ["lifetime_seconds"] = Tokens.Lifetime?.TotalSeconds,
        ["scopes"] = Tokens.Scopes.ToString(),
        ["refused_scopes"] = Tokens.RefusedScopes.Count == 0 ? null : Tokens.RefusedScopes.ToString(),
        ["sent_at"] = SentAt,
        ["duration_ms"] = Duration.TotalMilliseconds,
        ["evidence"] = Evidence,
        ["idle_seconds"] = Idle?.TotalSeconds,
    }.ToJsonString()));

    /// <summary>Reads a record; null when it is none of ours.</summary>
    public static SpooledAnswer? Read(SpoolRecord record)
    {
        try
        {
            var json = JsonNode.Parse(record.Answer.Reveal()) as JsonObject ?? throw new FormatException();
            JsonNode Member(string name) => json[name] ?? throw new FormatException();
            var tokens = new TokenSet(
                new Secret((string?)Member("access_token")), new Secret((string?)Member("refresh_token")), (DateTimeOffset?)json["expires_at"],
                (double?)json["lifetime_seconds"] is { } seconds ? TimeSpan.FromSeconds(seconds) : null, ScopeSet.Parse((string?)Member("scopes")))
            {
                RefusedScopes = ScopeSet.Parse((string?)json["refused_scopes"]),
            };
            return new SpooledAnswer(
                record.Id, (string)Member("user_id")!, (Guid)Member("integration_id"), (string)Member("provider")!, (int)Member("epoch"), (long)Member("generation"),
                tokens, (DateTimeOffset)Member("sent_at"), TimeSpan.FromMilliseconds((double)Member("duration_ms")), (string?)json["evidence"],
                (double?)json["idle_seconds"] is { } idle ? TimeSpan.FromSeconds(idle) : null);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or ArgumentException or OverflowException)
        {
            return null;
        }
    }
}
