using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Grantkeeper.IntegrationTests.Launcher;
using Grantkeeper.IntegrationTests.Pages;
using Grantkeeper.Testing.Browser;
using Grantkeeper.Testing.Peers;
using Microsoft.Playwright;

namespace Grantkeeper.IntegrationTests.Hosting;

/// <summary>The first five minutes, with the real processes: start, link, connect, the printed call, Ctrl-C.</summary>
[Trait("category", "launcher")]
public sealed partial class NewcomerTests(ChromiumBrowser chromium)
{
    [Fact]
    public async Task Newcomer_comes_from_the_start_to_a_token()
    {
        var folder = Directory.CreateTempSubdirectory("gk-newcomer-").FullName;
        try
        {
            using var run = Start(folder, $"--port={Listener.FreePair()}");
            var said = new ConcurrentQueue<string>();
            var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var ended = Follow(run, said, settled);
            await Task.WhenAny(settled.Task, ended).WaitAsync(TimeSpan.FromSeconds(90), TimeProvider.System, TestContext.Current.CancellationToken);
            var output = string.Join('\n', said);
            settled.Task.IsCompleted.ShouldBeTrue(output);
            var link = Link().Match(output).Groups[1].Value;
            var call = said.Single(line => line.TrimStart().StartsWith("curl ", StringComparison.Ordinal)).Trim();

            await using (var session = await chromium.NewSession())
            {
                await session.Page.GotoAsync(link);
                await session.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
                await session.Page.GetByRole(AriaRole.Button, new() { Name = "Connect Sandbox" }).ClickAsync();
                await session.Page.GetByRole(AriaRole.Button, new() { Name = "Alice" }).ClickAsync();
                await session.Page.GetByRole(AriaRole.Button, new() { Name = "Allow" }).ClickAsync();
                await session.Page.GetByText("Sandbox is connected.").WaitForAsync();
                // The page prints the same call as the terminal.
                (await session.Page.Locator("article pre.curl").InnerTextAsync()).ShouldBe(call);
            }

            var token = await PagesWorld.Run(call, folder);
            token.Status.ShouldBe(HttpStatusCode.OK, token.Body);

            using (var interrupt = Process.Start("kill", ["-INT", $"{run.Id}"]))
                await interrupt.WaitForExitAsync(TestContext.Current.CancellationToken);
            await ended.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, TestContext.Current.CancellationToken);
            run.ExitCode.ShouldBe(0, string.Join('\n', said));
            said.Last(line => line.Length > 0).ShouldBe("Stopped.");
            var log = await File.ReadAllTextAsync(Path.Combine(folder, ".grantkeeper", "log", "server.log"), TestContext.Current.CancellationToken);
            log.ShouldNotContain("\"LogLevel\":\"Warning\"");
            log.ShouldNotContain("\"LogLevel\":\"Error\"");
            log.ShouldNotContain((string)token.Json["access_token"]!);
        }
        finally
        {
            using (var reset = Start(folder, "--reset", "--yes"))
                await Follow(reset, new(), new());
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Process Start(string folder, params string[] arguments)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var launcher = Path.Combine(Checkout.Root, "artifacts", "bin", "Grantkeeper.Launcher", configuration, "Grantkeeper.Launcher.dll");
        return Process.Start(new ProcessStartInfo("dotnet", [launcher, .. arguments]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    private static async Task Follow(Process process, ConcurrentQueue<string> said, TaskCompletionSource settled)
    {
        async Task Read(StreamReader reader)
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                said.Enqueue(line);
                if (line.StartsWith("3. ", StringComparison.Ordinal))
                    settled.TrySetResult();
            }
        }

        await Task.WhenAll(Read(process.StandardOutput), Read(process.StandardError));
        await process.WaitForExitAsync();
    }

    [GeneratedRegex("^Open (\\S+), valid", RegexOptions.Multiline)]
    private static partial Regex Link();
}
