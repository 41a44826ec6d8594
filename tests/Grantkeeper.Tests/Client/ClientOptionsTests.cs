using Grantkeeper.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Grantkeeper.Tests.Client;

[Trait("category", "models")]
public sealed class ClientOptionsTests
{
    [Theory]
    [InlineData("https://connect.example.com", true), InlineData("https://example.com/grants/", true), InlineData("http://localhost:8000", true), InlineData("http://127.0.0.1:1", true), InlineData("http://[::1]:1", true)]
    [InlineData("http://connect.example.com", false), InlineData("ftp://example.com", false), InlineData("https://user@example.com", false), InlineData("https://example.com?a=b", false), InlineData("https://example.com/#a", false)]
    public void Address_is_https_or_on_this_machine(string url, bool usable) =>
        (new GrantkeeperClientOptions { Url = new Uri(url), ApiKey = "gk_live_x" }.Faults().Count == 0).ShouldBe(usable);

    [Fact]
    public void Plain_http_to_another_machine_has_to_be_asked_for() =>
        new GrantkeeperClientOptions { Url = new Uri("http://grantkeeper:8000"), ApiKey = "x", AllowHttp = true }.Faults().ShouldBeEmpty();

    [Fact]
    public void Key_stands_in_the_options_or_in_a_file()
    {
        var file = Path.GetTempFileName();
        try
        {
            List<string> Faults(string? key, string? path) => [.. new GrantkeeperClientOptions { Url = new Uri("https://x.example"), ApiKey = key, ApiKeyFile = path }.Faults()];
            Faults(null, null).ShouldHaveSingleItem().ShouldContain("ApiKey or ApiKeyFile is missing");
            Faults("a", file).ShouldHaveSingleItem().ShouldContain("keep one");
            Faults("a b", null).ShouldHaveSingleItem().ShouldContain("printable");
            Faults("a\r\nX-Evil: 1", null).ShouldHaveSingleItem().ShouldContain("printable");
            Faults(null, file).ShouldHaveSingleItem().ShouldContain("ApiKeyFile cannot be read");
            Faults(null, file + ".missing").ShouldHaveSingleItem().ShouldContain("ApiKeyFile cannot be read");
            File.WriteAllText(file, " gk_live_key\n");
            Faults(null, file).ShouldBeEmpty();
            ApiKeyText.ReadFile(file).ShouldBe("gk_live_key");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Host_does_not_start_and_names_every_fault_at_once()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddGrantkeeperClient("not an address", "a key");
        builder.Services.Configure<GrantkeeperClientOptions>(options => options.Timeout = TimeSpan.Zero);
        builder.Services.Configure<TokenCacheOptions>(options => (options.Capacity, options.MaxAge) = (-1, TimeSpan.FromSeconds(-1)));
        builder.Services.AddHttpClient("calendar").AddConnectedAccount(options =>
        {
            options.Scopes.Add("a b");
            options.MinTtl = TimeSpan.FromHours(2);
        });
        using var host = builder.Build();
        var said = (await Should.ThrowAsync<Exception>(() => host.StartAsync(TestContext.Current.CancellationToken))).ToString();
        foreach (var fault in new[] { "Url must be an absolute", "ApiKey must be printable", "Timeout must be", "Capacity must be", "MaxAge must not", "client calendar: the provider's key is missing", "a scope is empty or holds a blank", "MinTtl must be" })
            said.ShouldContain(fault);
        said.ShouldNotContain("a key");
    }

    [Fact]
    public void Without_a_source_of_tokens_the_remedy_is_named()
    {
        var services = new ServiceCollection();
        services.AddHttpClient("calendar").AddConnectedAccount("sandbox");
        using var provider = services.BuildServiceProvider();
        Should.Throw<InvalidOperationException>(() => provider.GetRequiredService<IHttpClientFactory>().CreateClient("calendar")).Message.ShouldContain("AddGrantkeeperClient(url, key)");
    }

    [Theory]
    [InlineData(ServiceLifetime.Scoped), InlineData(ServiceLifetime.Transient)]
    [Trait("category", "security")]
    public void User_of_one_request_never_serves_another(ServiceLifetime lifetime)
    {
        IServiceCollection services = new ServiceCollection();
        services.AddGrantkeeperClient("https://connect.example.com", "x");
        services.AddHttpClient("calendar").AddConnectedAccount("sandbox");
        services.Add(new ServiceDescriptor(typeof(IConnectedAccountUser), typeof(Somebody), lifetime));
        using var provider = services.BuildServiceProvider();
        Should.Throw<InvalidOperationException>(() => provider.GetRequiredService<IHttpClientFactory>().CreateClient("calendar")).Message.ShouldContain("must be a singleton");
    }

    private sealed class Somebody : IConnectedAccountUser
    {
        public string? UserId => "42";
    }

    [Fact]
    public void One_client_goes_through_one_account()
    {
        var client = new ServiceCollection().AddHttpClient("calendar").AddConnectedAccount("sandbox");
        Should.Throw<InvalidOperationException>(() => client.AddConnectedAccount("google")).Message.ShouldContain("calendar");
    }

    [Fact]
    public void Client_without_a_container_lists_its_faults_too() =>
        Should.Throw<ArgumentException>(() => GrantkeeperClient.Create(new GrantkeeperClientOptions())).Message.ShouldContain("Url is missing");

    [Fact]
    public void Keys_do_not_print()
    {
        var options = new GrantkeeperClientOptions { ApiKey = "canary" };
        $"{options} {System.Text.Json.JsonSerializer.Serialize(options)} {Options.Create(options)}".ShouldNotContain("canary");
    }
}
