using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Grantkeeper.IntegrationTests.Flows;
using Grantkeeper.Testing.Peers;
using Grantkeeper.Testing.Postgres;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Grantkeeper.IntegrationTests.Hosting;

/// <summary>HTTP/2, where no header need tell that a request has a body, nor how long it is (RFC 9113 section 8.1.1).</summary>
[Trait("category", "models")]
public sealed class Http2Tests
{
    [Fact]
    public async Task Body_without_a_length_is_read_and_a_missing_one_counts_as_empty()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var (first, second) = (FreePort.Next(), FreePort.Next());
        var database = await (await TestCluster.Shared()).NewMigratedDatabase();
        await using var host = await FlowHost.Start(HostKind.Server, database.Url, new Dictionary<string, string?>(), first, services => services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.ListenLocalhost(first);
            kestrel.ListenLocalhost(second, listen => listen.Protocols = HttpProtocols.Http2);
        }));
        using var client = new HttpMessageInvoker(new SocketsHttpHandler());

        var (status, answer) = await Post(JsonContent.Create(new { user_id = "user_1" }));
        status.ShouldBe(HttpStatusCode.OK, answer.ToJsonString());
        ((string)answer["token"]!).ShouldStartWith("gk_cs_");
        (status, answer) = await Post(null);
        (status, (string)answer["code"]!).ShouldBe((HttpStatusCode.BadRequest, "identity.user_required"));
        (status, answer) = await Post(new StreamContent(new MemoryStream("{\"user_id\""u8.ToArray())) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } });
        (status, (string)answer["code"]!).ShouldBe((HttpStatusCode.BadRequest, "requests.malformed"));

        async Task<(HttpStatusCode Status, JsonNode Answer)> Post(HttpContent? content)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"http://localhost:{second}/api/v1/oauth/connect-sessions")
            {
                Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = content,
            };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", FlowHost.ApiKey);
            using var response = await client.SendAsync(request, cancellation);
            response.Version.ShouldBe(HttpVersion.Version20);
            return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellation))!);
        }
    }
}
