using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Grantkeeper.Benchmarks.Processes;

/// <summary>The role <c>node</c>: a node as users run it, with a spool on the disk, and beside it an endpoint that does nothing.</summary>
internal static class Node
{
    public const string Role = "node";
    public const string ApiKey = "gk_dev_key-of-the-benchmarks-0123456789abcdef";

    /// <summary>The key of the provider that the nodes know.</summary>
    public const string Provider = "bench";

    /// <summary>Starts one in a process of its own.</summary>
    /// <param name="database">Its database.</param>
    /// <param name="folder">Where its spool and its provider's manifest are.</param>
    /// <param name="provider">The token endpoint.</param>
    /// <param name="more">Further settings.</param>
    /// <param name="manifest">A further line of its provider's manifest.</param>
    public static async Task<Child> Start(TestDatabase database, string folder, Child provider, IReadOnlyList<(string Name, string Value)>? more = null, string manifest = "")
    {
        var manifests = Directory.CreateDirectory(Path.Combine(folder, "providers")).FullName;
        await File.WriteAllTextAsync(Path.Combine(manifests, $"{Provider}.yaml"), $$"""
            schema_version: 1
            key: {{Provider}}
            display_name: Bench
            verification: simulated
            authorization_endpoint: {{provider.Origin}}/authorize
            token_endpoint: {{provider.Origin}}/token
            client_authentication: post
            account: { source: none }
            {{manifest}}
            """);
        var origin = $"http://localhost:{FreePort.Next()}";
        var environment = new Dictionary<string, string?>
        {
            ["DEPLOY_ENV"] = "development", ["FRONTEND_URL"] = origin, ["GRANTKEEPER_PUBLIC_URL"] = origin, ["GRANTKEEPER_API_KEY"] = ApiKey, ["GRANTKEEPER_PROVIDERS_PATH"] = manifests,
            ["GRANTKEEPER_DATA_PATH"] = folder, ["USER_DATA_DATABASE_URL"] = database.Url, ["OAUTH_ENCRYPTION_KEY"] = TestCluster.Key.Reveal(),
            ["BENCH_CLIENT_ID"] = "app", ["BENCH_CLIENT_SECRET"] = "s3cret", ["ASPNETCORE_URLS"] = origin,
        };
        foreach (var (name, value) in more ?? [])
            environment[name] = value;
        return await Child.Start(Role, [], environment);
    }

    public static async Task Run()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrantkeeper(builder.Configuration);
        await using var app = builder.Build();
        app.MapGrantkeeper();
        app.MapGet("/bare", () => Results.Text("""{"access_token":"access-00000000000000000000000000000000","token_type":"Bearer","expires_at":null,"scopes":[],"integration_id":"","generation":1}""", "application/json"));
        await app.StartAsync();
        await Child.Serve(app.Urls.First());
    }
}
