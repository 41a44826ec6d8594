using System.Net;
using System.Net.Sockets;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;

namespace Grantkeeper.IntegrationTests.Hosting;

/// <summary>Starts that are refused, in the real process: exit code 1, every fault at once, cause and remedy, and nothing secret.</summary>
[Trait("category", "manager")]
public sealed class StartFaultTests
{
    private const string Secret = "hunter2-and-more";

    [Fact]
    public async Task Everything_that_is_missing_is_listed_at_once()
    {
        var (code, output) = await ServerProcess.RunToEnd(new Dictionary<string, string>());
        code.ShouldBe(1, output);
        var faults = Faults(output);
        faults.Count.ShouldBe(3, output);
        faults.ShouldContain(fault => fault.Contains("FRONTEND_URL is not set", StringComparison.Ordinal) && fault.Contains("https://app.example.com", StringComparison.Ordinal));
        faults.ShouldContain(fault => fault.Contains("USER_DATA_DATABASE_URL is not set", StringComparison.Ordinal) && fault.Contains("postgresql://", StringComparison.Ordinal));
        faults.ShouldContain(fault => fault.Contains("OAUTH_ENCRYPTION_KEY", StringComparison.Ordinal) && fault.Contains("openssl rand -base64 32", StringComparison.Ordinal));
        output.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_listed_at_once_and_no_secret_is_repeated()
    {
        var (code, output) = await ServerProcess.RunToEnd(new Dictionary<string, string>
        {
            ["DEPLOY_ENV"] = "prodction",
            ["FRONTEND_URL"] = $"https://admin:{Secret}@app.example.com",
            ["GRANTKEEPER_PUBLIC_URL"] = "http://connect.example.com/path",
            ["USER_DATA_DATABASE_URL"] = $"postgresql://user:{Secret}@host:port/db",
            ["PLATFORM_DATABASE_URL"] = $"postgresql://user:{Secret}@/",
            ["GRANTKEEPER_MIGRATION_DATABASE_URL"] = $"postgresql://owner:{Secret}@host:port/db",
            ["GRANTKEEPER_PLATFORM_MIGRATION_DATABASE_URL"] = $"postgresql://owner:{Secret}@host:port/db",
            ["GRANTKEEPER_API_KEY"] = Secret,
            ["OAUTH_ENCRYPTION_KEY"] = Secret,
            ["GRANTKEEPER_SANDBOX"] = "maybe",
            ["GRANTKEEPER_PROVIDERS_PATH"] = "/no/such/folder",
            ["Grantkeeper__Connect__AllowedOrigins__0"] = $"https://user:{Secret}@other.example.com",
            ["Grantkeeper__Egress__AllowedNetworks__0"] = "10.0.0.0/99",
            ["Grantkeeper__RunWorkers"] = "perhaps",
            ["Grantkeeper__Providers__google__token_endpoint"] = "http://token.example.com",
        });
        code.ShouldBe(1, output);
        output.ShouldNotContain(Secret, Case.Sensitive, output);
        output.ShouldNotContain("   at ");
        var faults = Faults(output);
        foreach (var name in new[]
        {
            "DEPLOY_ENV", "FRONTEND_URL", "GRANTKEEPER_PUBLIC_URL", "USER_DATA_DATABASE_URL", "PLATFORM_DATABASE_URL", "GRANTKEEPER_MIGRATION_DATABASE_URL",
            "GRANTKEEPER_PLATFORM_MIGRATION_DATABASE_URL", "GRANTKEEPER_API_KEY", "encryption key", "GRANTKEEPER_SANDBOX", "GRANTKEEPER_PROVIDERS_PATH",
            "AllowedOrigins", "AllowedNetworks", "RunWorkers", "token_endpoint",
        })
            faults.Any(fault => fault.Contains(name, StringComparison.OrdinalIgnoreCase)).ShouldBeTrue(name + "\n" + output);
    }

    [Fact]
    public async Task Production_takes_no_sandbox_no_http_and_no_missing_key()
    {
        var (code, output) = await ServerProcess.RunToEnd(new Dictionary<string, string>
        {
            ["FRONTEND_URL"] = "http://localhost:3000", ["USER_DATA_DATABASE_URL"] = "postgresql://u:p@localhost:1/db", ["GRANTKEEPER_SANDBOX"] = "true",
        });
        code.ShouldBe(1, output);
        var faults = Faults(output);
        faults.ShouldContain(fault => fault.Contains("FRONTEND_URL", StringComparison.Ordinal) && fault.Contains("https", StringComparison.Ordinal));
        faults.ShouldContain(fault => fault.Contains("OAUTH_ENCRYPTION_KEY", StringComparison.Ordinal));
        faults.ShouldContain(fault => fault.Contains("GRANTKEEPER_SANDBOX", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Production_refuses_the_development_cluster()
    {
        var database = await (await TestCluster.Shared()).NewMigratedDatabase();
        var (code, output) = await ServerProcess.RunToEnd(Good(database, ("DEPLOY_ENV", "production"), ("FRONTEND_URL", "https://app.example.com")));
        code.ShouldBe(1, output);
        Faults(output).ShouldHaveSingleItem().ShouldContain("storage.private_cluster_in_production");
        output.ShouldNotContain(new Uri(database.Url).UserInfo.Split(':')[1]);
    }

    [Fact]
    public async Task Another_encryption_key_than_the_databases_is_refused()
    {
        var database = await (await TestCluster.Shared()).NewMigratedDatabase();
        await using (await FlowHost.Start(HostKind.Server, database.Url, new Dictionary<string, string?>()))
        {
            // The first start makes the data key.
        }

        var wrong = Convert.ToBase64String([.. Enumerable.Repeat((byte)7, 32)]);
        var (code, output) = await ServerProcess.RunToEnd(Good(database, ("OAUTH_ENCRYPTION_KEY", wrong)));
        code.ShouldBe(1, output);
        Faults(output).ShouldHaveSingleItem().ShouldContain("encryption.key_wrong");
        output.ShouldNotContain(wrong);
    }

    [Fact]
    public async Task Port_that_is_taken_is_said_in_a_sentence()
    {
        using var taken = new TcpListener(IPAddress.Loopback, FreePort.Next());
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var database = await (await TestCluster.Shared()).NewMigratedDatabase();
        var (code, output) = await ServerProcess.RunToEnd(Good(database, ("ASPNETCORE_URLS", $"http://127.0.0.1:{port}")));
        code.ShouldBe(1, output);
        Faults(output).ShouldHaveSingleItem().ShouldContain($"127.0.0.1:{port}");
        output.ShouldContain("ASPNETCORE_URLS");
        output.ShouldNotContain("   at ");
    }

    [Fact]
    public async Task Faults_of_all_provider_files_are_listed()
    {
        var folder = Directory.CreateTempSubdirectory("gk-providers-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "a.yaml"), "schema_version: 1\nkey: Start Here\ndisplay_name: A\nauthorization_endpoint: ftp://a.example.com\ntoken_endpoint: nonsense\nunknown_member: 1\n", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "b.yml"), "schema_version: 1\nkey: b\nextends: nothing_like_it\n", TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "c.yaml"), "key: [unclosed\n", TestContext.Current.CancellationToken);
            var (code, output) = await ServerProcess.RunToEnd(new Dictionary<string, string> { ["GRANTKEEPER_PROVIDERS_PATH"] = folder, ["DEPLOY_ENV"] = "development" });
            code.ShouldBe(1, output);
            var faults = Faults(output);
            foreach (var part in new[] { "a.yaml: key", "a.yaml: authorization_endpoint", "a.yaml: token_endpoint", "unknown_member", "b.yml: extends", "c.yaml", "FRONTEND_URL" })
                faults.Any(fault => fault.Contains(part, StringComparison.Ordinal)).ShouldBeTrue(part + "\n" + output);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static List<string> Faults(string output) => [.. output.Split('\n').Where(line => line.StartsWith("  - ", StringComparison.Ordinal))];

    private static Dictionary<string, string> Good(TestDatabase database, params (string Name, string Value)[] but)
    {
        var environment = new Dictionary<string, string>
        {
            ["DEPLOY_ENV"] = "development",
            ["FRONTEND_URL"] = "http://localhost:3000",
            ["USER_DATA_DATABASE_URL"] = database.Url,
            ["OAUTH_ENCRYPTION_KEY"] = TestCluster.Key.Reveal(),
            ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{FreePort.Next()}",
        };
        foreach (var (name, value) in but)
            environment[name] = value;
        return environment;
    }
}
