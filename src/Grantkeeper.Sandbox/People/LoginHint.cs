namespace Grantkeeper.Sandbox.People;

/// <summary>
/// What a <c>login_hint</c> asks for: a person (<c>alice</c> or <c>alice@example.com</c>) and, for automated tests,
/// a word after a plus sign that answers the pages: <c>alice+auto</c>, <c>alice+partial</c>, <c>deny+auto</c>.
/// </summary>
internal sealed record LoginHint(Person? Person, bool Auto, bool Partial, bool Deny)
{
    /// <summary>Reads a hint; what it does not know it ignores, as a hint is only a hint.</summary>
    public static LoginHint Read(string? hint)
    {
        var words = (hint ?? "").Split('@')[0].Split('+');
        var word = words.Length == 2 ? words[1] : "";
        return new LoginHint(Everybody.Find(words[0]), word is "auto" or "partial", word == "partial", words[0] == "deny");
    }
}
