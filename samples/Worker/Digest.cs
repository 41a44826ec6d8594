using Grantkeeper.Client;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Worker;

/// <summary>Whose calendars are read, and how often.</summary>
public sealed class DigestOptions
{
    public IList<string> Users { get; } = [];

    public TimeSpan Every { get; set; } = TimeSpan.FromMinutes(1);
}

/// <summary>Reads every user's calendar again and again. Grantkeeper refreshes the tokens; this class never sees one.</summary>
public sealed partial class Digest(Calendar calendar, IOptions<DigestOptions> options, ILogger<Digest> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Every);
        do
        {
            foreach (var user in options.Value.Users)
                await Read(user, stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task Read(string user, CancellationToken cancellation)
    {
        try
        {
            Events(logger, user, string.Join(", ", (await calendar.Events(user, cancellation)).Select(entry => entry.Title)));
        }
        catch (ConnectedAccountException refusal)
        {
            Refused(logger, user, refusal.Code, refusal.Link ?? "none");
        }
        catch (HttpRequestException exception)
        {
            Failed(logger, user, exception.StatusCode?.ToString() ?? exception.HttpRequestError.ToString());
        }
    }

    [LoggerMessage(1, LogLevel.Information, "Events of user {User}: {Titles}")]
    private static partial void Events(ILogger logger, string user, string titles);

    [LoggerMessage(2, LogLevel.Warning, "User {User}: {Code}, link for the user: {Link}")]
    private static partial void Refused(ILogger logger, string user, string code, string link);

    [LoggerMessage(3, LogLevel.Warning, "User {User}: the calendar did not answer ({Reason})")]
    private static partial void Failed(ILogger logger, string user, string reason);
}
