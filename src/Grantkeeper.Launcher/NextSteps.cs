namespace Grantkeeper.Launcher;

/// <summary>What a newcomer reads once everything runs.</summary>
internal static class NextSteps
{
    /// <summary>Shows the link and three steps.</summary>
    public static void Show(Terminal terminal, SignInLink link, LaunchAddresses addresses, bool sandbox, string apiKeyInShell)
    {
        terminal.Say("");
        terminal.Highlight($"Open {link.Address}, valid {link.Validity.TotalMinutes:0} minutes");
        terminal.Say("");
        terminal.Say(sandbox
            ? "1. Connect an account: choose the sandbox on that page; it plays the provider, consent page included."
            : "1. Connect an account: choose a provider on that page, once its client id and secret are set.");
        terminal.Say("2. Read a fresh token:");
        terminal.Say($"   curl -s -H \"Authorization: Bearer {apiKeyInShell}\" \"{addresses.Server}/oauth/{(sandbox ? "sandbox" : "google")}/token?user_id=demo\"");
        terminal.Say("3. See which grants survive kill -9 and a dead database, beside hand-written code (about a minute):");
        terminal.Say("   ./run demo crash");
        terminal.Say("");
        terminal.Say($"Every call and error: {addresses.Server}/docs. Ctrl-C stops everything; ./run --reset also deletes it.");
        terminal.Say("");
    }
}
