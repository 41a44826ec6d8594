using System.Diagnostics;
using System.Net;
using System.Net.NetworkInformation;
using Grantkeeper.Launcher;
using Grantkeeper.Launcher.Postgres;
using Npgsql;

namespace Grantkeeper.IntegrationTests.Launcher;

[Trait("category", "launcher")]
public sealed class PrivateClusterTests : IAsyncDisposable
{
    private readonly LauncherFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task A_cluster_starts_and_serves_a_database_to_its_login_role()
    {
        await using var cluster = await Start();
        await cluster.CreateDatabase("first", Cancellation);
        await cluster.CreateDatabase("first", Cancellation);

        (await Ask(cluster.ConnectionString("first"), "SELECT current_user || '/' || current_database()")).ShouldBe("grantkeeper/first");
        (await Ask(cluster.ConnectionString("first"), "SHOW gk.private_cluster")).ShouldBe("on");
        (await Ask(cluster.ConnectionString("first"), "SHOW max_connections")).ShouldBe("300");
        (await Ask(cluster.ConnectionString("first"), "SHOW server_encoding")).ShouldBe("UTF8");
        (await Ask(cluster.ConnectionString("first"), "SHOW fsync")).ShouldBe("off");
        cluster.UrlOf("first").ShouldMatch($"^postgresql://grantkeeper:[A-Za-z0-9_-]{{43}}@127\\.0\\.0\\.1:{cluster.Port}/first$");
        cluster.SuperuserUrl("first").ShouldStartWith("postgresql://postgres:");
        cluster.Port.ShouldBeInRange(20000, 29999);
        File.Exists(cluster.LogFile).ShouldBeTrue();
        Should.Throw<ArgumentException>(() => cluster.CreateDatabase("no; DROP", Cancellation).GetAwaiter().GetResult());

        await cluster.DropDatabase("first", Cancellation);
        await Should.ThrowAsync<PostgresException>(() => Ask(cluster.ConnectionString("first"), "SELECT 1"));
    }

