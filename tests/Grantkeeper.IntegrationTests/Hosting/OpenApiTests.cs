using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Grantkeeper.Http;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Peers;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Hosting;

/// <summary>The machine-readable description: complete, in the wire's own spelling, and changed only on purpose.</summary>
[Trait("category", "routes")]
public sealed partial class OpenApiTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    [Fact]
    public async Task Document_is_the_approved_one()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var text = (await Document(world)).ToJsonString(Indented).ReplaceLineEndings("\n") + "\n";
        var folder = Path.Combine(Checkout.Root, "tests", "Grantkeeper.IntegrationTests");
        var (approved, received) = (Path.Combine(folder, "openapi.approved.json"), Path.Combine(folder, "openapi.received.json"));
        var known = File.Exists(approved) ? await File.ReadAllTextAsync(approved, TestContext.Current.CancellationToken) : "";
        if (known == text)
        {
            File.Delete(received);
            return;
        }

        await File.WriteAllTextAsync(received, text, TestContext.Current.CancellationToken);
        throw new ShouldAssertException($"The API's description has changed. Compare {received} with openapi.approved.json and, if it is meant, put it in its place.");
    }

    [Fact]
    public async Task Every_operation_is_described_with_its_permission()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var document = await Document(world);
        var paths = document["paths"]!.AsObject();
        var operations = world.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<ITagsMetadata>()?.Tags.Contains(ApiRoutes.Tag) == true && endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null)
            .ToList();
        operations.Count.ShouldBeGreaterThan(20);
        foreach (var endpoint in operations)
        {
            var path = endpoint.RoutePattern.RawText!;
            foreach (var method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods)
            {
                var operation = paths[path]?[method.ToLowerInvariant()];
                operation.ShouldNotBeNull($"{method} {path}");
                operation["summary"].ShouldNotBeNull($"{method} {path}");
                var isGuarded = endpoint.Metadata.GetMetadata<RequiredPermission>() is not null;
                (operation["security"]?.AsArray().Count > 0).ShouldBe(isGuarded, $"{method} {path}");
            }
        }

        var scheme = document["components"]!["securitySchemes"]!["api_key"]!;
        ((string)scheme["type"]!, (string)scheme["scheme"]!).ShouldBe(("http", "bearer"));
    }

    /// <summary>What browsers and providers send has no body of ours; the events of a provider are its own format.</summary>
    private static readonly string[] WithoutBodies = ["POST /oauth/{provider}/events", "GET /oauth/providers", "GET /api/v1/oauth/audit/export"];

    [Fact]
    public async Task Everything_that_is_sent_and_answered_has_an_example()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var without = new List<string>();
        foreach (var (path, operations) in (await Document(world))["paths"]!.AsObject())
        {
            foreach (var (method, operation) in operations!.AsObject())
            {
                var name = $"{method.ToUpperInvariant()} {path}";
                foreach (var parameter in operation!["parameters"]?.AsArray() ?? [])
                    Look($"{name} {parameter!["name"]}", parameter, "description", "example");
                foreach (var (type, media) in WithoutBodies.Contains(name) ? [] : operation["requestBody"]?["content"]?.AsObject() ?? [])
                    Look($"{name} {type}", media!, "example");
                foreach (var (status, answer) in operation["responses"]!.AsObject().Where(answer => answer.Key != "200" || !WithoutBodies.Contains(name)))
                {
                    foreach (var (type, media) in answer!["content"]?.AsObject() ?? [])
                        Look($"{name} {status} {type}", media!, "example");
                }
            }
        }

        without.ShouldBeEmpty();

        void Look(string about, JsonNode node, params string[] members) => without.AddRange(members.Where(member => node[member] is null).Select(member => $"{about}: {member}"));
    }

    [Fact]
    public async Task Members_and_query_parameters_are_snake_case()
    {
        await using var world = await FlowWorld.Start(HostKind.Server);
        var document = await Document(world);
        var members = document["components"]!["schemas"]!.AsObject()
            .SelectMany(schema => schema.Value!["properties"]?.AsObject().Select(property => (Where: schema.Key, property.Key)) ?? []);
        var parameters = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject())
            .SelectMany(operation => operation.Value!["parameters"]?.AsArray().Where(parameter => (string)parameter!["in"]! == "query").Select(parameter => (Where: operation.Key, Key: (string)parameter!["name"]!)) ?? []);
        var odd = members.Concat(parameters).Where(name => !SnakeCase().IsMatch(name.Key)).ToList();
        odd.ShouldBeEmpty();
    }

    private static async Task<JsonNode> Document(FlowWorld world)
    {
        var reply = await world.Host.Get("/openapi/v1.json", key: null);
        reply.Status.ShouldBe(HttpStatusCode.OK);
        return reply.Json;
    }

    [GeneratedRegex("^[a-z][a-z0-9]*(_[a-z0-9]+)*$")]
    private static partial Regex SnakeCase();
}
