using System.Net;
using System.Web;
using Grantkeeper.Failpoints;
using Grantkeeper.Testing.Peers;

namespace Grantkeeper.Prove.Nodes;

/// <summary>
/// The same against a provider that this project did not write: <c>oidc-provider</c>, which rotates refresh tokens and ends
/// a grant with all its tokens when a used one is shown. Nodes are killed with answers on their disks.
/// </summary>
internal sealed class PeerCampaign : ICampaign
{
    private const string Key = "generic_oidc";
    private const int QuickGrants = 150;
    private const int FullGrants = 1000;
    private const int ReadBeforeDeath = 5;

    public string Name => "peer";

    public async Task<IReadOnlyList<Proof>> Run(Effort effort, ulong firstSeed, TextWriter output)
    {
        await using var world = await NodeWorld.Start(nodes: 0);
        var environments = Enumerable.Range(0, 3).Select(index => world.Environment($"node-{index}")).ToList();
        var publicUrl = environments[0]["ASPNETCORE_URLS"];
        await using var peer = await OidcProviderPeer.Start(new OidcProviderOptions { RedirectUris = [$"{publicUrl}/oauth/{Key}/callback"], AccessTokenLifetime = TimeSpan.FromMinutes(10) });
        foreach (var environment in environments)
        {
            (environment["GRANTKEEPER_PUBLIC_URL"], environment["FRONTEND_URL"]) = (publicUrl, publicUrl);
            environment[$"Grantkeeper__Providers__{Key}__issuer"] = peer.Issuer;
            // Tokens are made to end behind the engine's back.
            environment["Grantkeeper__Cache__Life"] = "00:00:00";
            (environment["GENERIC_OIDC_CLIENT_ID"], environment["GENERIC_OIDC_CLIENT_SECRET"]) = ("odd:id", OidcProviderPeer.OddSecret);
        }

        world.Nodes.AddRange(await Task.WhenAll(environments.Select((environment, index) => NodeProcess.Start($"node-{index}", environment))));
        var integrations = new Guid[effort == Effort.Quick ? QuickGrants : FullGrants];
        await Parallel.ForAsync(0, integrations.Length, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (index, _) => integrations[index] = await Connect(world.Nodes[index % 3], $"user-{index}"));

        var kills = effort == Effort.Quick ? 4 : 30;
        var unread = new List<string>();
        for (var kill = 0; kill < kills; kill++)
        {
            await Expire(world);
            var victim = world.Nodes[kill % 3];
            await victim.Restart($"lease=4,{Points.RefreshSpooled}=kill@{ReadBeforeDeath}");
            var others = world.Nodes.Where(node => node != victim).ToList();
            // The victim refreshes one grant after the other, so that what it holds when it dies is on its disk.
            var last = Task.Run(async () =>
            {
                for (var index = 0; !victim.HasEnded && index < integrations.Length; index++)
                    await victim.Read(integrations[index]);
            });
            await Parallel.ForEachAsync(integrations.Reverse(), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (integration, _) => await others[integration.GetHashCode() & 1].Read(integration));
            await last;
            if (!victim.HasEnded)
                unread.Add($"{victim.Name} did not die");
            await victim.Restart("lease=4");
        }

        await Expire(world);
        var read = 0;
        await Parallel.ForEachAsync(integrations, new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (integration, _) =>
        {
            var answer = await Settle(world, integration);
            lock (unread)
            {
                if (answer.Status == 200)
                    read++;
                else
                    unread.Add($"{integration} ends with {answer.Status} {answer.Code}");
            }
        });
        var stats = await peer.Stats();
        foreach (var story in unread.Take(10))
            await output.WriteLineAsync($"peer: {story}");
        return
        [
            new Proof("oidc-provider", "no reuse alarm, every grant lives", unread.Count == 0 && stats.EventCount("grant.revoked") == 0 && stats.EventCount("grant.error") == 0,
                $"{integrations.Length} integrations, 3 nodes, {kills} kills: {stats.EventCount("refresh_token.consumed")} rotations, {stats.EventCount("grant.revoked")} grants ended, {stats.EventCount("grant.error")} refusals, {read} readable"),
        ];
    }

    private static Task Expire(NodeWorld world) => world.Execute("UPDATE oauth_tokens SET expires_at = now() - interval '1 second', next_refresh_at = now() + interval '1 day'");

    private static async Task<NodeAnswer> Settle(NodeWorld world, Guid integration)
    {
        NodeAnswer answer = default;
        for (var turn = 0; turn < 300; turn++)
        {
            answer = await world.Nodes[turn % 3].Read(integration);
            if (answer.Status == 200 || answer.Code == "tokens.reauthorization_required")
                break;
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        return answer;
    }

    /// <summary>The code flow, with a browser's cookies and without its pages.</summary>
    private static async Task<Guid> Connect(NodeProcess node, string user)
    {
        var started = await node.Ask(HttpMethod.Get, $"/oauth/{Key}/auth?user_id={user}&login_hint=alice");
        var address = new Uri(started.Json.GetProperty("details").GetProperty("provider_authorization_url").GetString()!);
        var redirectUri = HttpUtility.ParseQueryString(address.Query)["redirect_uri"]!;
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, CookieContainer = new CookieContainer(), UseProxy = false });
        while (!address.AbsoluteUri.StartsWith(redirectUri, StringComparison.Ordinal))
        {
            using var answer = await browser.GetAsync(address);
            address = new Uri(address, answer.Headers.Location ?? throw new InvalidOperationException($"The provider answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}"));
        }

        var parameters = HttpUtility.ParseQueryString(address.Query);
        var connected = await node.Ask(HttpMethod.Post, $"/oauth/{Key}/callback", new { code = parameters["code"], state = parameters["state"], iss = parameters["iss"], user_id = user });
        return connected.Status == 200 && connected.Json.GetProperty("success").GetBoolean()
            ? connected.Json.GetProperty("integration_id").GetGuid()
            : throw new InvalidOperationException($"{user} could not be connected: {connected.Status} {connected.Json}");
    }
}
