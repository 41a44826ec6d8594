using Grantkeeper.Errors;

namespace Grantkeeper.Registry;

/// <summary>Every provider of this deployment, for code that runs in the same process.</summary>
public interface IIntegrationRegistry
{
    /// <summary>What is offered, once each, by key; drafts only once they are configured. An instance is made when it is first asked for and stays the same.</summary>
    IReadOnlyList<IIntegrationProvider> All { get; }

    /// <summary>A provider by its key; case and hyphens do not matter. Failure: <c>providers.unknown</c>.</summary>
    /// <param name="key">For example <c>google</c>.</param>
    Result<IIntegrationProvider> Get(string key);
}
