namespace Grantkeeper.Client.Contracts;

/// <summary>What became of an event that a provider told.</summary>
/// <param name="Event"><c>ended</c>: the grants of the account have ended here, if there were any; <c>ignored</c>: this type of event changes nothing.</param>
public sealed record EventAnswer(string Event);
