namespace Grantkeeper.Egress;

/// <summary>Carries a refusal out of the connect callback; it never leaves this folder.</summary>
internal sealed class AddressNotAllowedException() : Exception("An address behind the host is not within reach.");
