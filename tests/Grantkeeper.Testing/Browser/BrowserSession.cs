using System.Collections.Concurrent;
using Grantkeeper.Testing.Peers;
using Microsoft.Playwright;

namespace Grantkeeper.Testing.Browser;

/// <summary>One person's browser: its own cookies and pages, and a record of every request that any of its pages sent, pop-ups included.</summary>
public sealed class BrowserSession : IAsyncDisposable
{
    private readonly ConcurrentQueue<Sent> _sent = new();

    private BrowserSession(IBrowserContext context, IPage page)
    {
        Context = context;
        Page = page;
    }

    /// <summary>The session as Playwright knows it.</summary>
    public IBrowserContext Context { get; }

    /// <summary>The page that is open from the start.</summary>
    public IPage Page { get; }

    /// <summary>Every request so far, redirects and pop-ups included, in the order in which they were sent.</summary>
    public async Task<IReadOnlyList<RecordedRequest>> Requests()
    {
        var requests = new List<RecordedRequest>();
        foreach (var sent in _sent)
            requests.Add(await sent.Read());
        return requests;
    }

    /// <summary>The requests that carried a secret in their URL or Referer; a test expects none.</summary>
    public async Task<IReadOnlyList<RecordedRequest>> RequestsExposing(params string[] secrets) =>
        [.. (await Requests()).Where(request => secrets.Any(request.Exposes))];

    /// <summary>Saves a picture of the whole page as <c>artifacts/screenshots/{name}.png</c> and returns its path.</summary>
    public async Task<string> Screenshot(string name, IPage? page = null)
    {
        var path = Checkout.Artifact("screenshots", name + ".png");
        await (page ?? Page).ScreenshotAsync(new PageScreenshotOptions { Path = path, FullPage = true });
        return path;
    }

    /// <summary>Closes the session with all its pages.</summary>
    public async ValueTask DisposeAsync() => await Context.DisposeAsync();

    internal static async Task<BrowserSession> Open(IBrowserContext context)
    {
        var session = new BrowserSession(context, await context.NewPageAsync());
        context.Request += (_, request) => session._sent.Enqueue(new Sent(request));
        context.RequestFinished += (_, request) => session.Finish(request);
        return session;
    }

    private void Finish(IRequest request) => _sent.FirstOrDefault(sent => sent.Request == request)?.Finish();

    // The headers as they went over the wire can be asked for once a request has finished and while its page is open.
    // Otherwise there are those that the page intended, Referer included.
    private sealed class Sent(IRequest request)
    {
        private Task<Dictionary<string, string>>? _headers;

        public IRequest Request => request;

        public void Finish() => _headers = WireHeaders();

        public async Task<RecordedRequest> Read()
        {
            var headers = _headers is { } known ? await known : request.Headers;
            return new RecordedRequest(request.Method, request.Url, headers.GetValueOrDefault("referer"));
        }

        private async Task<Dictionary<string, string>> WireHeaders()
        {
            try
            {
                return await request.AllHeadersAsync();
            }
            catch (PlaywrightException)
            {
                return request.Headers;
            }
        }
    }
}
