using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Grantkeeper.Http;
using Grantkeeper.Settings;
using Microsoft.AspNetCore.Http;

namespace Grantkeeper.Connect;

/// <summary>
/// The pages that a browser sees at the end of a flow. Everything dynamic is encoded; a nonce is the only thing that may
/// run; nothing is stored, framed or told to the next site. A popup gets at most one message, to one exact origin.
/// </summary>
internal static class CallbackPage
{
    private const string Style = """
        :root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:12vh auto;padding:0 1.5rem}
        h1{font-size:1.4rem}.brand{font-weight:700;opacity:.8}code{opacity:.75;overflow-wrap:anywhere}button{font:inherit;padding:.6rem 1.2rem}
        """;

    private const string Script = """
        history.replaceState(null, '', location.pathname);
        const told = JSON.parse(document.getElementById('result').textContent);
        if (told.target && window.opener && window.opener !== window) {
          window.opener.postMessage(told.message, told.target);
          window.close();
        } else if (told.otherwise) {
          location.replace(told.otherwise);
        }
        """;

    private const string Resubmit = "document.forms[0].submit();";

    /// <summary>The end of a flow: tells the opener, or the person.</summary>
    public static IResult Of(HttpContext http, Completed completed, string? providerName, GrantkeeperOptions options)
    {
        var (failure, texts) = (completed.Failure, PageLanguage.Of(http));
        var (heading, text) = failure is null
            ? completed.IsParked
                ? (texts["callback.parked.title"], texts["callback.parked.text"])
                : (texts["callback.connected.title"], texts.Of("callback.connected.text", ("provider", providerName ?? "")))
            : texts.OfError(failure.Code);
        var result = completed.Flow is { } flow
            ? (object)new { target = flow.OpenerOrigin, message = Message(completed, flow), otherwise = Otherwise(completed, flow) }
            : new { target = (string?)null, message = (object?)null, otherwise = (string?)null };
        var status = failure is null ? StatusCodes.Status200OK : failure.Code.Status;
        var details = failure is null ? "" : $"<p><code>{Html(failure.Code.Code)} · {Html(Answers.TraceId(http))}</code></p>";
        return new Page(texts.Language, options.BrandName, status, heading, $"<p>{Html(text)}</p>{details}<script id=\"result\" type=\"application/json\" nonce=\"{{nonce}}\">{JsonSerializer.Serialize(result)}</script>", Script);
    }

    /// <summary>
    /// A form_post arrives as a cross-site POST, which carries no SameSite=Lax cookie. The page submits the same fields to
    /// itself, and this second, same-site POST carries it.
    /// </summary>
    public static IResult ResubmitForm(HttpContext http, IEnumerable<KeyValuePair<string, string>> fields, GrantkeeperOptions options)
    {
        var texts = PageLanguage.Of(http);
        var inputs = string.Concat(fields.Select(field => $"<input type=\"hidden\" name=\"{Html(field.Key)}\" value=\"{Html(field.Value)}\">"));
        return new Page(
            texts.Language, options.BrandName, StatusCodes.Status200OK, texts["callback.moment.title"],
            $"<form method=\"post\">{inputs}<button>{Html(texts["callback.moment.button"])}</button></form>", Resubmit, leadsOn: true);
    }

    /// <summary>The address that a finished flow leads to. What the application needs stands in the fragment, which no server logs.</summary>
    public static string ReturnAddress(Completed completed, string returnTo)
    {
        var fragment = $"gk_flow={completed.Flow!.Id}";
        if (completed.Flow is { Landing: Landing.Page, SessionId: { } session })
            fragment += $"&gk_session={session}";
        if (completed.IsParked)
            fragment += $"&gk_ticket={completed.Ticket.Reveal()}";
        else if (completed.Failure is { } failure)
            fragment += $"&gk_error={Uri.EscapeDataString(failure.Code.Code)}";
        return $"{returnTo}#{fragment}";
    }

    /// <summary>
    /// Where a popup goes whose opener cannot be reached, because one of the pages isolates itself (COOP): to the application,
    /// with the ticket in the fragment. That is the way of every redirect, and it keeps its rule: the ticket travels only with
    /// the browser that came back, and only to an address that was allowed at the start.
    /// </summary>
    private static string? Otherwise(Completed completed, PendingFlow flow) =>
        flow is { Landing: Landing.Popup, ReturnTo: { } returnTo } ? ReturnAddress(completed, returnTo) + "&gk_popup=1" : null;

    private static Dictionary<string, object?> Message(Completed completed, PendingFlow flow)
    {
        var message = new Dictionary<string, object?>
        {
            ["type"] = "grantkeeper",
            ["flow_id"] = flow.Id,
            ["provider"] = flow.Provider,
            ["status"] = completed.Failure is not null ? "failed" : completed.IsParked ? "awaiting_confirmation" : "completed",
        };
        if (completed.IsParked)
            message["ticket"] = completed.Ticket.Reveal();
        if (completed.Failure is { } failure)
            message["code"] = failure.Code.Code;
        return message;
    }

    private static string Html(string text) => HtmlEncoder.Default.Encode(text);

    private sealed class Page(string language, string brand, int status, string heading, string body, string script, bool leadsOn = false) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
            var response = httpContext.Response;
            response.StatusCode = status;
            response.ContentType = "text/html; charset=utf-8";
            Protect(response, nonce, leadsOn);
            return response.WriteAsync($"""
                <!doctype html>
                <html lang="{language}">
                <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{Html(heading)} · {Html(brand)}</title><style nonce="{nonce}">{Style}</style></head>
                <body><main><p class="brand">{Html(brand)}</p><h1>{Html(heading)}</h1>{body.Replace("{nonce}", nonce, StringComparison.Ordinal)}</main><script nonce="{nonce}">{script}</script></body>
                </html>
                """, httpContext.RequestAborted);
        }

        private static void Protect(HttpResponse response, string nonce, bool leadsOn)
        {
            // Browsers apply form-action to the redirects that follow a form too, and this one may end at the application.
            var forms = leadsOn ? "" : "form-action 'self'; ";
            response.Headers.ContentSecurityPolicy = $"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; {forms}base-uri 'none'; frame-ancestors 'none'";
            response.Headers.CacheControl = "no-store";
            response.Headers["Referrer-Policy"] = "no-referrer";
            response.Headers.XContentTypeOptions = "nosniff";
            response.Headers.XFrameOptions = "DENY";
            // The opener has to be reachable for the one message.
            response.Headers["Cross-Origin-Opener-Policy"] = "unsafe-none";
        }
    }
}
