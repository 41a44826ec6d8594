using Grantkeeper.Dashboard;
using Grantkeeper.Dashboard.Pages;
using Grantkeeper.Errors;
using Grantkeeper.Http;
using Microsoft.AspNetCore.Diagnostics;

namespace Grantkeeper.Server;

/// <summary>Gives answers without a body (unknown path, wrong method or content type) the same form as every other refusal.</summary>
internal static class EmptyAnswers
{
    public static Task Explain(StatusCodeContext context)
    {
        var http = context.HttpContext;
        var code = http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => ErrorCatalogue.Requests.NotFound,
            StatusCodes.Status405MethodNotAllowed => ErrorCatalogue.Requests.NotFound with { Status = StatusCodes.Status405MethodNotAllowed },
            StatusCodes.Status415UnsupportedMediaType => ErrorCatalogue.Requests.Malformed with { Status = StatusCodes.Status415UnsupportedMediaType },
            StatusCodes.Status400BadRequest or StatusCodes.Status413PayloadTooLarge => ErrorCatalogue.Requests.Malformed,
            _ => null,
        };
        if (code is null)
            return Task.CompletedTask;
        return WantsPage(http.Request) ? PageResult.Page<ErrorPage>(http, new { Code = code }, code.Status).ExecuteAsync(http) : Answers.Problem(new Failure(code)).ExecuteAsync(http);
    }

    // A person in front of a browser, not a program.
    private static bool WantsPage(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
