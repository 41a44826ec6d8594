using System.Diagnostics;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Microsoft.Extensions.Configuration;

namespace Grantkeeper.Benchmarks.Starting;

/// <summary>
/// What all shipped manifests cost a start, and what they keep. The first reading in a process compiles the reader, which a
/// single manifest would cost too; the second is what their number costs.
/// </summary>
internal static class Manifests
{
    public static Task<IReadOnlyList<Figure>> Run()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["DEPLOY_ENV"] = "development" }).Build();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var began = Stopwatch.GetTimestamp();
        var catalogue = Read(configuration);
        var first = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        var kept = (GC.GetTotalMemory(forceFullCollection: true) - before) / 1048576.0;
        began = Stopwatch.GetTimestamp();
        Read(configuration);
        var time = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        var count = catalogue.All.Count();
        return Task.FromResult<IReadOnlyList<Figure>>(
        [
            new Figure("P7", $"reading {count} manifests at a start", time, "ms", "≤ 50 ms", time <= 50 ? Verdict.Ok : Verdict.Missed, $"the first reading, which compiles the reader, {first:0} ms"),
            new Figure("P7", $"memory that {count} manifests keep", kept, "MB", "≤ 8 MB", kept <= 8 ? Verdict.Ok : Verdict.Missed, "after a full collection"),
        ]);
    }

    private static ProviderCatalogue Read(IConfiguration configuration) =>
        ProviderCatalogue.Read(configuration, new GrantkeeperOptions { FrontendUrl = new Uri("http://localhost"), PublicUrl = new Uri("http://localhost") }, [], [])!;
}
