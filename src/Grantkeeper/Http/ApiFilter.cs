using Grantkeeper.Audit;
using Grantkeeper.Errors;
using Grantkeeper.Identity;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Grantkeeper.Http;

/// <summary>Marks an operation that a connect session may call, from a page on another origin.</summary>
internal sealed record OpenToSessions;

/// <summary>Marks an operation that a user's token may not call, whatever it permits: it trusts the caller with users' grants.</summary>
internal sealed record ForBackEnds;

/// <summary>The permission that an operation asks for; without one it is anonymous.</summary>
internal sealed record RequiredPermission(string Permission);

/// <summary>
/// What every API operation has in common: the node is ready, the caller is known and may do this, no parameter is
/// repeated, and trouble becomes a problem instead of a stack trace.
/// </summary>
internal sealed class ApiFilter(
    Readiness readiness, Credentials credentials, ReadLimit reads, ProviderCatalogue catalogue, GrantkeeperOptions options, Database database, AuditLog audit, ILogger<ApiFilter> logger) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        if (IsOpenToSessions(http))
            Cors.Allow(http, options);
        try
        {
            if (readiness.Failure is { } notReady)
                return Answers.Problem(notReady);
            if (await Refused(http) is { } refused)
                return Answers.Problem(refused);
            var answer = await next(context);
            if (Answers.RefusalOf(answer)?.Code == ErrorCatalogue.Identity.UserForeign)
                await Record(http, AuditAction.UserForeign, ErrorCatalogue.Identity.UserForeign);
            return answer;
        }
        catch (StorageUnavailableException exception)
        {
            HttpLog.StorageUnavailable(logger, exception.InnerException?.GetType().Name ?? "");
            return Answers.Problem(new Failure(ErrorCatalogue.Storage.Unavailable));
        }
        catch (BadHttpRequestException)
        {
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Malformed));
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.CharacterNotInRepertoire)
        {
            return Answers.Problem(new Failure(ErrorCatalogue.Requests.Invalid) { Items = ["no text may hold the character U+0000"] });
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return Results.Empty;
        }
        catch (Exception exception)
        {
            HttpLog.Unexpected(logger, exception, Answers.TraceId(http));
            return Answers.Problem(new Failure(ErrorCatalogue.Internal));
        }
    }

    private async ValueTask<Failure?> Refused(HttpContext http)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<RequiredPermission>() is { } required)
        {
            if (http.Features.Get<Caller>() is not { } caller)
            {
                if (Credential(http.Request) is not { } credential)
                    return new Failure(ErrorCatalogue.Identity.Unauthenticated);
                if (!(await credentials.Verify(credential, http.RequestAborted)).TryGet(out caller, out var failure))
                    return failure;
                http.Features.Set(caller);
            }

            if (caller is { Vouches: false, Session: null } && OutsideOfToken(http, caller, required.Permission) is { } beyond)
                return beyond;
            if (!caller.May(required.Permission))
                return new Failure(ErrorCatalogue.Identity.PermissionMissing, $"This operation asks for {required.Permission}.");
            if (required.Permission is Permissions.Read or Permissions.TokenRead && reads.Refusal(caller) is { } tooMany)
                return tooMany;
            if (caller.Session is not null && OutsideOfSession(http, caller) is { } outside)
            {
                await Record(http, AuditAction.ConnectSessionRefused, outside.Code);
                return outside;
            }
        }

        return http.Request.Query.Any(parameter => parameter.Value.Count > 1)
            ? new Failure(ErrorCatalogue.Requests.ParameterRepeated)
            : null;
    }

    private static bool IsOpenToSessions(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<OpenToSessions>() is not null;

    /// <summary>
    /// What a user's token is not good for: what only back ends do, and without its second factor what ends grants or
    /// administers, since an administrator could make a key that needs none.
    /// </summary>
    private static Failure? OutsideOfToken(HttpContext http, Caller caller, string permission)
    {
        if (permission == Permissions.TokenRead || http.GetEndpoint()?.Metadata.GetMetadata<ForBackEnds>() is not null)
            return new Failure(ErrorCatalogue.Identity.KeyRequired);
        return permission is Permissions.Revoke or Permissions.Admin && caller.May(permission) && !caller.HasSecondFactor ? new Failure(ErrorCatalogue.Identity.MfaRequired) : null;
    }

    /// <summary>A refusal that its user may want to know of: somebody tried more than the credential is for.</summary>
    private Task Record(HttpContext http, AuditAction action, ErrorCode code)
    {
        var user = http.Caller().User!;
        return audit.Write(database.ForUser(user), new AuditEvent(action, user, http.Source()) { Success = false, Code = code.Code }, http.RequestAborted);
    }

    /// <summary>What a session was not made for: another operation, or a provider that it does not offer.</summary>
    private Failure? OutsideOfSession(HttpContext http, Caller caller)
    {
        if (!IsOpenToSessions(http))
            return new Failure(ErrorCatalogue.Identity.SessionNotAllowed);
        return http.GetRouteValue("provider") is string key && catalogue.Find(key) is { } provider && !caller.Reaches(provider.Key)
            ? new Failure(ErrorCatalogue.Identity.SessionNotAllowed, "This connect session does not offer that provider.")
            : null;
    }

    private static string? Credential(HttpRequest request)
    {
        const string scheme = "Bearer ";
        var headers = request.Headers.Authorization;
        return headers.Count == 1 && headers[0] is { } header && header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? header[scheme.Length..].Trim() : null;
    }
}

