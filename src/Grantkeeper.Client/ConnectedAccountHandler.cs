using System.Net;

namespace Grantkeeper.Client;

/// <summary>
/// Sends requests with the access token of a user's connected account, and none without.
/// </summary>
/// <remarks>
/// 1. where to: a token travels over https only<br/>
/// 2. whose account<br/>
/// 3. a token that is good enough, from memory or from Grantkeeper<br/>
/// 4. send; a redirect keeps the token on its own origin and loses it for good on another<br/>
/// 5. the API refuses the token: get another one, renewed if need be, and send again if the body allows it<br/>
/// 6. the API asks for another permission: a refusal with a link
/// </remarks>
internal sealed class ConnectedAccountHandler(ConnectedAccountOptions options, AccountTokens tokens, IConnectedAccountUser? user) : DelegatingHandler
{
    private const int MostRedirects = 10;

    /// <summary>One for a token that was kept here while its account was renewed or connected again, one for a token that is void.</summary>
    private const int MostRepeats = 2;

    private static readonly HashSet<string> OfOrigin = new(["Host", "Cookie", "Proxy-Authorization"], StringComparer.OrdinalIgnoreCase);
    private readonly string[] _scopes = [.. options.Scopes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    private readonly string _scopeText = string.Join(' ', options.Scopes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    /// <summary>Always refused: the token is fetched without blocking a thread, and a request without a token is never sent.</summary>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) =>
        throw new NotSupportedException("A request through a connected account is sent with SendAsync only.");

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // 1.
        if (!MayCarryToken(request.RequestUri))
            throw Refused(ClientErrors.PlainHttp(), null);

        // 2.
        var userId = request.Options.TryGetValue(ConnectedAccountRequestExtensions.User, out var named) ? named : user?.UserId;
        if (string.IsNullOrEmpty(userId))
            throw Refused(ClientErrors.NoUser(), null);
        request.Options.TryGetValue(ConnectedAccountRequestExtensions.Account, out var accountId);
        var id = new TokenSlot(options.Provider, userId, accountId, _scopeText, options.MinTtl);
        var wanted = new AccountTokenRequest(options.Provider, userId, accountId, _scopes, options.MinTtl);

        // 3.
        if (!(await tokens.Get(id, wanted, cancellationToken)).TryGet(out var token, out var problem))
            throw Refused(problem, userId);

        // 4.
        var (response, withToken) = await Follow(request, token, cancellationToken);
        if (!withToken)
            return response;

        // 5.
        for (var repeats = 0; repeats < MostRepeats && withToken && RefusalOf(response) is { } refusal; repeats++)
        {
            if (await Another(request, response, id, wanted, token, refusal, cancellationToken) is not { } another)
                break;
            response.Dispose();
            token = another;
            (response, withToken) = await Follow(request, token, cancellationToken);
        }

        // 6.
        if (withToken && response.StatusCode == HttpStatusCode.Forbidden && BearerChallenge.Of(response) is { Error: BearerChallenge.InsufficientScope } challenge)
        {
            response.Dispose();
            throw Refused(StepUp(challenge, token), userId);
        }

        return response;
    }

    /// <summary>The token for another try; null when there is none, or the request cannot be sent a second time.</summary>
    private async Task<CachedToken?> Another(
        HttpRequestMessage request, HttpResponseMessage response, TokenSlot id, AccountTokenRequest wanted, CachedToken refused, Refusal refusal, CancellationToken cancellation)
    {
        try
        {
            if (await tokens.Renew(id, wanted, refused, refusal == Refusal.InvalidToken, BearerChallenge.Of(response).Claims, cancellation) is not { } answer)
                return null;
            if (!answer.TryGet(out var another, out var problem))
                throw Refused(problem, wanted.UserId);
            return Replay.IsPossible(request.Content) ? another : null;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    /// <summary>
    /// What a 401 says of the token that it was asked with. Many APIs say no more than the status: that the credentials were
    /// refused is its meaning (RFC 9110 section 15.5.2). A Bearer challenge may name another reason (RFC 6750 section 3.1).
    /// </summary>
    private static Refusal? RefusalOf(HttpResponseMessage response) => response.StatusCode != HttpStatusCode.Unauthorized ? null : BearerChallenge.Of(response).Error switch
    {
        BearerChallenge.InvalidToken or BearerChallenge.InsufficientClaims => Refusal.InvalidToken,
        null => Refusal.Unexplained,
        _ => null,
    };

    /// <summary>
    /// Sends, and follows redirects of reads. Redirects of other methods go back to the caller: what they did is not known here.
    /// </summary>
    private async Task<(HttpResponseMessage Response, bool WithToken)> Follow(HttpRequestMessage request, CachedToken token, CancellationToken cancellation)
    {
        var (hop, withToken) = (request, true);
        for (var redirects = 0; ; redirects++)
        {
            hop.Headers.Authorization = withToken ? token.Authorization : null;
            HttpResponseMessage response;
            try
            {
                response = await base.SendAsync(hop, cancellation);
            }
            finally
            {
                // The request outlives this call in logs and exceptions; the token does not.
                hop.Headers.Authorization = null;
            }

            if (redirects == MostRedirects || (request.Method != HttpMethod.Get && request.Method != HttpMethod.Head)
                || response.StatusCode is not (HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.SeeOther or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect)
                || response.Headers.Location is not { } location || !Uri.TryCreate(hop.RequestUri, location, out var next) || !MayCarryToken(next))
            {
                return (response, withToken);
            }

            if (Uri.Compare(hop.RequestUri, next, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) != 0)
                withToken = false;
            response.Dispose();
            hop = Hop(request, next, withToken);
        }
    }

    /// <summary>
    /// The request at another address. Not the caller's own, changed: whoever sends that one again, as retries around this handler
    /// do, would send it with a token to where the last redirect led. Off its origin it loses what was meant for the origin.
    /// </summary>
    private static HttpRequestMessage Hop(HttpRequestMessage request, Uri address, bool isAtHome)
    {
        var hop = new HttpRequestMessage(request.Method, address) { Version = request.Version, VersionPolicy = request.VersionPolicy, Content = request.Content };
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            if (isAtHome || !OfOrigin.Contains(name))
                hop.Headers.TryAddWithoutValidation(name, values);
        }

        foreach (var (key, value) in (IDictionary<string, object?>)request.Options)
            ((IDictionary<string, object?>)hop.Options)[key] = value;
        return hop;
    }

    private static bool MayCarryToken(Uri? address) =>
        address is { IsAbsoluteUri: true } && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback));

    private static Problem StepUp(BearerChallenge challenge, CachedToken token)
    {
        var missing = challenge.Scopes.Except(token.Answer.Scopes, StringComparer.Ordinal).ToArray();
        return new Problem(ConnectedAccountException.InsufficientScope, "Permission not granted",
            "The API asks for a permission that the user has not granted. Let the user connect again with the missing scopes.")
        {
            Status = (int)HttpStatusCode.Forbidden,
            ReconnectUrl = token.Answer.ReconnectUrl,
            Errors = missing.Length > 0 ? missing : challenge.Scopes,
        };
    }

    private ConnectedAccountException Refused(Problem problem, string? userId) => new(problem, options.Provider, userId, options.ConnectUrl);

    private enum Refusal
    {
        /// <summary>The API calls the token expired, revoked or otherwise void.</summary>
        InvalidToken,

        /// <summary>The API refuses and gives no reason.</summary>
        Unexplained,
    }
}
