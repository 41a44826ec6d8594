using Microsoft.Extensions.Options;

namespace Grantkeeper.Client;

/// <summary>Stop the start of the host with every fault at once.</summary>
internal static class OptionsValidators
{
    public static ValidateOptionsResult Judge(string what, IReadOnlyList<string> faults) =>
        faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults.Select(fault => $"{what}: {fault}."));
}

internal sealed class GrantkeeperClientOptionsValidator : IValidateOptions<GrantkeeperClientOptions>
{
    public ValidateOptionsResult Validate(string? name, GrantkeeperClientOptions options) => OptionsValidators.Judge("Grantkeeper client", options.Faults());
}

internal sealed class ConnectedAccountOptionsValidator : IValidateOptions<ConnectedAccountOptions>
{
    public ValidateOptionsResult Validate(string? name, ConnectedAccountOptions options) => OptionsValidators.Judge($"Connected account of the client {name}", options.Faults());
}

internal sealed class TokenCacheOptionsValidator : IValidateOptions<TokenCacheOptions>
{
    public ValidateOptionsResult Validate(string? name, TokenCacheOptions options) => OptionsValidators.Judge("Token cache", options.Faults());
}
