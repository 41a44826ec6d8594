using Grantkeeper.Sandbox.People;

namespace Grantkeeper.Sandbox.Interactions;

/// <summary>One person on the way through the pages for one authorization request.</summary>
/// <param name="Id">Names it in addresses and forms.</param>
/// <param name="Antiforgery">The second value that a form must carry; it never stands in an address.</param>
/// <param name="Browser">The browser it belongs to.</param>
/// <param name="Request">What is asked.</param>
/// <param name="Person">The chosen account, once there is one.</param>
/// <param name="ExpiresAt">When it is too late.</param>
internal sealed record Interaction(
    string Id, string Antiforgery, string Browser, AuthorizationRequest Request, Person? Person, DateTimeOffset ExpiresAt);
