using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace Grantkeeper.IntegrationTests.Flows;

/// <summary>One request that reached the provider, with the answer that it gave.</summary>
internal sealed record TappedCall(string Path, IReadOnlyDictionary<string, string> Form, string Authorization, int Status, string Answer)
{
    public string? Value(string name) => Form.GetValueOrDefault(name);

    /// <summary>A text member of the answer; null when it is no JSON or has no such member.</summary>
    public string? Answered(string member)
    {
        try
        {
            return (string?)System.Text.Json.Nodes.JsonNode.Parse(Answer)?[member];
        }
        catch (System.Text.Json.JsonException)
        {
            return null;
        }
    }
}

/// <summary>Listens at the provider's door: what was asked, what was answered, and a hand that holds an answer back once it is given.</summary>
internal sealed class ProviderTap
{
    public const string Token = "/token";
    public const string Revoke = "/revoke";
    private const int LongestAnswer = 64 * 1024;

    private readonly ConcurrentQueue<TappedCall> _calls = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<HeldAnswer>> _holds = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Func<string, string>>> _rewrites = new();

    /// <summary>Every request so far, oldest first.</summary>
    public IReadOnlyCollection<TappedCall> Calls => _calls;

    /// <summary>True when a code was presented, whatever became of it.</summary>
    public bool SawCode(string code) => _calls.Any(call => call.Value("code") == code);

    /// <summary>Lets the next request to a path be carried out and holds its answer until it is released.</summary>
    public HeldAnswer Hold(string path)
    {
        var held = new HeldAnswer();
        _holds.GetOrAdd(path, _ => new()).Enqueue(held);
        return held;
    }

    /// <summary>Lets the provider give another answer than it would, the next time somebody asks at a path.</summary>
    public void Rewrite(string path, Func<string, string> answer) => _rewrites.GetOrAdd(path, _ => new()).Enqueue(answer);

    /// <summary>The middleware.</summary>
    public async Task Handle(HttpContext http, RequestDelegate next)
    {
        var path = http.Request.Path.Value!;
        var form = new Dictionary<string, string>();
        if (http.Request.HasFormContentType)
        {
            http.Request.EnableBuffering();
            foreach (var (name, value) in await http.Request.ReadFormAsync())
                form[name] = value.ToString();
            http.Request.Body.Position = 0;
        }

        var rewrite = _rewrites.TryGetValue(path, out var rewrites) && rewrites.TryDequeue(out var other) ? other : null;
        var held = _holds.TryGetValue(path, out var holds) && holds.TryDequeue(out var hold) ? hold : null;
        var body = http.Response.Body;
        using var answer = new MemoryStream();
        http.Response.Body = answer;
        try
        {
            await next(http);
            await http.Response.BodyWriter.FlushAsync();
            if (rewrite is not null)
            {
                var written = System.Text.Encoding.UTF8.GetBytes(rewrite(System.Text.Encoding.UTF8.GetString(answer.ToArray())));
                answer.SetLength(0);
                answer.Write(written);
                http.Response.ContentLength = written.Length;
            }
        }
        finally
        {
            http.Response.Body = body;
            var text = System.Text.Encoding.UTF8.GetString(answer.GetBuffer(), 0, (int)Math.Min(answer.Length, LongestAnswer));
            _calls.Enqueue(new TappedCall(path, form, http.Request.Headers.Authorization.ToString(), http.Response.StatusCode, text));
        }

        if (held is not null)
            await held.Wait();
        if (answer.Length == 0 || http.RequestAborted.IsCancellationRequested)
            return;
        try
        {
            await body.WriteAsync(answer.GetBuffer().AsMemory(0, (int)answer.Length), http.RequestAborted);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // Whoever asked has gone; 50 MB are not waited for.
        }
    }
}

/// <summary>An answer that the provider has given and that is on its way only when the test says so.</summary>
internal sealed class HeldAnswer
{
    private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the request was carried out.</summary>
    public Task Arrived => _arrived.Task.WaitAsync(TestContext.Current.CancellationToken);

    /// <summary>Lets the answer go.</summary>
    public void Release() => _released.TrySetResult();

    internal Task Wait()
    {
        _arrived.TrySetResult();
        return _released.Task;
    }
}
