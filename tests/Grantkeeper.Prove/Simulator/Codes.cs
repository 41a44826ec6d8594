using Grantkeeper.OAuth;

namespace Grantkeeper.Prove.Simulator;

/// <summary>A code that the authorization endpoint gave to a browser, and what became of it.</summary>
internal sealed class IssuedCode
{
    public required string Text { get; init; }

    /// <summary>Whose account it opens: the person who sat in front of the provider's page.</summary>
    public required string Person { get; init; }

    public required string Account { get; init; }

    public required string Challenge { get; init; }

    public required string RedirectUri { get; init; }

    /// <summary>How often it was sent to the token endpoint.</summary>
    public int Sendings { get; set; }

    /// <summary>Why it may not be sent any more; null while it may.</summary>
    public string? Forbidden { get; set; }

    /// <summary>The life that sent it last.</summary>
    public Life? Sender { get; set; }

    /// <summary>The sender's process has had the tokens in its memory.</summary>
    public bool IsDelivered { get; set; }

    /// <summary>What it was exchanged for; null while it was not.</summary>
    public Family? Family { get; set; }

    /// <summary>How often that was stored as a consent.</summary>
    public int Stores { get; set; }
}

/// <summary>The authorization endpoint's side of the oracle: it gives codes, and counts how often each comes back (I4).</summary>
internal sealed class Codes(Journal journal)
{
    private readonly Dictionary<string, IssuedCode> _codes = [];

    /// <summary>A person grants access on the page of this address.</summary>
    public IssuedCode Authorize(string person, string account, Uri page)
    {
        var asked = page.Query.TrimStart('?').Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
        var code = new IssuedCode { Text = $"code-{_codes.Count + 1}", Person = person, Account = account, Challenge = asked["code_challenge"], RedirectUri = asked["redirect_uri"] };
        _codes.Add(code.Text, code);
        return code;
    }

    /// <summary>A request with a code begins.</summary>
    public IssuedCode Sent(IReadOnlyDictionary<string, string> form, Life sender)
    {
        var code = _codes[form["code"]];
        code.Sendings++;
        code.Sender = sender;
        journal.Note($"{sender.Name} sends {code.Text}");
        journal.Check("I4", code.Sendings == 1, () => $"{sender.Name} sends {code.Text} although it was sent before");
        journal.Check("I4", code.Forbidden is null, () => $"{sender.Name} sends {code.Text} although {code.Forbidden}");
        return code;
    }

    /// <summary>True when a code is good: shown once, with its own verifier and redirect URI. A second showing ends the grant (RFC 6749 section 4.1.2).</summary>
    public bool Takes(IssuedCode code, IReadOnlyDictionary<string, string> form)
    {
        if (code.Family is { } before)
            before.IsRevoked = true;
        var isWhole = Pkce.ChallengeOf(new Encryption.Secret(form["code_verifier"])) == code.Challenge && form["redirect_uri"] == code.RedirectUri;
        journal.Check("I4", isWhole, () => $"{code.Text} comes with the verifier or redirect URI of another flow");
        return isWhole && code.Family is null;
    }

    /// <summary>A consent was written with what a code was exchanged for.</summary>
    public void Stored(IssuedCode code, string userId)
    {
        code.Stores++;
        journal.Note($"{code.Text} of {code.Person} is stored for {userId}");
        journal.Check("I4", code.Stores == 1, () => $"what {code.Text} was exchanged for is stored again");
        journal.Check("I5", code.Person == userId, () => $"the account of {code.Person} is connected for {userId}");
    }
}
