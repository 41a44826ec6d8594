using Grantkeeper.Storage;
using Npgsql;

namespace Grantkeeper.Tests.Storage;

[Trait("category", "models")]
public sealed class DatabaseUrlTests
{
    private static NpgsqlConnectionStringBuilder Parse(string text) => DatabaseUrl.Parse(text).Value;

    [Fact]
    public void A_url_with_everything()
    {
        var read = Parse("postgresql://gk%40team:p%40ss%3Aw%2Frd%25%23@db.internal:6432/grant%2Dkeeper?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem&connect_timeout=7&application_name=x");
        (read.Username, read.Password, read.Host, read.Port, read.Database).ShouldBe(("gk@team", "p@ss:w/rd%#", "db.internal", 6432, "grant-keeper"));
        (read.SslMode, read.RootCertificate, read.Timeout, read.ApplicationName).ShouldBe((SslMode.VerifyFull, "/etc/ca.pem", 7, "x"));
    }

    [Theory]
    [InlineData("postgres://h/d", "h", 5432, "d", null), InlineData("postgresql://u@h/d", "h", 5432, "d", "u"), InlineData("postgresql://u:@h:5433/d", "h", 5433, "d", "u")]
    [InlineData("postgresql://u@[::1]:5433/d", "::1", 5433, "d", "u"), InlineData("postgresql://u@[2001:db8::7]/d", "2001:db8::7", 5432, "d", "u"), InlineData("postgresql://u@10.0.0.1/d?", "10.0.0.1", 5432, "d", "u")]
    [InlineData("Host=h;Database=d;Username=u;Port=5433", "h", 5433, "d", "u")]
    public void Smaller_forms(string text, string host, int port, string database, string? user)
    {
        var read = Parse(text);
        (read.Host, read.Port, read.Database, read.Username).ShouldBe((host, port, database, user));
    }

    [Theory]
    [InlineData("disable", SslMode.Disable), InlineData("allow", SslMode.Allow), InlineData("prefer", SslMode.Prefer), InlineData("require", SslMode.Require), InlineData("verify-ca", SslMode.VerifyCA), InlineData("verify-full", SslMode.VerifyFull)]
    public void Every_sslmode_of_libpq(string word, SslMode mode) => Parse($"postgresql://u@h/d?sslmode={word}").SslMode.ShouldBe(mode);

    [Theory]
    [InlineData("canary"), InlineData("postgresql://"), InlineData("postgresql://u:canary@h"), InlineData("postgresql://u:canary@h/"), InlineData("postgresql:///canary"), InlineData("postgresql://u:canary@:5432/d")]
    [InlineData("postgresql://u:canary@h:notaport/d"), InlineData("postgresql://u:canary@h:99999/d"), InlineData("postgresql://u:canary@h/d?sslmode=perhaps"), InlineData("postgresql://u:canary@h/d?no_such_setting=1")]
    [InlineData("postgresql://u:canary@h/d?connect_timeout=soon"), InlineData("Host=h;Database=d;Password=canary;Nonsense=1"), InlineData("Host=h;Password=canary"), InlineData("mysql://u:canary@h/d")]
    [InlineData("postgresql://u:canary#1@h/d"), InlineData("postgresql://u:canary@h,h2/d"), InlineData("postgresql://u:canary@[::1/d")]
    [InlineData("postgresql://u:5432/canary#w@h/d"), InlineData("postgresql://u:5432/canary@h/d"), InlineData("postgresql://u:canary@h/d?connect_timeout=99999999999"), InlineData("postgresql://u:canary@h/d?sslmode=99")]
    public void A_wrong_form_is_refused_and_its_password_never_repeated(string text)
    {
        var failure = DatabaseUrl.Parse(text).Failure.ShouldNotBeNull();
        failure.Code.Code.ShouldBe("storage.url_invalid");
        $"{failure} {failure.Message}".ShouldNotContain("canary");
    }

    [Fact]
    public void The_application_runs_as_its_own_role_and_keeps_what_the_operator_wrote()
    {
        var read = DatabaseUrl.ForApplication(Parse("postgresql://u:p@h/d?sslmode=require&options=-c%20statement_timeout%3D5000"));
        read.Options.ShouldBe("-c role=grantkeeper_app -c statement_timeout=5000");
        (read.Password, read.SslMode, read.MinPoolSize, read.MaxPoolSize).ShouldBe(("p", SslMode.Require, 20, 50));
        DatabaseUrl.ForMigration(Parse("postgresql://u:p@h/d")).Pooling.ShouldBeFalse();
    }
}
