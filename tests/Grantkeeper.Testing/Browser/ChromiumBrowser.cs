using Microsoft.Playwright;

namespace Grantkeeper.Testing.Browser;

/// <summary>
/// The machine's Chromium, headless, started when the first test asks for a session and shared by all tests of a run:
/// register it as an assembly fixture. <c>GRANTKEEPER_CHROMIUM</c> names another binary than <c>/usr/bin/chromium</c>.
/// </summary>
public sealed class ChromiumBrowser : IAsyncDisposable
{
    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    private readonly Lazy<Task<(IPlaywright Driver, IBrowser Browser)>> _started = new(Launch);

    /// <summary>Opens a session that shares no cookie, storage or cache with any other.</summary>
    /// <param name="options">Playwright's settings of the session, if the usual ones do not do.</param>
    public async Task<BrowserSession> NewSession(BrowserNewContextOptions? options = null)
    {
        var (_, browser) = await _started.Value;
        return await BrowserSession.Open(await browser.NewContextAsync(options));
    }

    /// <summary>Ends the browser, if a test has started it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_started.IsValueCreated)
            return;
        var (driver, browser) = await _started.Value;
        await browser.DisposeAsync();
        driver.Dispose();
    }

    private static async Task<(IPlaywright Driver, IBrowser Browser)> Launch()
    {
        var driver = await Playwright.CreateAsync();
        try
        {
            var browser = await driver.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
            {
                ExecutablePath = Environment.GetEnvironmentVariable("GRANTKEEPER_CHROMIUM") ?? "/usr/bin/chromium",
                Headless = true,
                Args = Arguments,
            });
            return (driver, browser);
        }
        catch
        {
            driver.Dispose();
            throw;
        }
    }
}
