using Grantkeeper.Providers;

namespace Grantkeeper.IntegrationTests.Registry;

/// <summary>A provider that gives endpoints and scopes and nothing else. The settings say where its server is.</summary>
public sealed class SampleProvider : ProviderClass
{
    public override string Manifest => """
        schema_version: 1
        key: sample
        display_name: Sample
        verification: documented
        authorization_endpoint: https://sample.example.com/authorize
        token_endpoint: https://sample.example.com/token
        revocation_endpoint: https://sample.example.com/revoke
        userinfo_endpoint: https://sample.example.com/userinfo
        client_authentication: basic
        default_scopes: [openid, profile, email, offline_access]
        account: { source: userinfo }
        """;

    /// <summary>The settings of a world in which the sandbox plays its server.</summary>
    public static IReadOnlyDictionary<string, string?> Settings { get; } = new Dictionary<string, string?>
    {
        ["Grantkeeper:Providers:sample:authorization_endpoint"] = "{sandbox}/authorize",
        ["Grantkeeper:Providers:sample:token_endpoint"] = "{sandbox}/token",
        ["Grantkeeper:Providers:sample:revocation_endpoint"] = "{sandbox}/revoke",
        ["Grantkeeper:Providers:sample:userinfo_endpoint"] = "{sandbox}/userinfo",
        ["SAMPLE_CLIENT_ID"] = "grantkeeper",
        ["SAMPLE_CLIENT_SECRET"] = Flows.FlowWorld.ClientSecret,
    };
}
