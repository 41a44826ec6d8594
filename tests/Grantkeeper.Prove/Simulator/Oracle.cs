using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Grantkeeper.Egress;

namespace Grantkeeper.Prove.Simulator;

/// <summary>How a provider is in trouble.</summary>
internal enum Trouble
{
    None,

    /// <summary>No connection.</summary>
    Away,

    /// <summary>The request is lost on its way.</summary>
    LosesRequest,

    /// <summary>The request is carried out, and its answer is lost.</summary>
    LosesAnswer,

    /// <summary>Carried out, and answered late, perhaps too late.</summary>
    Slow,

    /// <summary>500 before anything was done.</summary>
    Fails,

    /// <summary>500 after everything was done.</summary>
    FailsAfter,

    /// <summary>429 with Retry-After.</summary>
    Limits,

    /// <summary>503.</summary>
    Unavailable,

    /// <summary>A page with status 200; nothing was done.</summary>
    Html,

    /// <summary>Our client is refused.</summary>
    RefusesClient,

    /// <summary>Another account's tokens.</summary>
    MixesUp,
}

/// <summary>A new refresh token that the provider has committed: from here on the old one is used up.</summary>
internal sealed class Rotation
{
    public required string Old { get; init; }

    public required string New { get; init; }

    /// <summary>The life that asked, the last one if several did.</summary>
    public required Life Asker { get; set; }

    /// <summary>The asker's process has had the whole answer in its memory.</summary>
    public bool IsDelivered { get; set; }

    /// <summary>The asker has tried to keep it, and that has ended.</summary>
    public bool IsTried { get; set; }

    /// <summary>It outlives the asker: on its disk, or in the database.</summary>
    public bool IsKept { get; set; }

    /// <summary>The asker's disk broke in this moment.</summary>
    public bool DiskFailed { get; set; }

    /// <summary>
    /// True for what nobody can save: the answer never arrived, or the process died before the disk had it, or the disk
    /// itself died.
    /// </summary>
    public bool IsBeyondUs => !IsKept && (!IsDelivered || DiskFailed || (Asker.IsOver && !IsTried));
}

/// <summary>One consent at a provider, with all refresh tokens that ever came of it.</summary>
internal sealed class Family
{
    /// <summary>What it is stored as; after a code was exchanged, known only when it is stored.</summary>
    public required Guid Integration { get; set; }

    public required string Account { get; init; }

    /// <summary>The code that it came of; null where the driver made the consent.</summary>
    public IssuedCode? Code { get; init; }

    public required Habit Profile { get; init; }

    public required TimeSpan Lifetime { get; init; }

    public List<string> RefreshTokens { get; } = [];

    public List<Rotation> Rotations { get; } = [];

    public DateTimeOffset RotatedAt { get; set; }

    public bool CurrentIsUsed { get; set; }

    public bool IsRevoked { get; set; }

    /// <summary>Ended by the provider itself, as when the user removes the application there.</summary>
    public bool EndedThere { get; set; }

    /// <summary>Ended because a used refresh token was shown again.</summary>
    public bool EndedByReuse { get; set; }

    /// <summary>Its tokens came for another account once.</summary>
    public bool WasMixedUp { get; set; }

    public string Current => RefreshTokens[^1];

    public bool IsBeyondUs => Rotations.Exists(rotation => rotation.IsBeyondUs);
}

/// <summary>A request with a refresh token that is under way, or was.</summary>
internal sealed class RefreshRequest(string refreshToken, Family? family, Life sender)
{
    public string RefreshToken { get; } = refreshToken;

    public Family? Family { get; } = family;

    public Life Sender { get; } = sender;

    /// <summary>What it made the provider commit.</summary>
    public Rotation? Rotation { get; set; }

    /// <summary>Answered, lost, or given up.</summary>
    public bool HasEnded { get; set; }
}

/// <summary>How a simulated provider rotates; its name is the end of the provider's key.</summary>
internal enum Habit
{
    Strict,
    Companion,
    Grace,
    Lazy,
    None,
}

/// <summary>An access token as the provider knows it.</summary>
internal sealed record IssuedAccess(Family Family, DateTimeOffset EndsAt)
{
    public bool IsDead { get; set; }
}

