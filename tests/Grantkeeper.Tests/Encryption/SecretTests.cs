using System.Text.Json;
using Grantkeeper.Encryption;

namespace Grantkeeper.Tests.Encryption;

[Trait("category", "security")]
public sealed class SecretTests
{
    private const string Canary = "canary-4711";
    private static readonly Secret Value = new(Canary);

    private sealed record Holder(string Name, Secret Token, Secret? Maybe, IReadOnlyList<Secret> Many);

    private static readonly JsonSerializerOptions WithFields = new() { IncludeFields = true };
    private static readonly Holder Held = new("ann", Value, Value, [Value]);

    [Fact]
    public void No_text_form_shows_the_value()
    {
        string.Create(null, $"{Value} {Value,40} {(Secret?)Value} {(object)Value}").ShouldNotContain(Canary);
        string.Format("{0} {1:G}", Value, Value).ShouldNotContain(Canary);
        string.Join(',', Value, Value).ShouldNotContain(Canary);
        string.Concat("x", Value).ShouldNotContain(Canary);
        Held.ToString().ShouldNotContain(Canary);
        (Value, 1).ToString().ShouldNotContain(Canary);
        new { Value }.ToString()!.ShouldNotContain(Canary);
        KeyValuePair.Create("k", Value).ToString().ShouldNotContain(Canary);
        Value.ToString().ShouldBe("***");
        default(Secret).ToString().ShouldBe("***");
    }

    [Fact]
    public void No_json_form_shows_the_value()
    {
        JsonSerializer.Serialize(Value).ShouldBe("\"***\"");
        JsonSerializer.Serialize(Held).ShouldNotContain(Canary);
        JsonSerializer.Serialize<object>(Held, JsonSerializerOptions.Web).ShouldNotContain(Canary);
        JsonSerializer.Serialize(new Dictionary<string, object?> { ["a"] = Value, ["b"] = new[] { Value } }).ShouldNotContain(Canary);
        JsonSerializer.Serialize(Held, WithFields).ShouldNotContain(Canary);
    }

    [Fact]
    public void No_exception_shows_the_value()
    {
        new InvalidOperationException($"failed with {Value}").ToString().ShouldNotContain(Canary);
        Should.Throw<InvalidCastException>(() => (string)(object)Value).ToString().ShouldNotContain(Canary);
        Should.Throw<Exception>(() => JsonSerializer.Deserialize<Secret>($"\"{Canary}\"")).ToString().ShouldNotContain(Canary);
        new ArgumentOutOfRangeException("token", Value, "no").ToString().ShouldNotContain(Canary);
    }

    [Fact]
    public void No_member_but_reveal_gives_the_value()
    {
        typeof(Secret).GetProperties().Select(property => property.Name).ShouldBe(["IsEmpty"]);
        typeof(Secret).GetFields().ShouldBeEmpty();
        typeof(Secret).GetMethods().Where(method => method.ReturnType == typeof(string)).Select(method => method.Name).ShouldBe(["Reveal", "ToString"], ignoreOrder: true);
        typeof(Secret).GetMethods().ShouldNotContain(method => method.Name == "op_Implicit" || method.Name == "op_Explicit");
        Value.GetHashCode().ShouldBe(new Secret("other").GetHashCode());
    }

    [Fact]
    public void Secrets_are_equal_by_value()
    {
        (Value == new Secret(Canary)).ShouldBeTrue();
        (Value != new Secret("canary-4712")).ShouldBeTrue();
        Value.Equals(new Secret("canary")).ShouldBeFalse();
        Value.Equals((object)Canary).ShouldBeFalse();
        default(Secret).ShouldBe(new Secret(""));
        (default(Secret).IsEmpty, default(Secret).Reveal()).ShouldBe((true, ""));
    }

    [Fact]
    public void A_thousand_handles_are_different_and_say_nothing()
    {
        var handles = Enumerable.Range(0, 1000).Select(_ => RandomHandle.New().Reveal()).ToList();
        handles.Distinct().Count().ShouldBe(1000);
        handles.ShouldAllBe(handle => handle.Length == 43);
        RandomHandle.HashOf("abc").ShouldBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        RandomHandle.HashOf(new Secret("abc")).ShouldBe(RandomHandle.HashOf("abc"));
    }
}
