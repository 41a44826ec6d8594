using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Grantkeeper.Encryption;
using Grantkeeper.Providers;

namespace Grantkeeper.Tests.Providers;

[Trait("category", "providers")]
public sealed class AppInstanceTests
{
    private static readonly Secret AppSecret = new("the app's secret");
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private static Secret Signed(string json, string secret = "the app's secret")
    {
        var payload = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
        return new Secret($"{Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(payload)))}.{payload}");
    }

    [Theory]
    [InlineData("2026-11-26T12:00:00.000Z"), InlineData("2026-11-26T11:50:00Z"), InlineData("2026-11-26T11:49:00Z"), InlineData("2026-11-26T12:01:00Z")]
    [InlineData("2026-11-26T14:00:00+02:00"), InlineData("2026-11-26T12:00:00")]
    public void An_instance_that_was_signed_just_now_names_its_id(string date)
    {
        var opened = AppInstance.Open(Signed($$"""{"instanceId":"i-1","signDate":"{{date}}"}"""), AppSecret, Lifetime, Now);
        (opened.Id?.Reveal(), opened.Fault).ShouldBe(("i-1", null));
    }

    [Theory]
    [InlineData("\"2026-11-26T11:48:59Z\""), InlineData("\"2025-11-26T12:00:00Z\""), InlineData("\"2026-11-26T12:01:01Z\""), InlineData("\"2026-11-26T12:00:00-01:00\"")]
    [InlineData("\"soon\""), InlineData("\"\""), InlineData("null"), InlineData("1764158400000"), InlineData("{}")]
    public void An_instance_of_another_time_or_of_none_is_stale(string date)
    {
        var signed = Signed($$"""{"instanceId":"i-1","signDate":{{date}}}""");
        AppInstance.Open(signed, AppSecret, Lifetime, Now).ShouldBe(new OpenedInstance(null, InstanceFault.Stale));
        AppInstance.Open(signed, AppSecret, null, Now).Id?.Reveal().ShouldBe("i-1", "without a limit the date does not matter");
    }

    [Fact]
    public void An_instance_without_a_date_is_stale() =>
        AppInstance.Open(Signed("""{"instanceId":"i-1"}"""), AppSecret, Lifetime, Now).Fault.ShouldBe(InstanceFault.Stale);

    [Theory]
    [InlineData("""{"signDate":"2026-11-26T12:00:00Z"}"""), InlineData("""{"instanceId":"","signDate":"2026-11-26T12:00:00Z"}"""), InlineData("""{"instanceId":7}"""), InlineData("[]"), InlineData("nothing")]
    public void A_text_without_an_id_is_no_instance(string json) => AppInstance.Open(Signed(json), AppSecret, Lifetime, Now).Fault.ShouldBe(InstanceFault.Invalid);

    [Fact]
    public void Somebody_elses_signature_is_none_whatever_the_date()
    {
        AppInstance.Open(Signed("""{"instanceId":"i-1","signDate":"2026-11-26T12:00:00Z"}""", "another secret"), AppSecret, Lifetime, Now).Fault.ShouldBe(InstanceFault.Invalid);
        AppInstance.Open(new Secret("a.b.c"), AppSecret, Lifetime, Now).Fault.ShouldBe(InstanceFault.Invalid);
        AppInstance.Open(Signed("""{"instanceId":"i-1"}""", ""), default, null, Now).Fault.ShouldBe(InstanceFault.Invalid, "an empty secret signs nothing");
    }
}
