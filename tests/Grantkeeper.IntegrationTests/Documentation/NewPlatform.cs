using System.Text.Json;
using Grantkeeper.Providers;

namespace Grantkeeper.IntegrationTests.Documentation;

#region snippet adding.class
/// <summary>New Platform: a person's id counts inside of a workspace, and consent is asked for again when an account is connected again.</summary>
public sealed class NewPlatform : ProviderClass
{
    public override string Manifest => """
        schema_version: 1
        key: new_platform
        display_name: New Platform
        verification: documented
        authorization_endpoint: http://127.0.0.1:8100/authorize
        token_endpoint: http://127.0.0.1:8100/token
        revocation_endpoint: http://127.0.0.1:8100/revoke
        userinfo_endpoint: http://127.0.0.1:8100/userinfo
        client_authentication: basic
        default_scopes: [openid, profile, email, offline_access]
        account: { source: userinfo }
        """;

    public override IReadOnlyDictionary<string, string> AuthorizationParameters(AuthorizationFacts request) =>
        request.IsReconnect ? new Dictionary<string, string> { ["prompt"] = "consent" } : [];

    public override AccountFacts? Account(JsonElement members) =>
        new($"main/{members.GetProperty("sub").GetString()}", members.GetProperty("name").GetString());
}
#endregion
