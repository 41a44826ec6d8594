namespace Grantkeeper.Testing.Peers;

/// <summary>What goes wrong with the next requests to one path of an <see cref="OidcProviderPeer"/>. Parts combine: a held or delayed request may be cut afterwards.</summary>
public sealed record PeerFault
{
    /// <summary>How many requests meet it. Default: 1.</summary>
    public int Count { get; init; } = 1;

    /// <summary>How long a request waits before anything else happens.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Whether a request waits until <see cref="OidcProviderPeer.Release"/>.</summary>
    public bool Hold { get; init; }

    /// <summary>Whether the connection is closed before the provider looks at the request.</summary>
    public bool Cut { get; init; }

    /// <summary>Whether the provider does what the request asks and the connection is closed instead of answering.</summary>
    public bool LoseAnswer { get; init; }

    /// <summary>Answers with this status instead of asking the provider; 0 asks it.</summary>
    public int Status { get; init; }

    /// <summary>Header fields of that answer; it is JSON unless they say otherwise.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The body of that answer. Default: an empty JSON object.</summary>
    public string Body { get; init; } = "{}";

    /// <summary>The answer of a provider that has a problem.</summary>
    public static PeerFault Answer(int status, string body = "{}", int count = 1) => new() { Status = status, Body = body, Count = count };

    /// <summary>A request that is processed and whose answer never arrives.</summary>
    public static PeerFault LostAnswer(int count = 1) => new() { LoseAnswer = true, Count = count };

    /// <summary>A request that is never processed.</summary>
    public static PeerFault CutConnection(int count = 1) => new() { Cut = true, Count = count };

    /// <summary>A request that waits until it is released.</summary>
    public static PeerFault HeldRequest(int count = 1) => new() { Hold = true, Count = count };
}
