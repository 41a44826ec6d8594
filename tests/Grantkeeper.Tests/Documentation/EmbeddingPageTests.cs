using System.Reflection;
using Grantkeeper.Client;

namespace Grantkeeper.Tests.Documentation;

/// <summary>docs/embedding.md names every code, setting and instrument of the client.</summary>
[Trait("category", "documentation")]
public sealed class EmbeddingPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "embedding.md"));

    [Fact]
    public void Every_code_of_the_client_is_explained() => typeof(ClientErrors)
        .GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!)
        .Where(code => !Page.Contains($"| `{code}` |", StringComparison.Ordinal)).ShouldBeEmpty();

    [Fact]
    public void Every_setting_of_the_client_is_explained() => new[] { typeof(GrantkeeperClientOptions), typeof(ConnectedAccountOptions), typeof(TokenCacheOptions) }
        .SelectMany(type => type.GetProperties().Select(property => property.Name)).Distinct()
        .Where(name => !Page.Contains($"`{name}`", StringComparison.Ordinal)).ShouldBeEmpty();

    [Fact]
    public void Every_instrument_of_the_client_is_named()
    {
        var instruments = new List<string>();
        using var listener = new System.Diagnostics.Metrics.MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == ClientTelemetry.MeterName)
                    instruments.Add(instrument.Name);
            },
        };
        System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(typeof(ClientTelemetry).TypeHandle);
        listener.Start();
        instruments.Count.ShouldBe(3);
        instruments.Where(name => !Page.Contains($"`{name}`", StringComparison.Ordinal)).ShouldBeEmpty();
    }
}
