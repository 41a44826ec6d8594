using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Grantkeeper.Client.Contracts;
using Grantkeeper.Errors;

namespace Grantkeeper.Tests.Conventions;

[Trait("category", "conventions")]
public sealed partial class ShapeTests
{
    private static readonly string[] BannedSuffixes = ["Manager", "Helper", "Helpers", "Util", "Utils", "Common", "Base", "Impl", "Data", "Info"];

    private static readonly string[] HttpContextPlaces = ["Connect/CallbackPage.cs", "Connect/FlowCookie.cs", "Connect/BrowserEndpoints.cs", "Monitoring/OperatorsView.cs", "RequireFeatureExtensions.cs", "Consents/FeatureAuthorization.cs"];

    internal static IEnumerable<Type> Types() => new[] { typeof(ErrorCatalogue).Assembly, typeof(ErrorEntry).Assembly }
        .SelectMany(assembly => assembly.GetTypes())
        .Where(type => !type.IsDefined(typeof(CompilerGeneratedAttribute), false) && !type.Name.Contains('<') && type.Namespace?.StartsWith("Grantkeeper", StringComparison.Ordinal) == true
            && type.DeclaringType?.Name.Contains('<') != true);

    /// <summary>An exception that leaves a worker ends the whole host, which may be somebody's application.</summary>
    [Fact]
    public void Every_worker_survives_its_own_faults()
    {
        var workers = SourceTree.Files(Path.Combine(SourceTree.Root, "src")).Where(file => file.Lines.Any(line => line.Contains(": BackgroundService", StringComparison.Ordinal))).ToList();
        workers.Count.ShouldBeGreaterThan(8);
        workers.Where(file => !file.Lines.Any(line => line.Contains("catch (Exception", StringComparison.Ordinal))).Select(file => file.Path).ShouldBeEmpty();
    }

    [Fact]
    public void Every_class_is_sealed_static_or_abstract() =>
        Types().Where(type => type.IsClass && !type.IsSealed && !type.IsAbstract).Select(type => type.FullName).ShouldBeEmpty();

    [Fact]
    public void No_type_ends_in_a_word_that_says_nothing() =>
        Types().Select(type => type.Name.Split('`')[0]).Where(name => BannedSuffixes.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal))).ShouldBeEmpty();

    [Fact]
    public void A_file_is_named_after_a_type_in_it()
    {
        var faults = new List<string>();
        foreach (var project in new[] { "Grantkeeper", "Grantkeeper.Client" })
        {
            foreach (var (path, lines) in SourceTree.Files(Path.Combine(SourceTree.Root, "src", project)))
            {
                // Wire records stand together, one file for each slice.
                if (path.StartsWith("Contracts/", StringComparison.Ordinal))
                    continue;
                var name = Path.GetFileName(path).Split('.')[0];
                if (!lines.Any(line => Regex.IsMatch(line, $@"\b(class|record|struct|interface|enum)\s+(struct\s+)?{name}\b")))
                    faults.Add($"src/{project}/{path} holds no type {name}");
            }
        }

        faults.ShouldBeEmpty();
    }

    [Fact]
    public void A_request_is_seen_at_the_border_only() => SourceTree.Files(SourceTree.Library)
        .Where(file => file.Lines.Any(line => HttpContextWord().IsMatch(line.Split("//")[0])))
        .Select(file => file.Path)
        .Where(path => !path.EndsWith("Endpoints.cs", StringComparison.Ordinal) && !path.StartsWith("Http/", StringComparison.Ordinal) && !HttpContextPlaces.Contains(path))
        .ShouldBeEmpty();

    /// <summary>What hops to the thread pool by itself cannot be replayed from a seed: the refresh engine awaits its seams alone.</summary>
    [Fact]
    public void The_refresh_engine_awaits_nothing_but_its_seams() => SourceTree.Files(SourceTree.Library)
        .Where(file => file.Path.StartsWith("Tokens/", StringComparison.Ordinal) && file.Path != "Tokens/ThreadPoolWork.cs")
        .Where(file => file.Lines.Any(line => OwnWaits().IsMatch(line.Split("//")[0])))
        .Select(file => file.Path)
        .ShouldBeEmpty();

    [GeneratedRegex(@"\b(SemaphoreSlim|Channel|Task\.Run|new CancellationTokenSource|CancelAfter|Thread\.Sleep|ThreadPool)\b")]
    private static partial Regex OwnWaits();

    [Fact]
    public void Every_error_code_is_used()
    {
        var source = string.Join('\n', SourceTree.Files(Path.Combine(SourceTree.Root, "src")).Where(file => !file.Path.StartsWith("Grantkeeper/Errors/", StringComparison.Ordinal)).SelectMany(file => file.Lines));
        typeof(ErrorCatalogue).GetNestedTypes()
            .SelectMany(section => section.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => $"ErrorCatalogue.{section.Name}.{field.Name}"))
            .Append("ErrorCatalogue.Internal")
            .Where(use => !Regex.IsMatch(source, $@"\b{Regex.Escape(use)}\b"))
            .ShouldBeEmpty();
    }

    [GeneratedRegex(@"\bHttpContext\b")]
    private static partial Regex HttpContextWord();
}
