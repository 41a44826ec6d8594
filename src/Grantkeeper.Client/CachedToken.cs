using System.Net.Http.Headers;
using Grantkeeper.Client.Contracts;

namespace Grantkeeper.Client;

/// <summary>A token that is kept for a while. A class, so that it never prints.</summary>
internal sealed class CachedToken(AccessTokenAnswer answer)
{
    public AccessTokenAnswer Answer { get; } = answer;

    public AuthenticationHeaderValue Authorization { get; } = new("Bearer", answer.AccessToken);

    /// <summary>Until when it is kept, on the clock of <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long Deadline { get; set; }
}
