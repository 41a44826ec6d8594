using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Grantkeeper.Prove.Nodes;
using Grantkeeper.Prove.Simulator;

namespace Grantkeeper.Prove;

/// <summary><c>./prove [quick|full] [--json] [--only NAME] [--seed N]</c>: runs the campaigns, prints a line for each invariant, fails when one does not hold.</summary>
internal static class Program
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static async Task<int> Main(string[] args)
    {
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var effort = args.Contains("full") ? Effort.Full : Effort.Quick;
        var only = Option(args, "--only");
        var seed = ulong.TryParse(Option(args, "--seed"), out var given) ? given : 1;
        var json = args.Contains("--json");
        ICampaign[] campaigns = [new SimulatorCampaign(int.TryParse(Option(args, "--seeds"), out var seeds) ? seeds : null), new MutationCampaign(), new KillCampaign(), new OutageCampaign(), new DiskCampaign(), new PeerCampaign(), new FuzzCampaign()];
        var chosen = campaigns.Where(campaign => only is null || campaign.Name == only).ToList();
        if (chosen.Count == 0)
        {
            await Console.Error.WriteLineAsync($"No campaign is called {only}. There are: {string.Join(", ", campaigns.Select(campaign => campaign.Name))}.");
            return 2;
        }

        var proofs = new List<Proof>();
        foreach (var campaign in chosen)
        {
            var began = Stopwatch.GetTimestamp();
            var found = await campaign.Run(effort, seed, Console.Error);
            proofs.AddRange(found);
            if (!json)
                await Print(campaign.Name, found, Stopwatch.GetElapsedTime(began));
        }

        if (json)
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(new { effort = effort.ToString().ToLowerInvariant(), seed, proofs }, Json));
        else
            await Console.Out.WriteLineAsync($"{proofs.Count(proof => proof.Holds)} hold, {proofs.Count(proof => !proof.Holds)} do not");
        return proofs.TrueForAll(proof => proof.Holds) ? 0 : 1;
    }

    private static string? Option(string[] args, string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

    private static async Task Print(string campaign, IReadOnlyList<Proof> proofs, TimeSpan took)
    {
        await Console.Out.WriteLineAsync($"{campaign} ({took.TotalSeconds:0} s)");
        foreach (var proof in proofs)
            await Console.Out.WriteLineAsync($"  {(proof.Holds ? "holds " : "BROKEN")}  {proof.Name,-17}{proof.What,-64}{proof.Figures}");
    }
}
