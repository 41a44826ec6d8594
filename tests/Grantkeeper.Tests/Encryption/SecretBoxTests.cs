using System.Buffers.Binary;
using System.Buffers.Text;
using Grantkeeper.Encryption;

namespace Grantkeeper.Tests.Encryption;

[Trait("category", "security")]
public sealed class SecretBoxTests
{
    private static readonly byte[] Salt = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly byte[] FirstKey = [.. Enumerable.Repeat((byte)7, 32)];
    private static readonly SealContext Place = new("oauth_tokens.refresh_token", "user-1", new Guid("01980000-0000-7000-8000-000000000001"), 3, 41);

    private readonly KeyRing _ring = new();
    private readonly SecretBox _box;

    public SecretBoxTests()
    {
        _box = new SecretBox(_ring);
        _ring.Use(new Dictionary<int, byte[]> { [1] = FirstKey });
    }

    private string Sealed(string text = "rt-canary") => _box.Seal(new Secret(text), Place, Salt);

    private bool Opens(string text, SealContext place, byte[]? salt = null) => _box.Open(text, place, salt ?? Salt) is not null;

    [Theory]
    [InlineData("rt"), InlineData(""), InlineData("ünï \0 🔑"), InlineData("1//0gabc-_~+/=")]
    public void What_was_sealed_opens_in_its_place(string text) => _box.Open(Sealed(text), Place, Salt)!.Value.Reveal().ShouldBe(text);

    [Fact]
    public void The_text_form_is_a_prefix_and_base64url_of_version_nonce_ciphertext_and_tag()
    {
        var text = Sealed();
        text.ShouldStartWith("gk1.");
        text.ShouldNotContain("canary");
        var bytes = Base64Url.DecodeFromChars(text.AsSpan(4));
        bytes.Length.ShouldBe(4 + 12 + "rt-canary".Length + 16);
        BinaryPrimitives.ReadInt32BigEndian(bytes).ShouldBe(1);
    }

    [Fact]
    public void A_megabyte_survives() => _box.Open(Sealed(new string('x', 1 << 20)), Place, Salt)!.Value.Reveal().Length.ShouldBe(1 << 20);

    [Fact]
    public void No_two_seals_are_alike() => Enumerable.Range(0, 1000).Select(_ => Sealed()).Distinct().Count().ShouldBe(1000);

    [Fact]
    public void Every_flipped_bit_fails()
    {
        var bytes = Base64Url.DecodeFromChars(Sealed().AsSpan(4));
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var changed = (byte[])bytes.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Opens("gk1." + Base64Url.EncodeToString(changed), Place).ShouldBeFalse($"bit {bit}");
        }
    }

    [Theory]
    [InlineData("r"), InlineData("rt"), InlineData("rt-")]
    public void Every_changed_character_fails(string secret)
    {
        var text = Sealed(secret);
        for (var at = 0; at < text.Length; at++)
        {
            foreach (var other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\u00e9")
            {
                if (other != text[at])
                    Opens(text[..at] + other + text[(at + 1)..], Place).ShouldBeFalse($"{other} at {at}");
            }
        }
    }

    [Fact]
    public void Nothing_can_be_added_or_cut()
    {
        var text = Sealed();
        for (var length = 0; length < text.Length; length++)
            Opens(text[..length], Place).ShouldBeFalse();
        foreach (var added in new[] { "A", "=", "==", " ", "\n", "AAAA", ".", text })
        {
            Opens(text + added, Place).ShouldBeFalse(added);
            Opens(added + text, Place).ShouldBeFalse(added);
            Opens(text[..10] + added + text[10..], Place).ShouldBeFalse(added);
        }
    }

    [Fact]
    public void A_ciphertext_opens_in_its_own_place_only()
    {
        var text = Sealed();
        Opens(text, Place).ShouldBeTrue();
        Opens(text, Place with { Purpose = "oauth_tokens.access_token" }).ShouldBeFalse();
        Opens(text, Place with { Owner = "user-2" }).ShouldBeFalse();
        Opens(text, Place with { Owner = "User-1" }).ShouldBeFalse();
        Opens(text, Place with { Row = new Guid("01980000-0000-7000-8000-000000000002") }).ShouldBeFalse();
        Opens(text, Place with { Epoch = 4 }).ShouldBeFalse();
        Opens(text, Place with { Generation = 40 }).ShouldBeFalse();
        Opens(text, Place with { Epoch = 41, Generation = 3 }).ShouldBeFalse();
        Opens(text, Place, [.. Enumerable.Repeat((byte)1, 32)]).ShouldBeFalse();
        Opens(text, Place, []).ShouldBeFalse();
    }

    [Fact]
    public void The_parts_of_a_place_cannot_run_into_each_other()
    {
        var text = _box.Seal(new Secret("x"), Place with { Purpose = "ab", Owner = "c" }, Salt);
        Opens(text, Place with { Purpose = "a", Owner = "bc" }).ShouldBeFalse();
        Opens(text, Place with { Purpose = "abc", Owner = "" }).ShouldBeFalse();
        Opens(text, Place with { Purpose = "ab", Owner = "c" }).ShouldBeTrue();
    }

    [Theory]
    [InlineData(""), InlineData("gk1."), InlineData("gk1.AAAA"), InlineData("gk2.AAAA"), InlineData("GK1.AAAA"), InlineData("plain"), InlineData("gk1.!!!"), InlineData("gk1"), InlineData("1//0g-plain-google-token")]
    public void What_was_never_sealed_does_not_open(string text) => Opens(text, Place).ShouldBeFalse();

    [Fact]
    public void Another_data_key_does_not_open()
    {
        var text = Sealed();
        _ring.Use(new Dictionary<int, byte[]> { [1] = [.. Enumerable.Repeat((byte)8, 32)] });
        Opens(text, Place).ShouldBeFalse();
    }

    [Fact]
    public void An_older_version_opens_and_the_newest_seals()
    {
        var text = Sealed();
        _ring.Use(new Dictionary<int, byte[]> { [1] = FirstKey, [2] = [.. Enumerable.Repeat((byte)9, 32)] });
        Opens(text, Place).ShouldBeTrue();
        BinaryPrimitives.ReadInt32BigEndian(Base64Url.DecodeFromChars(Sealed().AsSpan(4))).ShouldBe(2);
        _ring.Use(new Dictionary<int, byte[]> { [2] = [.. Enumerable.Repeat((byte)9, 32)] });
        Opens(text, Place).ShouldBeFalse();
    }

    [Fact]
    public void An_owner_without_a_salt_is_refused()
    {
        Should.Throw<InvalidOperationException>(() => _box.Seal(new Secret("canary"), Place, [])).Message.ShouldNotContain("canary");
        Should.Throw<InvalidOperationException>(() => new SecretBox(new KeyRing()).Seal(new Secret("canary"), Place, Salt)).Message.ShouldNotContain("canary");
    }

    [Fact]
    public void Only_the_systems_own_secrets_need_no_salt()
    {
        var own = Place with { Owner = SecretBox.SystemOwner };
        var text = _box.Seal(new Secret("x"), own, []);
        Opens(text, own, []).ShouldBeTrue();
        Opens(text, Place, Salt).ShouldBeFalse();
    }

    [Fact]
    public void Salts_are_long_and_new()
    {
        SecretBox.NewSalt().Length.ShouldBe(32);
        SecretBox.NewSalt().ShouldNotBe(SecretBox.NewSalt());
    }
}