/// <summary>What an operation reads from its request.</summary>
internal static class ApiRequest
{
    public static Caller Caller(this HttpContext http) => http.Features.Get<Caller>()!;

    /// <summary>Counts what is done for a user. Failure: <c>identity.too_many_requests</c>.</summary>
    public static ValueTask<Failure?> Limited(this HttpContext http, LimitedOperation operation, string? user) =>
        ((CallLimits)http.RequestServices.GetService(typeof(CallLimits))!).Refusal(operation, http.Features.Get<Caller>(), user, http.Connection.RemoteIpAddress, http.RequestAborted);

    /// <summary>Who asks and from where, for the audit log.</summary>
    public static AuditSource Source(this HttpContext http, string? actor = null) => new(
        http.Features.Get<Caller>()?.Id, actor ?? http.Features.Get<Caller>()?.Actor, http.Connection.RemoteIpAddress?.ToString(), http.Request.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent : null, Answers.TraceId(http));

    /// <summary>Reads a JSON body; null with a failure when it is none. An empty body counts as an empty object.</summary>
    public static async Task<Result<T>> Body<T>(this HttpContext http) where T : class
    {
        const int most = 64 * 1024;
        try
        {
            if (http.Request.ContentLength > most)
                return new Failure(ErrorCatalogue.Requests.Malformed);
            // Read before it is judged: over HTTP/2 no header need tell that there is a body (RFC 9113 section 8.1.1).
            using var body = new MemoryStream();
            var buffer = new byte[8192];
            for (int read; (read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0;)
            {
                if (body.Length + read > most)
                    return new Failure(ErrorCatalogue.Requests.Malformed, "The body is larger than 64 KiB.");
                body.Write(buffer, 0, read);
            }

            if (body.Length == 0)
                return System.Text.Json.JsonSerializer.Deserialize<T>("{}", WireJson.Options)!;
            if (!http.Request.HasJsonContentType())
                return new Failure(ErrorCatalogue.Requests.Malformed);
            var value = System.Text.Json.JsonSerializer.Deserialize<T>(body.GetBuffer().AsSpan(0, (int)body.Length), WireJson.Options);
            return value is null ? new Failure(ErrorCatalogue.Requests.Malformed) : value;
        }
        catch (System.Text.Json.JsonException)
        {
            return new Failure(ErrorCatalogue.Requests.Malformed);
        }
    }
}
