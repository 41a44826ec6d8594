namespace Grantkeeper.Sandbox.OAuth;

/// <summary>What a scope means to the person who grants it.</summary>
/// <param name="Name">The scope.</param>
/// <param name="Title">What it allows, in a few words.</param>
/// <param name="Explanation">The same in a sentence.</param>
internal sealed record ScopeDescription(string Name, string Title, string Explanation);
