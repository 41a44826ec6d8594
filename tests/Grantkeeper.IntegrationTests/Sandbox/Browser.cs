using System.Net;
using System.Text.RegularExpressions;

namespace Grantkeeper.IntegrationTests.Sandbox;

/// <summary>As much of a browser as a person without scripts needs: cookies, local redirects, forms.</summary>
internal sealed partial class Browser(SandboxHost host)
{
    private string? cookie;

    /// <summary>Where the browser is.</summary>
    public string Path { get; private set; } = "/";

    /// <summary>Opens a page and follows redirects within the sandbox.</summary>
    public Task<Reply> Open(string path) => Go(HttpMethod.Get, path, null);

    /// <summary>Sends the form of a page that goes to an address, with its hidden fields and what the person did.</summary>
    public Task<Reply> Submit(Reply page, string action, params (string Name, string Value)[] fields)
    {
        var form = Forms().Matches(page.Body).Select(match => match.Value).Single(text => text.Contains($"action=\"{action}\"", StringComparison.Ordinal));
        var hidden = Hidden().Matches(form).Select(match => (match.Groups[1].Value, WebUtility.HtmlDecode(match.Groups[2].Value)));
        return Go(HttpMethod.Post, action, [.. hidden, .. fields]);
    }

    /// <summary>Sends a form that no page offered.</summary>
    public Task<Reply> Post(string path, params (string Name, string Value)[] fields) => Go(HttpMethod.Post, path, fields);

    private async Task<Reply> Go(HttpMethod method, string path, (string Name, string Value)[]? fields)
    {
        while (true)
        {
            Path = path;
            using var request = new HttpRequestMessage(method, host.Origin + path);
            if (cookie is not null) request.Headers.Add("Cookie", cookie);
            if (fields is not null) request.Content = new FormUrlEncodedContent(fields.Select(pair => KeyValuePair.Create(pair.Name, pair.Value)));
            var reply = await host.Send(request);
            if (reply.Headers.TryGetValues("Set-Cookie", out var set)) cookie = set.Single().Split(';')[0];
            if (reply.Status != HttpStatusCode.SeeOther || !reply.Location.StartsWith('/')) return reply;
            (method, path, fields) = (HttpMethod.Get, reply.Location, null);
        }
    }

    [GeneratedRegex("<form.*?</form>", RegexOptions.Singleline)]
    private static partial Regex Forms();

    [GeneratedRegex("<input type=\"hidden\" name=\"([^\"]*)\" value=\"([^\"]*)\">")]
    private static partial Regex Hidden();
}
