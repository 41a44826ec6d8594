using System.Text.Json.Nodes;
using Grantkeeper.Sandbox.Control;
using Grantkeeper.Sandbox.Http;

namespace Grantkeeper.Sandbox.Faults;

/// <summary>Every answer to a machine passes here, so that an endpoint only has to know the faults that change what it says.</summary>
internal static class FaultGate
{
    private const int ChunkBytes = 64 * 1024;
    private const int HugeChunks = 800;

    /// <summary>Lets an endpoint answer, unless a fault answers, delays or loses it.</summary>
    public static async Task Pass(HttpContext http, SandboxState state, FaultEndpoint endpoint, Func<FaultMode?, Answer> answer)
    {
        // 1. Which switch strikes this request, if any.
        if (state.Faults.Take(endpoint) is not { } fault)
        {
            await answer(null).WriteTo(http);
            return;
        }

        state.Counters.Add(Counter.FaultsServed);

        // 2. Any fault may come late.
        if (fault.DelayMs is { } delay) await Task.Delay(TimeSpan.FromMilliseconds(delay), state.Clock, http.RequestAborted);

        // 3. Faults that need no answer of the endpoint.
        if (Instead(fault) is { } instead) await instead.WriteTo(http);
        else if (fault.Mode == FaultMode.Huge) await WriteHuge(http);
        else if (fault.Mode == FaultMode.Cut) http.Abort();
        else
        {
            // 4. Faults that change the answer, or lose or hold it once everything is done.
            var given = answer(fault.Mode);
            if (fault.Mode == FaultMode.LoseAnswer) http.Abort();
            else if (fault.Mode == FaultMode.HoldAnswer) await state.Held.Pass(() => given.WriteTo(http), http.Abort, http.RequestAborted);
            else await given.WriteTo(http);
        }
    }

    private static Answer? Instead(Fault fault) => fault.Mode switch
    {
        FaultMode.Status => Answer.Json(
            new JsonObject { ["error"] = "temporarily_unavailable", ["error_description"] = "A sandbox switch broke this answer." },
            fault.Status ?? StatusCodes.Status503ServiceUnavailable),
        FaultMode.RetryAfter => Answer.Json(
            new JsonObject { ["error"] = "slow_down", ["error_description"] = "A sandbox switch limits this endpoint." },
            fault.Status ?? StatusCodes.Status429TooManyRequests).With("Retry-After", fault.RetryAfter ?? "2"),
        FaultMode.OkWithError => Answer.Json(
            new JsonObject { ["error"] = "invalid_grant", ["error_description"] = "A sandbox switch broke this answer." },
            fault.Status ?? StatusCodes.Status200OK),
        FaultMode.Html => new Answer(
            fault.Status ?? StatusCodes.Status200OK, "text/html; charset=utf-8", "<!doctype html><title>Be right back</title><h1>Be right back</h1>"),
        FaultMode.Empty => new Answer(fault.Status ?? StatusCodes.Status200OK, "application/json", ""),
        _ => null,
    };

    private static async Task WriteHuge(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync("{\"padding\":\"", http.RequestAborted);
        var chunk = new byte[ChunkBytes];
        Array.Fill(chunk, (byte)'x');
        for (var sent = 0; sent < HugeChunks; sent++) await http.Response.Body.WriteAsync(chunk, http.RequestAborted);
        await http.Response.WriteAsync("\"}", http.RequestAborted);
    }
}