    [Fact]
    public async Task Nobody_gets_in_without_the_right_password()
    {
        await using var cluster = await Start();
        string[] roles = ["postgres", "grantkeeper"];
        foreach (var role in roles)
        {
            var wrong = new NpgsqlConnectionStringBuilder(cluster.SuperuserConnectionString("postgres")) { Username = role, Password = "wrong" };
            (await Should.ThrowAsync<PostgresException>(() => Ask(wrong.ConnectionString, "SELECT 1"))).SqlState.ShouldBe("28P01");
        }

        var methods = await Ask(cluster.SuperuserConnectionString("postgres"), "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules");
        methods.ShouldBe("scram-sha-256");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(_folder.In("postgres.key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task A_cluster_listens_on_loopback_only()
    {
        await using var cluster = await Start();
        var listeners = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(listener => listener.Port == cluster.Port).ToList();
        listeners.ShouldHaveSingleItem().Address.ShouldBe(IPAddress.Loopback);
        (await Ask(cluster.SuperuserConnectionString("postgres"), "SHOW unix_socket_directories")).ShouldBe("");
    }

    [Fact]
    public async Task The_roles_are_those_of_production()
    {
        await using var cluster = await Start();
        await cluster.CreateDatabase("roles", Cancellation);
        var superuser = cluster.SuperuserConnectionString("roles");

        (await Ask(superuser, "SELECT string_agg(rolname || CASE WHEN rolcanlogin THEN '+login' ELSE '' END, ' ' ORDER BY rolname) FROM pg_roles WHERE rolname LIKE 'grantkeeper%'"))
            .ShouldBe("grantkeeper+login grantkeeper_app grantkeeper_owner");
        (await Ask(superuser, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'grantkeeper%' AND (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication)"))
            .ShouldBe("0");
        (await Ask(superuser, "SELECT pg_has_role('grantkeeper', 'grantkeeper_owner', 'MEMBER') AND pg_has_role('grantkeeper', 'grantkeeper_app', 'MEMBER')"))
            .ShouldBe("True");
        (await Ask(superuser, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'roles'")).ShouldBe("grantkeeper");
        (await Ask(cluster.ConnectionString("roles") + ";Options=-c role=grantkeeper_app", "SELECT current_user")).ShouldBe("grantkeeper_app");
    }

    [Fact]
    public async Task A_clean_stop_and_a_new_start_keep_data_port_and_passwords()
    {
        string url;
        await using (var first = await Start())
        {
            url = first.UrlOf("kept");
            await Keep(first, "before");
            await first.Restart(Cancellation);
            (await Ask(first.ConnectionString("kept"), "SELECT string_agg(word, ',') FROM words")).ShouldBe("before");
            await first.Stop(Cancellation);
            await first.Stop(Cancellation);
            await first.Kill(Cancellation);
            first.ProcessId.ShouldBeNull();
        }

        await using var second = await Start();
        second.UrlOf("kept").ShouldBe(url);
        (await Ask(second.ConnectionString("kept"), "SELECT string_agg(word, ',') FROM words")).ShouldBe("before");
        File.ReadAllText(second.LogFile).ShouldContain("database system was shut down");
    }

    [Fact]
    public async Task A_killed_server_starts_again_with_what_was_committed()
    {
        await using var cluster = await PrivateCluster.Start(_folder.Options() with { Fast = false }, Cancellation);
        await Keep(cluster, "committed");
        var killed = cluster.ProcessId.ShouldNotBeNull();

        await cluster.Kill(Cancellation);
        cluster.ProcessId.ShouldBeNull();
        File.Exists(Path.Combine(cluster.DataDirectory, "postmaster.pid")).ShouldBeTrue();
        await Should.ThrowAsync<NpgsqlException>(() => Ask(cluster.ConnectionString("kept"), "SELECT 1"));

        await cluster.Restart(Cancellation);
        cluster.ProcessId.ShouldNotBeNull().ShouldNotBe(killed);
        (await Ask(cluster.ConnectionString("kept"), "SELECT string_agg(word, ',') FROM words")).ShouldBe("committed");
        File.ReadAllText(cluster.LogFile).ShouldContain("not properly shut down");
    }

    [Fact]
    public async Task A_process_file_whose_number_belongs_to_another_process_does_not_hinder_a_start()
    {
        await using (var first = await Start())
            await Keep(first, "there");
        var data = Path.Combine(Home(), "data");
        await File.WriteAllTextAsync(Path.Combine(data, "postmaster.pid"), $"{Environment.ProcessId}\n{data}\n1700000000\n20001\n\n127.0.0.1\n", Cancellation);

        await using var second = await Start();
        (await Ask(second.ConnectionString("kept"), "SELECT string_agg(word, ',') FROM words")).ShouldBe("there");
    }

    [Fact]
    public async Task The_server_of_a_killed_owner_is_adopted()
    {
        using var owner = StartOwner();
        var output = await ReadUntil(owner, "USER_DATA_DATABASE_URL=");
        owner.Kill();
        await owner.WaitForExitAsync(Cancellation);

        await using var heir = await Start();
        heir.IsOwner.ShouldBeTrue();
        output.ShouldEndWith(heir.UrlOf("grantkeeper"));
        (await Ask(heir.ConnectionString("grantkeeper"), "SELECT 1")).ShouldBe("1");
        File.ReadAllText(heir.LogFile).Split("starting PostgreSQL").Length.ShouldBe(2, "the server was adopted, not started again");
        (await Ask(heir.ConnectionString("grantkeeper"), "SHOW fsync")).ShouldBe("off", "an heir's settings apply");
    }

    [Fact]
    public async Task A_second_start_attaches_and_leaves_the_server_running()
    {
        await using var owner = await Start();
        await owner.CreateDatabase("shared", Cancellation);
        await using (var second = await Start())
        {
            second.IsOwner.ShouldBeFalse();
            second.UrlOf("shared").ShouldBe(owner.UrlOf("shared"));
            (await Ask(second.ConnectionString("shared"), "SELECT 1")).ShouldBe("1");
            (await Should.ThrowAsync<LaunchException>(() => second.Stop(Cancellation))).Message.ShouldContain("Another process owns");
        }

        (await Ask(owner.ConnectionString("shared"), "SELECT 1")).ShouldBe("1");
        (await Should.ThrowAsync<LaunchException>(() => PrivateCluster.Remove(_folder.Options(), Cancellation))).Message.ShouldContain("in use");
    }

    [Fact]
    public async Task Starts_at_the_same_moment_make_one_server()
    {
        var clusters = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(Start)));
        try
        {
            clusters.Count(cluster => cluster.IsOwner).ShouldBe(1);
            clusters.Select(cluster => cluster.Port).Distinct().ShouldHaveSingleItem();
        }
        finally
        {
            foreach (var cluster in clusters)
                await cluster.DisposeAsync();
        }
    }

    [Fact]
    public async Task Production_is_refused_before_anything_is_made()
    {
        _folder.Variables["DEPLOY_ENV"] = "Production";
        var refusal = await Should.ThrowAsync<LaunchException>(Start);
        refusal.Message.ShouldContain("DEPLOY_ENV is production");
        refusal.Message.ShouldContain("USER_DATA_DATABASE_URL");
        Directory.EnumerateFileSystemEntries(_folder.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_port_of_last_time_is_kept_unless_it_is_taken()
    {
        int port;
        await using (var first = await Start())
            port = first.Port;
        using (Listener.On(port))
        {
            await using var second = await Start();
            second.Port.ShouldNotBe(port);
            File.ReadAllText(_folder.In("postgres.port")).Trim().ShouldBe($"{second.Port}");
        }
    }

    [Fact]
    public async Task A_server_that_cannot_start_says_why_with_the_words_of_its_log()
    {
        var broken = _folder.Options() with { Settings = new Dictionary<string, string> { ["shared_buffers"] = "nonsense" } };
        var failure = await Should.ThrowAsync<LaunchException>(() => PrivateCluster.Start(broken, Cancellation));
        failure.Message.ShouldContain("did not start");
        failure.Message.ShouldContain("invalid value for parameter \"shared_buffers\"");
        failure.Message.ShouldContain("--reset");

        await using var mended = await Start();
        (await Ask(mended.ConnectionString("postgres"), "SELECT 1")).ShouldBe("1");
    }

    [Fact]
    public async Task A_lost_or_foreign_key_file_is_named()
    {
        await using (await Start())
        {
        }

        var key = _folder.In("postgres.key");
        var kept = await File.ReadAllTextAsync(key, Cancellation);
        File.Delete(key);
        (await Should.ThrowAsync<LaunchException>(Start)).Message.ShouldContain($"{key} is missing");

        await File.WriteAllTextAsync(key, "nothing of use\n", Cancellation);
        (await Should.ThrowAsync<LaunchException>(Start)).Message.ShouldContain($"{key} is damaged");

        await File.WriteAllTextAsync(key, "postgres=wrong\ngrantkeeper=wrong\n", Cancellation);
        (await Should.ThrowAsync<LaunchException>(Start)).Message.ShouldContain("does not accept the password");

        await File.WriteAllTextAsync(key, kept, Cancellation);
        await using var again = await Start();
        again.IsOwner.ShouldBeTrue();
    }

    [Fact]
    public async Task A_cluster_of_another_major_version_is_not_opened()
    {
        await using (await Start())
        {
        }

        await File.WriteAllTextAsync(Path.Combine(Home(), "data", "PG_VERSION"), "14\n", Cancellation);
        (await Should.ThrowAsync<LaunchException>(Start)).Message.ShouldContain("made by PostgreSQL 14");
    }

    private Task<PrivateCluster> Start() => PrivateCluster.Start(_folder.Options(), Cancellation);

    private string Home() => File.Exists(_folder.In("postgres")) ? File.ReadAllText(_folder.In("postgres")).Trim() : _folder.In("postgres");

    private Process StartOwner()
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardInput = true };
        start.ArgumentList.Add(LauncherFolder.Built);
        start.ArgumentList.Add("--database-only");
        start.Environment["GRANTKEEPER_DATA_PATH"] = _folder.Path;
        string[] foreign = ["USER_DATA_DATABASE_URL", "PLATFORM_DATABASE_URL", "ConnectionStrings__grantkeeper", "DEPLOY_ENV"];
        foreach (var name in foreign)
            start.Environment.Remove(name);
        return Process.Start(start)!;
    }

    private static async Task<string> ReadUntil(Process process, string start)
    {
        while (await process.StandardOutput.ReadLineAsync(Cancellation) is { } line)
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
                return line;
        }

        throw new InvalidOperationException($"The process ended without saying {start}");
    }

    private static async Task Keep(PrivateCluster cluster, string word)
    {
        await cluster.CreateDatabase("kept", Cancellation);
        await Ask(cluster.ConnectionString("kept"), $"CREATE TABLE words AS SELECT '{word}' AS word");
    }

    private static async Task<string?> Ask(string connectionString, string query)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(query, connection);
        return (await command.ExecuteScalarAsync(Cancellation))?.ToString();
    }
}
