using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Grantkeeper.Launcher.Processes;

namespace Grantkeeper.Launcher;

/// <summary>The launcher's requests. They go to this machine only: no proxy, no redirects, loopback addresses or nothing.</summary>
internal sealed class LoopbackHttp(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan OneAnswer = TimeSpan.FromSeconds(5);

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false });

    /// <summary>Asks until the address answers 200; a child that ends meanwhile, or too long a wait, is a failure.</summary>
    public async Task WaitUntilReady(Child child, string address, TimeSpan limit, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var last = "nothing answers";
        while (true)
        {
            if (child.Ended.IsCompleted)
                throw child.Died();
            using (var request = new HttpRequestMessage(HttpMethod.Get, address))
            {
                last = await Status(request, cancellation);
                if (last.Length == 0)
                    return;
            }

            if (time.GetElapsedTime(started) > limit)
                throw new LaunchException(
                    $"The {child.Name} was not ready within {limit.TotalSeconds:0} seconds ({address}: {last}). The last lines of {child.LogFile}:\n{Words.LastLinesOf(child.LogFile, 12)}");
            await Task.WhenAny(child.Ended, Task.Delay(Pause, time, cancellation));
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>The server's own words for why it is not ready; null if it has none.</summary>
    public async Task<string?> WhyNotReady(string server, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{server}/oauth/health");
            var components = (await Ask(request, OneAnswer, cancellation)).Json.GetProperty("components").EnumerateObject();
            return components.Select(component => component.Value.TryGetProperty("message", out var message) ? message.GetString() : null).FirstOrDefault(message => message is not null);
        }
        catch (Exception silent) when (silent is HttpRequestException or TimeoutException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Asks the server for a one-time link to its pages.</summary>
    public async Task<SignInLink> RequestSignInLink(string server, string apiKey, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{server}/api/v1/oauth/admin/sign-in-links");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        using var answer = await Send(request, cancellation);
        var body = await answer.Content.ReadAsStringAsync(cancellation);
        if (!answer.IsSuccessStatusCode)
            throw new LaunchException(
                $"The server gave no sign-in link: it answered {(int)answer.StatusCode}. If GRANTKEEPER_API_KEY is set, is it the server's key? .grantkeeper/log/server.log says more.");
        try
        {
            using var document = JsonDocument.Parse(body);
            return new(document.RootElement.GetProperty("url").GetString()!, TimeSpan.FromSeconds(document.RootElement.GetProperty("expires_in").GetInt32()));
        }
        catch (Exception unreadable) when (unreadable is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new LaunchException("The server's answer holds no sign-in link. Are server and launcher of one build? Run ./run again after `git status` is clean.", unreadable);
        }
    }

    /// <summary>Asks once and reads the answer to its end.</summary>
    /// <exception cref="HttpRequestException">Nobody answers, or the connection broke.</exception>
    /// <exception cref="TimeoutException">There was no answer within <paramref name="limit"/>.</exception>
    public async Task<LoopbackAnswer> Ask(HttpRequestMessage request, TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            using var answer = await Send(request, cancellation, limit);
            var body = await answer.Content.ReadAsStringAsync(cancellation);
            var cookies = answer.Headers.TryGetValues("Set-Cookie", out var set) ? string.Join("; ", set.Select(cookie => cookie.Split(';')[0])) : null;
            return new((int)answer.StatusCode, body, answer.Headers.Location is { } location ? new Uri(request.RequestUri!, location) : null, cookies);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"{request.RequestUri!.GetLeftPart(UriPartial.Path)} did not answer within {limit.TotalSeconds:0} seconds.");
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> Status(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            using var answer = await Send(request, cancellation);
            return answer.StatusCode == HttpStatusCode.OK ? "" : $"it answers {(int)answer.StatusCode}";
        }
        catch (HttpRequestException)
        {
            return "nothing answers";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return "it does not answer in time";
        }
    }

    private async Task<HttpResponseMessage> Send(HttpRequestMessage request, CancellationToken cancellation, TimeSpan? limit = null)
    {
        if (request.RequestUri is not { IsLoopback: true })
            throw new InvalidOperationException($"The launcher talks to this machine only, not to {request.RequestUri?.Host}.");
        using var deadline = new CancellationTokenSource(limit ?? OneAnswer, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        return await _http.SendAsync(request, either.Token);
    }
}

/// <summary>A link that signs one person in once.</summary>
/// <param name="Address">Where it leads.</param>
/// <param name="Validity">How long it works.</param>
internal sealed record SignInLink(string Address, TimeSpan Validity);

/// <summary>An answer, read to its end. A class, so that a token in its body never prints.</summary>
internal sealed class LoopbackAnswer(int status, string body, Uri? location, string? cookies)
{
    public int Status => status;

    public string Body => body;

    /// <summary>Where it leads, absolute.</summary>
    public Uri? Location => location;

    /// <summary>What it set, in the form in which a browser sends it back.</summary>
    public string? Cookies => cookies;

    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(body);
}