/// <summary>A request that was not carried out, and its answer, if one comes.</summary>
internal sealed record NotDone(EgressOutcome? Outcome);

/// <summary>All providers at once: they answer, they keep books, and they know what nobody else can: whether a grant is alive.</summary>
internal sealed class Oracle(World world, Journal journal)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, Family> _byRefreshToken = [];
    private readonly Dictionary<string, Rotation> _rotations = [];
    private readonly Dictionary<string, IssuedAccess> _access = [];
    private readonly Dictionary<string, string> _lastAccess = [];
    private readonly HashSet<string> _refused = [];
    private readonly List<RefreshRequest> _underWay = [];
    private int _number;

    public Codes Codes { get; } = new(journal);

    public Dictionary<string, (Trouble Kind, double Chance)> Troubles { get; } = [];

    /// <summary>Requests that were carried out.</summary>
    public int Refreshes { get; private set; }

    public int Requests { get; private set; }

    public IssuedAccess? AccessOf(string token) => _access.GetValueOrDefault(token);

    public Family? FamilyOf(string refreshToken) => _byRefreshToken.GetValueOrDefault(refreshToken);

    public Rotation? RotationTo(string refreshToken) => _rotations.GetValueOrDefault(refreshToken);

    /// <summary>True when the provider has said that this refresh token is no good, or has mixed accounts up.</summary>
    public bool HasRefused(string refreshToken) => _refused.Contains(refreshToken) || _byRefreshToken.GetValueOrDefault(refreshToken) is { WasMixedUp: true };

    /// <summary>True when this refresh token would renew the grant now.</summary>
    public bool IsAlive(string refreshToken) =>
        FamilyOf(refreshToken) is { IsRevoked: false } family && (refreshToken == family.Current || family.Profile == Habit.None
            || (family.Profile == Habit.Lazy && !family.CurrentIsUsed && family.RefreshTokens.Count > 1 && refreshToken == family.RefreshTokens[^2]));

    /// <summary>A consent.</summary>
    public (Family Family, string AccessToken, string RefreshToken) Consent(Guid integration, string account, Habit profile, TimeSpan lifetime, IssuedCode? code = null)
    {
        var family = new Family { Integration = integration, Account = account, Profile = profile, Lifetime = lifetime, RotatedAt = world.TrueTime, Code = code };
        var refreshToken = Next(family);
        return (family, Issue(family, refreshToken), refreshToken);
    }

    /// <summary>The user removes the application at the provider.</summary>
    public void End(Family family) => (family.IsRevoked, family.EndedThere) = (true, true);

    /// <summary>A request is under way from here; two at once for one refresh token of a strict provider break I2.</summary>
    public RefreshRequest Sent(string refreshToken, Life life)
    {
        Requests++;
        var request = new RefreshRequest(refreshToken, FamilyOf(refreshToken), life);
        _underWay.Add(request);
        if (request.Family is { Profile: Habit.Strict or Habit.Companion } family)
            journal.Check("I2", _underWay.FindAll(other => other.RefreshToken == refreshToken).Count == 1, () => $"{life.Name} sends {refreshToken} of {family.Integration} while another request with it is under way");
        return request;
    }

    public void Ended(RefreshRequest request)
    {
        request.HasEnded = true;
        _underWay.Remove(request);
    }

    /// <summary>The request that a process has under way for a grant; null when it has none.</summary>
    public RefreshRequest? UnderWay(Life sender, Family family) => _underWay.Find(request => request.Sender == sender && request.Family == family);

    /// <summary>Carries a refresh out, in whatever trouble the provider is. The answer is null when none comes.</summary>
    public (EgressOutcome? Outcome, TimeSpan After, Rotation? Rotation) Refresh(string provider, string refreshToken, Life asker)
    {
        var (kind, quick) = TroubleOf(provider);
        if (Undone(kind) is { } undone)
            return (undone.Outcome, kind == Trouble.Away ? TimeSpan.FromMilliseconds(5) : quick, null);

        if (Accept(refreshToken) is not { } family)
        {
            _refused.Add(refreshToken);
            journal.Note($"{provider} refuses {refreshToken} from {asker.Name}");
            return (Answer(400, """{"error":"invalid_grant"}"""), quick, null);
        }

        Refreshes++;
        var rotation = Rotate(family, refreshToken, asker);
        if (kind == Trouble.MixesUp)
            family.WasMixedUp = true;
        journal.Note($"{provider} renews {family.Integration} for {asker.Name}: {refreshToken} -> {family.Current} ({kind})");
        var good = Answer(200, Body(family, rotation, kind == Trouble.MixesUp));
        var (outcome, after) = Done(kind, quick, good);
        return (outcome, after, rotation);
    }

    /// <summary>Exchanges a code, in whatever trouble the provider is. The answer is null when none comes.</summary>
    public (EgressOutcome? Outcome, TimeSpan After) Exchange(string provider, IssuedCode code, IReadOnlyDictionary<string, string> form)
    {
        var (kind, quick) = TroubleOf(provider);
        if (Undone(kind) is { } undone)
            return (undone.Outcome, quick);
        if (!Codes.Takes(code, form))
            return (Answer(400, """{"error":"invalid_grant"}"""), quick);
        var lifetime = TimeSpan.FromSeconds(world.Dice.Of([60, 300, 900, 3600]));
        var (family, accessToken, refreshToken) = Consent(Guid.Empty, code.Account, Habit.Strict, lifetime, code);
        code.Family = family;
        journal.Note($"{provider} gives {refreshToken} for {code.Text} ({kind})");
        var body = new JsonObject { ["access_token"] = accessToken, ["token_type"] = "Bearer", ["expires_in"] = (int)lifetime.TotalSeconds, ["refresh_token"] = refreshToken, ["account"] = code.Account };
        return Done(kind, quick, Answer(200, body.ToJsonString()));
    }

    /// <summary>RFC 7009: always 200; a refresh token that is no longer current ends nothing at a strict provider.</summary>
    public (EgressOutcome Outcome, TimeSpan After) Revoke(string provider, string refreshToken)
    {
        var quick = world.Dice.Span(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(300));
        if (Troubles.GetValueOrDefault(provider) is { Kind: not Trouble.None } trouble && world.Dice.Chance(trouble.Chance))
            return (EgressOutcome.Failed(EgressFault.NotConnected), quick);
        if (IsAlive(refreshToken))
            FamilyOf(refreshToken)!.IsRevoked = true;
        return (Answer(200, "{}"), quick);
    }

    /// <summary>The trouble that this request falls into, and how long its answer takes without any.</summary>
    private (Trouble Kind, TimeSpan Quick) TroubleOf(string provider)
    {
        var (kind, chance) = Troubles.GetValueOrDefault(provider);
        if (kind != Trouble.None && !world.Dice.Chance(chance))
            kind = Trouble.None;
        return (kind, world.Dice.Span(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(300)));
    }

    /// <summary>The end of a request that is not carried out, with null in it when no answer comes; null when it is carried out.</summary>
    private NotDone? Undone(Trouble kind) => kind switch
    {
        Trouble.Away => new(EgressOutcome.Failed(EgressFault.NotConnected)),
        Trouble.LosesRequest => new(world.Dice.Chance(0.5) ? EgressOutcome.Failed(EgressFault.Broken) : null),
        Trouble.Fails => new(Answer(500, "{}")),
        Trouble.Limits => new(Answer(429, "{}", world.Dice.Between(1, 20))),
        Trouble.Unavailable => new(Answer(503, "{}")),
        Trouble.Html => new(Answer(200, "<html><body>Sign in</body></html>", type: "text/html")),
        Trouble.RefusesClient => new(Answer(401, """{"error":"invalid_client"}""")),
        _ => null,
    };

    /// <summary>How the good answer of a request that was carried out comes back.</summary>
    private (EgressOutcome? Outcome, TimeSpan After) Done(Trouble kind, TimeSpan quick, EgressOutcome good) => kind switch
    {
        Trouble.LosesAnswer => (world.Dice.Chance(0.5) ? EgressOutcome.Failed(EgressFault.Broken) : null, quick),
        Trouble.FailsAfter => (Answer(500, "{}"), quick),
        Trouble.Slow => (good, world.Dice.Span(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(14))),
        _ => (good, quick),
    };

    /// <summary>The family when the token is taken; null when it is refused. Showing a used one again may end the grant.</summary>
    private Family? Accept(string refreshToken)
    {
        if (!_byRefreshToken.TryGetValue(refreshToken, out var family) || family.IsRevoked)
            return null;
        if (refreshToken == family.Current)
        {
            family.CurrentIsUsed = true;
            return family;
        }

        var isLast = family.RefreshTokens.Count > 1 && refreshToken == family.RefreshTokens[^2];
        switch (family.Profile)
        {
            case Habit.None:
            case Habit.Lazy when isLast && !family.CurrentIsUsed:
            case Habit.Grace when isLast && world.TrueTime - family.RotatedAt <= Grace:
                return family;
        }

        // Of several answers to one lazy token only the last one counts; the others were never used.
        if (family.Rotations.Find(rotation => rotation.Old == refreshToken) is not { } successor)
            return null;
        journal.Check("I1", successor.IsBeyondUs || family.WasMixedUp, () => $"{refreshToken} of {family.Integration} ({family.Profile}) is shown again although {successor.New} had been received by {successor.Asker.Name}");
        if (successor.IsBeyondUs)
            journal.Window();
        (family.IsRevoked, family.EndedByReuse) = (true, true);
        return null;
    }

    private Rotation? Rotate(Family family, string refreshToken, Life asker)
    {
        // The same answer again inside the grace.
        if (family.Profile == Habit.Grace && refreshToken != family.Current)
        {
            var again = RotationTo(family.Current)!;
            (again.Asker, again.IsDelivered, again.IsTried) = (asker, false, false);
            return again;
        }

        var rotates = family.Profile switch
        {
            Habit.None => world.Dice.Chance(0.2),
            Habit.Lazy or Habit.Grace => true,
            // Also strict providers now and then keep the token that they were shown.
            _ => world.Dice.Chance(0.9),
        };
        if (!rotates)
            return null;
        if (family.Profile == Habit.Companion && _lastAccess.TryGetValue(family.Current, out var last))
            _access[last].IsDead = true;
        var fresh = Next(family);
        var rotation = new Rotation { Old = refreshToken, New = fresh, Asker = asker };
        family.Rotations.Add(rotation);
        _rotations[fresh] = rotation;
        (family.RotatedAt, family.CurrentIsUsed) = (world.TrueTime, false);
        if (family.Profile == Habit.Lazy && family.RefreshTokens.Count > 2 && family.RefreshTokens[^2] != refreshToken)
            family.RefreshTokens.RemoveAt(family.RefreshTokens.Count - 2);
        return rotation;
    }

    private string Body(Family family, Rotation? rotation, bool mixedUp)
    {
        var body = new JsonObject { ["access_token"] = Issue(family, family.Current), ["token_type"] = "Bearer" };
        if (world.Dice.Chance(0.95))
            body["expires_in"] = (int)family.Lifetime.TotalSeconds;
        if (rotation is not null)
            body["refresh_token"] = family.Current;
        if (world.Dice.Chance(0.5))
            body["scope"] = "openid offline_access";
        if (mixedUp || world.Dice.Chance(0.3))
            body["id_token"] = $"e30.{Base64($$"""{"sub":"{{(mixedUp ? "somebody-else" : family.Account)}}"}""")}.c2ln";
        return body.ToJsonString();
    }

    private string Issue(Family family, string of)
    {
        var token = $"at-{++_number}";
        _access[token] = new IssuedAccess(family, world.TrueTime + family.Lifetime);
        _lastAccess[of] = token;
        return token;
    }

    private string Next(Family family)
    {
        var token = $"rt-{++_number}";
        family.RefreshTokens.Add(token);
        _byRefreshToken.Add(token, family);
        return token;
    }

    private EgressOutcome Answer(int status, string body, int? retryAfter = null, string type = "application/json")
    {
        using var message = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent("") };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (retryAfter is { } seconds)
            message.Headers.RetryAfter = new RetryConditionHeaderValue(TimeSpan.FromSeconds(seconds));
        return EgressOutcome.Answered(new EgressResponse(message, Encoding.UTF8.GetBytes(body), world.TrueTime));
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
