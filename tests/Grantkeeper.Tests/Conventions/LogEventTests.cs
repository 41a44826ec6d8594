using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Tests.Conventions;

/// <summary>Operators build alerts on these numbers: an event keeps its number for good.</summary>
[Trait("category", "conventions")]
public sealed class LogEventTests
{
    /// <summary>Level × 1000 + slice × 100; each slice has the hundred that begins here.</summary>
    private static readonly Dictionary<string, int> Ranges = new()
    {
        ["Storage"] = 400, ["Egress"] = 600, ["Spool"] = 800, ["Startup"] = 900, ["Outbox"] = 1200, ["Identity"] = 1300, ["Providers"] = 1400, ["Http"] = 1500, ["Consents"] = 3000, ["Tokens"] = 3100, ["Connect"] = 4000, ["Monitoring"] = 4100, ["Events"] = 4200,
        ["Lifecycle"] = 4300,
    };

    private static readonly string[] Approved =
    [
        "400 Information Storage.Heard",
        "401 Warning Storage.Deaf",
        "402 Warning Storage.NotHeard",
        "600 Debug Egress.Sent",
        "800 Warning Spool.Absent",
        "801 Error Spool.Broken",
        "802 Warning Spool.Found",
        "803 Error Spool.OtherRelease",
        "900 Information Startup.Ready",
        "901 Error Startup.DatabaseMissing",
        "902 Critical Startup.Refused",
        "1200 Information Outbox.Delivered",
        "1201 Warning Outbox.StorageUnavailable",
        "1202 Error Outbox.DeliveryFailed",
        "1203 Error Outbox.RoundFailed",
        "1300 Debug Identity.Refused",
        "1301 Warning Identity.KeysUnavailable",
        "1302 Warning Identity.NotCounted",
        "1400 Error Providers.ClientUnreadable",
        "1401 Error Providers.PollFailed",
        "1402 Information Providers.FolderTaken",
        "1403 Error Providers.FolderRefused",
        "1404 Error Providers.ClassFailed",
        "1405 Information Providers.FeaturesTaken",
        "1406 Error Providers.FeaturesRefused",
        "1500 Error Http.StorageUnavailable",
        "1501 Error Http.Unexpected",
        "3000 Error Consents.ScopesNotWritten",
        "3100 Warning Tokens.RefreshFailed",
        "3101 Error Tokens.StoreWaits",
        "3102 Warning Tokens.FailureNotStored",
        "3103 Warning Tokens.ReleasesWait",
        "3104 Error Tokens.Unreadable",
        "3105 Warning Tokens.Replayed",
        "3106 Warning Tokens.ReplayDiscarded",
        "3107 Error Tokens.NotSpooled",
        "3108 Error Tokens.ReplayRefused",
        "3109 Warning Tokens.Recovered",
        "3110 Error Tokens.ReleasesFailed",
        "4000 Information Connect.Started",
        "4001 Information Connect.Completed",
        "4002 Information Connect.Failed",
        "4003 Warning Connect.ExchangeFailed",
        "4100 Warning Monitoring.DueWaits",
        "4101 Error Monitoring.WorkerFailed",
        "4102 Information Monitoring.Swept",
        "4103 Warning Monitoring.FiguresWait",
        "4200 Information Events.Withdrawn",
        "4201 Warning Events.Unverified",
        "4300 Error Lifecycle.BulkFailed",
    ];

    private static IEnumerable<(LoggerMessageAttribute Event, MethodInfo Method)> Events() =>
        from type in ShapeTests.Types()
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        let attribute = method.GetCustomAttribute<LoggerMessageAttribute>()
        where attribute is not null
        select (attribute, method);

    private static string SliceOf(MethodInfo method) => method.DeclaringType!.Namespace!.Split('.')[1];

    [Fact]
    public void The_events_are_the_approved_ones() =>
        Events().OrderBy(entry => entry.Event.EventId).Select(entry => $"{entry.Event.EventId} {entry.Event.Level} {SliceOf(entry.Method)}.{entry.Method.Name}").ShouldBe(Approved);

    [Fact]
    public void A_number_belongs_to_one_event_in_the_hundred_of_its_slice()
    {
        Events().Select(entry => entry.Event.EventId).ShouldBeUnique();
        foreach (var (entry, method) in Events())
            entry.EventId.ShouldBeInRange(Ranges[SliceOf(method)], Ranges[SliceOf(method)] + 99, method.Name);
        Ranges.Values.ShouldBeUnique();
    }

    [Fact]
    public void Nothing_is_logged_outside_of_these_events() => SourceTree.Files(SourceTree.Library)
        .SelectMany(file => file.Lines.Select((line, index) => (Place: $"{file.Path}:{index + 1}", Line: line.Split("//")[0])))
        .Where(entry => new[] { "LogInformation(", "LogWarning(", "LogError(", "LogDebug(", "LogTrace(", "LogCritical(", "Console.", "Debug.Write", "Trace.Write" }
            .Any(word => System.Text.RegularExpressions.Regex.IsMatch(entry.Line, $@"(?<![\w]){System.Text.RegularExpressions.Regex.Escape(word)}")))
        .Select(entry => entry.Place)
        .ShouldBeEmpty();

    [Fact]
    public void No_event_takes_a_secret_by_name()
    {
        foreach (var (_, method) in Events())
        {
            foreach (var parameter in method.GetParameters())
            {
                parameter.ParameterType.ShouldNotBe(typeof(Grantkeeper.Encryption.Secret), method.Name);
                new[] { "token", "secret", "state", "ticket", "password", "verifier", "handle", "url", "query", "body", "uri" }.ShouldNotContain(parameter.Name!.ToLowerInvariant(), method.Name);
            }
        }
    }
}
