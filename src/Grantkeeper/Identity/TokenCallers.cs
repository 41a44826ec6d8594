using System.Text;
using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Jwt;
using Grantkeeper.Settings;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Identity;

/// <summary>
/// Users with a token of the product's identity provider (R192). The token is verified each time: what it says ends with
/// it. Every refusal looks alike, so that nobody learns which of a forged token's parts was right.
/// </summary>
internal sealed class TokenCallers(JwksCache jwks, GrantkeeperOptions options, TimeProvider time, ILogger<TokenCallers> logger) : ICredentialKind
{
    private const int LongestId = 100;

    private readonly JwtRules? _rules = RulesOf(options.Jwt);

    /// <summary>A dot makes a token of it: no key and no session's token has one.</summary>
    public bool Recognizes(string presented) => _rules is not null && presented.Contains('.', StringComparison.Ordinal);

    /// <summary>The user behind a token. Failures: <c>identity.unauthenticated</c>, <c>identity.keys_unavailable</c>.</summary>
    public async ValueTask<Result<Caller>> Verify(string presented, CancellationToken cancellation)
    {
        var (jwt, now) = (options.Jwt!, time.GetUtcNow());
        var verdict = jwt.JwksUri is { } keys
            ? await jwks.Verify(presented, _rules!, keys, EgressTrust.Operator, cancellation)
            : JwtVerifier.Verify(presented, _rules!, now);
        if (verdict.Fault == JwtFault.KeysUnavailable)
        {
            IdentityLog.KeysUnavailable(logger, jwt.Issuer);
            return new Failure(ErrorCatalogue.Identity.KeysUnavailable);
        }

        if (!verdict.IsValid || !UserIds.Parse(verdict.Claims.Subject).TryGet(out var user, out _))
        {
            IdentityLog.Refused(logger, verdict.Fault?.ToString() ?? nameof(UserIds));
            return new Failure(ErrorCatalogue.Identity.Unauthenticated);
        }

        return new Caller(IdOf(user), TokenClaims.PermissionsOf(verdict.Claims, jwt.Claims))
        {
            User = user, Actor = TokenClaims.ActorOf(verdict.Claims), Roles = TokenClaims.RolesOf(verdict.Claims, jwt.Claims), HasSecondFactor = TokenClaims.HasSecondFactor(verdict.Claims, jwt.Claims.SecondFactor, now),
        };
    }

    /// <summary>The caller's name in the audit log. A name that the column cannot hold stands there as its hash; ~ begins no user_id.</summary>
    internal static string IdOf(string user) => user.Length + "user:".Length <= LongestId ? $"user:{user}" : $"user:~{RandomHandle.HashOf(user)}";

    private static JwtRules? RulesOf(JwtOptions? jwt) => jwt is null ? null : new JwtRules
    {
        Issuers = [jwt.Issuer],
        Audience = jwt.Audience,
        // An access token's azp names the application that the user sits in front of.
        RequireAzpWhenSeveralAudiences = false,
        AcceptedTypes = ["JWT", "at+jwt"],
        HmacSecret = jwt.Secret.IsEmpty ? (ReadOnlyMemory<byte>?)null : Encoding.UTF8.GetBytes(jwt.Secret.Reveal()),
    };
}
