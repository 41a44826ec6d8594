using System.Diagnostics;
using System.Globalization;
using Grantkeeper.Errors;
using Grantkeeper.Settings;
using Microsoft.AspNetCore.Http;

namespace Grantkeeper.Http;

/// <summary>Answers as JSON: values, and failures as RFC 9457 problem details. Nothing here is ever stored by a cache.</summary>
internal static class Answers
{
    public static IResult Json<T>(T value, int status = StatusCodes.Status200OK) => new JsonAnswer<T>(value, status);

    /// <summary>The one translation of a failure into HTTP.</summary>
    public static IResult Problem(Failure failure) => new ProblemAnswer(failure);

    /// <summary>The failure behind an answer; null when it is none.</summary>
    public static Failure? RefusalOf(object? answer) => (answer as ProblemAnswer)?.Failure;

    private sealed class JsonAnswer<T>(T value, int status) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.Headers.CacheControl = "no-store";
            return httpContext.Response.WriteAsJsonAsync(value, WireJson.Options, httpContext.RequestAborted);
        }
    }

    private sealed class ProblemAnswer(Failure failure) : IResult
    {
        public Failure Failure => failure;

        public Task ExecuteAsync(HttpContext httpContext)
        {
            var code = failure.Code;
            var options = (GrantkeeperOptions)httpContext.RequestServices.GetService(typeof(GrantkeeperOptions))!;
            var problem = new Dictionary<string, object?>
            {
                ["type"] = $"{options.PublicUrl.GetLeftPart(UriPartial.Authority)}/docs/errors/{code.Code}",
                ["title"] = code.Title,
                ["status"] = code.Status,
                ["detail"] = $"{failure.Message} {code.Remedy}",
                ["code"] = code.Code,
                ["retryable"] = code.Retryable,
                ["trace_id"] = TraceId(httpContext),
            };
            if (failure.Reason is not null)
                problem["reason"] = failure.Reason;
            if (failure.ReconnectUrl is not null)
                problem["reconnect_url"] = failure.ReconnectUrl;
            if (failure.UnlockUrl is not null)
                problem["unlock_url"] = failure.UnlockUrl;
            if (failure.Items.Count > 0)
                problem["errors"] = failure.Items;
            var response = httpContext.Response;
            if (SayWhen(httpContext, failure) is { } seconds)
                problem["retry_after"] = seconds;

            if (code.Status == StatusCodes.Status401Unauthorized)
                response.Headers.WWWAuthenticate = "Bearer realm=\"grantkeeper\"";
            response.StatusCode = code.Status;
            response.Headers.CacheControl = "no-store";
            return response.WriteAsJsonAsync(problem, WireJson.Options, "application/problem+json", httpContext.RequestAborted);
        }
    }

    /// <summary>Sets <c>Retry-After</c> where a repetition makes sense, and answers with its seconds.</summary>
    public static int? SayWhen(HttpContext http, Failure failure)
    {
        var seconds = RetryAfter(failure);
        if (seconds is not null)
            http.Response.Headers.RetryAfter = seconds.Value.ToString(CultureInfo.InvariantCulture);
        return seconds;
    }

    /// <summary>Names this request in answers, logs and audit rows.</summary>
    public static string TraceId(HttpContext http) => Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;

    private static int? RetryAfter(Failure failure) => failure.RetryAfter is { } wait
        ? (int)Math.Ceiling(Math.Clamp(wait.TotalSeconds, 1, 86400))
        : failure.Code.Status == StatusCodes.Status503ServiceUnavailable && failure.Code.Retryable ? 2 : null;
}
