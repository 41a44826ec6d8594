using Grantkeeper.Encryption;
using Grantkeeper.Errors;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Spool;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Grantkeeper.Startup;

/// <summary>
/// Brings a node up: 1. its name and spool folder 2. databases migrated 3. data keys open 4. the application role is safe
/// 5. stored providers and clients known 6. what waited in the spool is stored 7. ready. A database that does
/// not answer is waited for, and requests say so meanwhile; everything else stops the start.
/// </summary>
internal sealed class StartUp(
    GrantkeeperOptions options, KeyRing keys, Database database, PlatformDatabase platform, StoredManifests manifests, ClientRegistrations clients, NodeSpool spool, NodeIdentity node, SpoolReplay replay, SharedTime sharedTime, Readiness readiness, TimeProvider time, ILogger<StartUp> logger)
    : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly CancellationTokenSource _stopping = new();
    private Task _retrying = Task.CompletedTask;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        // 1. its name and spool folder
        spool.Claim();
        if (await Try(cancellationToken) is not { } failure)
            return;
        StartUpLog.DatabaseMissing(logger, failure.Message);
        readiness.Wait(failure);
        _retrying = KeepTrying();
    }

    /// <summary>One try. Null when the node is ready, <c>storage.unavailable</c> when it should be tried again.</summary>
    /// <exception cref="GrantkeeperStartException">The start is refused.</exception>
    private async Task<Failure?> Try(CancellationToken cancellation)
    {
        Result<Done> result;
        try
        {
            result = await BringUp(cancellation);
        }
        catch (PostgresException exception)
        {
            throw new GrantkeeperStartException([$"PostgreSQL refused to prepare the database: {exception.MessageText} (SQLSTATE {exception.SqlState})."]);
        }

        if (result.IsSuccess)
        {
            readiness.Open();
            StartUpLog.Ready(logger, node.Id, options.Environment.ToString());
            return null;
        }

        if (result.Failure.Code == ErrorCatalogue.Storage.Unavailable)
            return result.Failure;
        throw new GrantkeeperStartException([$"{result.Failure.Message} {result.Failure.Code.Remedy} ({result.Failure.Code.Code})"]);
    }

    private async Task<Result<Done>> BringUp(CancellationToken cancellation)
    {
        // 2. databases migrated
        if (!LocalKeyWrapper.Read(options.EncryptionKey, options.EncryptionKeyFile).TryGet(out var wrapper, out var failure))
            return failure;
        var userData = Migration(options.UserDataMigrationDatabase ?? options.UserDataDatabase);
        var migrated = await Migrator.Migrate(userData, Migrator.UserData, [new SealAdoptedTokens(wrapper)], cancellation);
        if (migrated.IsSuccess)
            migrated = await Migrator.Migrate(Migration(options.PlatformMigrationDatabase ?? options.PlatformDatabase), Migrator.Platform, [], cancellation);
        if (!migrated.IsSuccess)
            return migrated;

        // 3. data keys open, 4. the application role is safe, 5. the spool is stored
        try
        {
            var once = DatabaseUrl.ForApplication(DatabaseUrl.Parse(options.UserDataDatabase).Value);
            once.Pooling = false;
            await using (var connection = new NpgsqlConnection(once.ConnectionString))
            {
                await connection.OpenAsync(cancellation);
                var opened = await keys.Load(connection, wrapper, cancellation);
                if (!opened.IsSuccess)
                    return opened;
            }

            foreach (var each in new[] { database, platform.Database }.Distinct())
            {
                var safe = await RoleCheck.Run(each, options.Environment == DeployEnvironment.Production, cancellation);
                if (!safe.IsSuccess)
                    return safe;
            }

            await manifests.Load(cancellation);
            await clients.Load(cancellation);
            await SetTime(cancellation);
            await replay.Run(cancellation);
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.InsufficientPrivilege or PostgresErrorCodes.InvalidParameterValue)
        {
            return new Failure(ErrorCatalogue.Storage.RolesMissing, $"PostgreSQL refused the role {DatabaseUrl.ApplicationRole}: {exception.MessageText}.");
        }
        catch (Exception exception) when (exception is StorageUnavailableException || StorageUnavailableException.Explains(exception, cancellation))
        {
            return new Failure(ErrorCatalogue.Storage.Unavailable);
        }

        return default(Done);
    }

    private async Task SetTime(CancellationToken cancellation)
    {
        var askedAt = time.GetTimestamp();
        var now = await database.AsService(ServiceReason.Deployment).ReadAll("SELECT clock_timestamp()", row => row.Time(0), cancellation);
        sharedTime.Take(now[0], askedAt);
    }

    private async Task KeepTrying()
    {
        try
        {
            do
                await Task.Delay(Pause, time, _stopping.Token);
            while (await Try(_stopping.Token) is not null);
        }
        catch (OperationCanceledException)
        {
            // Stopping before the database came back.
        }
        catch (GrantkeeperStartException exception)
        {
            // The server listens already: it goes on saying why it cannot serve.
            StartUpLog.Refused(logger, exception.Message);
            readiness.Wait(new Failure(ErrorCatalogue.Configuration.Invalid with { Status = 503 }, exception.Faults[0]));
        }
    }

    private static string Migration(string url) => DatabaseUrl.ForMigration(DatabaseUrl.Parse(url).Value).ConnectionString;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _retrying;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stopping.Dispose();
}
