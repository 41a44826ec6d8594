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
            ? "1. Connect an account: the sandbox on that page plays the provider."
            : "1. Connect an account, once the client id and secret of a provider are set.");
        terminal.Say("2. Read a fresh token:");
        terminal.Say($"   curl -s -H \"Authorization: Bearer {apiKeyInShell}\" \"{addresses.Server}/oauth/{(sandbox ? "sandbox" : "google")}/token?user_id=demo\"");
        terminal.Say("3. See which grants survive kill -9 and a dead database (about a minute):");
        terminal.Say("   ./run demo crash");
        terminal.Say("");
        terminal.Say($"All calls: {addresses.Server}/docs. Ctrl-C stops everything; ./run --reset deletes it.");
        terminal.Say("");
    }
}
