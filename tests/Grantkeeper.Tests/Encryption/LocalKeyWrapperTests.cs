using System.Buffers.Text;
using Grantkeeper.Encryption;

namespace Grantkeeper.Tests.Encryption;

[Trait("category", "security")]
public sealed class LocalKeyWrapperTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)(i * 7 + 251))];
    private static readonly byte[] DataKey = [.. Enumerable.Repeat((byte)5, 32)];

    private static IKeyWrapper Wrapper(string text) => LocalKeyWrapper.Read(new Secret(text), null).Value;

    [Fact]
    public void One_key_has_five_spellings_and_one_name()
    {
        var base64 = Convert.ToBase64String(Key);
        var names = new[] { base64, base64.TrimEnd('='), Base64Url.EncodeToString(Key), Convert.ToHexString(Key), Convert.ToHexStringLower(Key), $"  {base64}\n" }
            .Select(text => Wrapper(text).KeyId).ToList();
        names.Distinct().Count().ShouldBe(1);
        names[0].Length.ShouldBe(16);
    }

    [Theory]
    [InlineData("short"), InlineData("bm90IDMyIGJ5dGVz"), InlineData("!!!not base64!!!"), InlineData("zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899aabbccddee"), InlineData("====")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void A_key_of_another_length_or_form_is_refused_and_not_repeated(string text)
    {
        var failure = LocalKeyWrapper.Read(new Secret(text), null).Failure.ShouldNotBeNull();
        failure.Code.Code.ShouldBe("encryption.key_invalid");
        $"{failure} {failure.Message}".ShouldNotContain(text);
    }

    [Theory]
    [InlineData(null), InlineData("")]
    public void No_key_at_all_has_its_own_code(string? file) =>
        LocalKeyWrapper.Read(default, file).Failure!.Code.Code.ShouldBe("encryption.key_missing");

    [Fact]
    public void A_file_holds_the_key_with_or_without_a_line_end()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, Convert.ToBase64String(Key) + "\r\n");
            LocalKeyWrapper.Read(default, file).Value.KeyId.ShouldBe(Wrapper(Convert.ToHexString(Key)).KeyId);
            File.WriteAllText(file, "");
            LocalKeyWrapper.Read(default, file).Failure!.Code.Code.ShouldBe("encryption.key_invalid");
            // The variable wins over the file.
            LocalKeyWrapper.Read(new Secret(Convert.ToHexString(DataKey)), file).IsSuccess.ShouldBeTrue();
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("/no/such/file"), InlineData("/"), InlineData("\0")]
    public void A_file_that_cannot_be_read_is_named(string file)
    {
        var failure = LocalKeyWrapper.Read(default, file).Failure.ShouldNotBeNull();
        failure.Code.Code.ShouldBe("encryption.key_invalid");
        failure.Message.ShouldContain("OAUTH_ENCRYPTION_KEY_FILE");
    }

    [Fact]
    public async Task A_wrapped_key_opens_with_its_key_and_version_only()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var wrapper = Wrapper(Convert.ToHexString(Key));
        var wrapped = await wrapper.Wrap(DataKey, 1, cancellation);
        (await wrapper.Unwrap(wrapped, 1, cancellation)).ShouldBe(DataKey);
        (await wrapper.Unwrap(wrapped, 2, cancellation)).ShouldBeNull();
        (await Wrapper(Convert.ToHexString(DataKey)).Unwrap(wrapped, 1, cancellation)).ShouldBeNull();
        var bytes = Convert.FromBase64String(wrapped);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var changed = (byte[])bytes.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            (await wrapper.Unwrap(Convert.ToBase64String(changed), 1, cancellation)).ShouldBeNull();
        }

        foreach (var junk in new[] { "", "AAAA", "not base64", Convert.ToBase64String(new byte[28]) })
            (await wrapper.Unwrap(junk, 1, cancellation)).ShouldBeNull();
    }

    [Fact]
    public void A_wrapper_shows_its_key_to_nobody()
    {
        var wrapper = Wrapper(Convert.ToHexString(Key));
        foreach (var form in new[] { Convert.ToHexString(Key)[..12], Convert.ToHexStringLower(Key)[..12], Convert.ToBase64String(Key)[..12] })
            $"{wrapper} {System.Text.Json.JsonSerializer.Serialize(wrapper, wrapper.GetType())}".ShouldNotContain(form);
    }
}
