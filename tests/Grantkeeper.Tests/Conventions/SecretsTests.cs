using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using Grantkeeper.Encryption;

namespace Grantkeeper.Tests.Conventions;

/// <summary>Who may see a secret, and that nothing which holds one prints it.</summary>
[Trait("category", "security")]
public sealed partial class SecretsTests
{
    private const string Canary = "canary-4711";

    /// <summary>The files that may take a value out of its wrapping, with the reason.</summary>
    private static readonly Dictionary<string, string> RevealCallers = new()
    {
        ["Grantkeeper/Encryption/Secret.cs"] = "compares and masks",
        ["Grantkeeper/Encryption/SecretBox.cs"] = "seals",
        ["Grantkeeper/Encryption/LocalKeyWrapper.cs"] = "reads the configured key",
        ["Grantkeeper/Encryption/RandomHandle.cs"] = "hashes",
        ["Grantkeeper/OAuth/AuthorizationRequest.cs"] = "state and nonce go into the URL",
        ["Grantkeeper/OAuth/ClientAuthentication.cs"] = "the client secret goes to the provider",
        ["Grantkeeper/OAuth/ClientKey.cs"] = "reads a private key",
        ["Grantkeeper/OAuth/Pkce.cs"] = "hashes the verifier",
        ["Grantkeeper/OAuth/RevocationEndpoint.cs"] = "the token goes to the provider",
        ["Grantkeeper/OAuth/TokenEndpoint.cs"] = "code, verifier and refresh token go to the provider",
        ["Grantkeeper/Settings/OptionsReader.cs"] = "measures the key's length",
        ["Grantkeeper/Settings/JwtReader.cs"] = "measures the secret's length",
        ["Grantkeeper/Identity/ApiKeys.cs"] = "makes a key's text and its visible start",
        ["Grantkeeper/Identity/TokenCallers.cs"] = "verifies with the shared secret",
        ["Grantkeeper/Providers/ClientAdvice.cs"] = "compares the form of a client secret",
        ["Grantkeeper/Tokens/AccountCall.cs"] = "takes an echoed token out of an answer",
        ["Grantkeeper/Tokens/ProviderApi.cs"] = "calls the provider's API",
        ["Grantkeeper/Providers/AccountReader.cs"] = "verifies the id_token, calls userinfo",
        ["Grantkeeper/Providers/AppInstance.cs"] = "checks the signed instance, mints tokens for it",
        ["Grantkeeper/Providers/WithoutTokens.cs"] = "takes tokens out of what an application's class reads",
        ["Grantkeeper/Tokens/Revocations.cs"] = "the payload is sealed as a whole",
        ["Grantkeeper/Tokens/RefreshedAccount.cs"] = "reads the account that an id_token of a refresh names",
        ["Grantkeeper/Tokens/SpooledAnswer.cs"] = "the record is sealed as a whole",
        ["Grantkeeper/Tokens/TokenEndpoints.cs"] = "the one read that hands out an access token, to a back end or to the handler in this process",
        ["Grantkeeper/Connect/BrowserEndpoints.cs"] = "cookie and redirect",
        ["Grantkeeper/Connect/CallbackPage.cs"] = "the ticket travels with the browser",
        ["Grantkeeper/Connect/ConnectSessionEndpoints.cs"] = "a session's token and link are shown once",
        ["Grantkeeper/Connect/ConnectSessions.cs"] = "makes a session's token",
        ["Grantkeeper/Connect/IConnections.cs"] = "start link and state for the application that embeds us, and for back ends",
        ["Grantkeeper/Administration/AdministrationEndpoints.cs"] = "a new key and a sign-in link are shown once",
        ["Grantkeeper/Diagnostics/AuthorizationProbe.cs"] = "opens an authorization page with a state that nobody redeems",
        ["Grantkeeper/Diagnostics/ProviderProbe.cs"] = "shows an API a token that was made up",
        ["Grantkeeper.Dashboard/AccountEndpoints.cs"] = "the start link is a redirect",
        ["Grantkeeper.Dashboard/Hosted/HostedEndpoints.cs"] = "the start link is a redirect",
        ["Grantkeeper.Dashboard/Hosted/HostedSession.cs"] = "the cookie of the hosted page",
        ["Grantkeeper/Identity/OperatorSignIn.cs"] = "verifies the operator's id_token",
        ["Grantkeeper.Dashboard/OperatorSignInEndpoints.cs"] = "the way to the identity provider is a redirect",
        ["Grantkeeper.Dashboard/Session/AttemptCookie.cs"] = "seals an operator's sign-in into a cookie",
        ["Grantkeeper.Dashboard/Session/SealedKeyRepository.cs"] = "opens the keys of the session cookies",
    };

    /// <summary>The statements that may see the rows of all users, with the reason that they give.</summary>
    private static readonly string[] ServiceCallers =
    [
        "Grantkeeper.Dashboard/Session/SealedKeyRepository.cs ServiceReason.Deployment 2",
        "Grantkeeper/Audit/AuditReader.cs ServiceReason.Administrator 1",
        "Grantkeeper/Connect/ConnectSessions.cs ServiceReason.RedeemHandle 1",
        "Grantkeeper/Connect/ConnectSessions.cs ServiceReason.ServiceKey 1",
        "Grantkeeper/Connect/FlowStore.cs ServiceReason.RedeemHandle 1",
        "Grantkeeper/Consents/ConsentReader.cs ServiceReason.Administrator 1",
        "Grantkeeper/Consents/ScopeTable.cs ServiceReason.Deployment 1",
        "Grantkeeper/Diagnostics/RefreshChecks.cs ServiceReason.Administrator 2",
        "Grantkeeper/Events/WithdrawalFlow.cs ServiceReason.ProviderEvent 1",
        "Grantkeeper/Identity/ApiKeys.cs ServiceReason.Deployment 5",
        "Grantkeeper/Identity/RateWindows.cs ServiceReason.Deployment 1",
        "Grantkeeper/Identity/SignInLinks.cs ServiceReason.Deployment 2",
        "Grantkeeper/Integrations/IntegrationStore.cs ServiceReason.Administrator 2",
        "Grantkeeper/Integrations/GrantWarnings.cs ServiceReason.ServiceKey 1",
        "Grantkeeper/Integrations/IntegrationStore.cs ServiceReason.ServiceKey 1",
        "Grantkeeper/Lifecycle/BulkOperations.cs ServiceReason.Administrator 1",
        "Grantkeeper/Lifecycle/BulkOperations.cs ServiceReason.Worker 2",
        "Grantkeeper/Monitoring/Cleanup.cs ServiceReason.Deployment 1",
        "Grantkeeper/Monitoring/Cleanup.cs ServiceReason.Worker 1",
        "Grantkeeper/Monitoring/ExpiringGrants.cs ServiceReason.Administrator 1",
        "Grantkeeper/Monitoring/Components.cs ServiceReason.Deployment 1",
        "Grantkeeper/Monitoring/ProviderHours.cs ServiceReason.Deployment 1",
        "Grantkeeper/Monitoring/ProviderStandings.cs ServiceReason.Administrator 1",
        "Grantkeeper/Monitoring/ProviderStandings.cs ServiceReason.Deployment 1",
        "Grantkeeper/Monitoring/Summaries.cs ServiceReason.Administrator 1",
        "Grantkeeper/Outbox/OutboxStore.cs ServiceReason.Worker 2",
        "Grantkeeper/Providers/ClientRegistrations.cs ServiceReason.Deployment 3",
        "Grantkeeper/Providers/StoredManifests.cs ServiceReason.Deployment 3",
        "Grantkeeper/Startup/StartUp.cs ServiceReason.Deployment 1",
        "Grantkeeper/Storage/NodeSignals.cs ServiceReason.Worker 3",
        "Grantkeeper/Storage/RoleCheck.cs ServiceReason.Deployment 1",
        "Grantkeeper/Resilience/RequestPaces.cs ServiceReason.Worker 1",
        "Grantkeeper/Providers/ProvidersPoll.cs ServiceReason.Deployment 1",
        "Grantkeeper/Tokens/CheckQueue.cs ServiceReason.Worker 2",
        "Grantkeeper/Tokens/DueQueue.cs ServiceReason.Worker 1",
        "Grantkeeper/Tokens/ReleaseLedger.cs ServiceReason.Worker 2",
        "Grantkeeper/Tokens/Revocations.cs ServiceReason.Worker 1",
        "Grantkeeper/Tokens/LeaseWrites.cs ServiceReason.Worker 1",
        "Grantkeeper/Tokens/SuccessWrites.cs ServiceReason.Worker 1",
        "Grantkeeper/Tokens/TokenReader.cs ServiceReason.Administrator 1",
        "Grantkeeper/Tokens/TokenVault.cs ServiceReason.ServiceKey 1",
        "Grantkeeper/Tokens/TokenVault.cs ServiceReason.Worker 1",
    ];

    /// <summary>Members with a telling name that hold nothing secret: provider keys, error codes, ciphertext, and which token a revocation sends.</summary>
    private static readonly string[] Harmless =
    [
        "Audit.AuditEvent.Code", "Audit.AuditRow.Code", "Client.Contracts.AuditEntry.Code", "Client.Contracts.ExportedAttempt.Code",
        "Client.Contracts.CallbackAnswer.ProviderKey",
        "Client.Contracts.ConnectionStatus.ProviderKey",
        "Client.Contracts.DisconnectAnswer.ProviderKey",
        "Client.Contracts.ResourceEntry.Url", "Client.Contracts.ResourceProblem.Code", "Resources.Resource.Url", "Client.Contracts.ResourceList.ProviderKey", "Client.Contracts.ErrorEntry.Code",
        "Client.Contracts.HealthComponent.Code", "Client.Contracts.BulkFailureEntry.Code", "Lifecycle.BulkFailure.Code",
        "Client.Contracts.ProviderEntry.Key",
        "Client.Contracts.FeatureEntry.Key", "Client.Contracts.FeatureEntry.State", "Providers.Feature.Key",
        "Client.Contracts.ProviderHealth.CircuitBreakerState",
        "Client.Contracts.ProviderHealth.ProviderKey",
        "Client.Contracts.RefreshAnswer.ProviderKey",
        "Client.Contracts.TimelineEntry.Code",
        "Client.Problem.Code",
        "Connect.PendingFlow.ErrorCode",
        "Errors.ErrorCode.Code",
        "Monitoring.TimelineFacts.LastCode",
        "Monitoring.TimelineRow.Code",
        "Providers.Provider.Key",
        "Providers.ProviderManifest.Key",
        "Providers.ProviderManifest.RevocationToken",
        "Providers.StoredClient.SealedSecret",
        "Tokens.RefreshAttempt.Code",
        "Tokens.SealedTokens.AccessToken",
        "Tokens.SealedTokens.RefreshToken",
    ];

    [Fact]
    public void Secrets_are_revealed_in_approved_files_only() => SourceTree.Files(Path.Combine(SourceTree.Root, "src"))
        .Where(file => file.Lines.Any(line => line.Split("//")[0].Contains("Reveal(", StringComparison.Ordinal)))
        .Select(file => file.Path)
        .ShouldBe(RevealCallers.Keys, ignoreOrder: true);

    [Fact]
    public void Rows_of_all_users_are_seen_in_approved_places_only() => SourceTree.Files(Path.Combine(SourceTree.Root, "src"))
        .Where(file => file.Path != "Grantkeeper/Storage/Database.cs")
        .SelectMany(file => file.Lines.Select(line => line.Split("//")[0]).Where(line => line.Contains("AsService(", StringComparison.Ordinal))
            .Select(line => $"{file.Path} {Reason().Match(line).Groups["reason"].Value}"))
        .GroupBy(use => use).Select(group => $"{group.Key} {group.Count()}")
        .ShouldBe(ServiceCallers, ignoreOrder: true);

    [Fact]
    public void A_record_has_no_text_member_with_the_name_of_a_secret() => ShapeTests.Types()
        .Where(type => type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public, [typeof(System.Text.StringBuilder)]) is not null)
        .SelectMany(type => type.GetProperties().Where(property => property.PropertyType == typeof(string) && Telling().IsMatch(property.Name)).Select(property => $"{type.FullName![12..]}.{property.Name}"))
        .ShouldBe(Harmless, ignoreOrder: true);

    [Fact]
    public void A_type_of_the_wire_that_carries_a_secret_is_a_class_that_prints_its_name()
    {
        foreach (var type in ShapeTests.Types().Where(type => type.Namespace == "Grantkeeper.Client.Contracts" && type.IsClass && !type.IsAbstract))
        {
            var instance = Filled(type, 0)!;
            foreach (var property in type.GetProperties().Where(property => property.PropertyType == typeof(string) && Telling().IsMatch(property.Name) && !Harmless.Contains($"{type.FullName![12..]}.{property.Name}")))
                property.GetValue(instance).ShouldBe(Canary);
            $"{instance}".ShouldNotContain(Canary, customMessage: type.Name);
        }
    }

    [Fact]
    public void Nothing_that_holds_a_secret_shows_it_in_its_text_or_json()
    {
        var tried = new List<string>();
        foreach (var type in ShapeTests.Types().Where(type => type.Namespace != "Grantkeeper.Client.Contracts" && !type.IsAbstract && !type.IsInterface && !type.IsEnum && !type.ContainsGenericParameters && Holds(type)))
        {
            var instance = Filled(type, 0);
            $"{instance}".ShouldNotContain(Canary, customMessage: type.FullName);
            if (type != typeof(Secret))
                Json(instance, type).ShouldNotContain(Canary, customMessage: type.FullName);
            tried.Add(type.Name);
        }

        foreach (var name in new[] { "TokenSet", "TokenResponse", "ClientCredentials", "ClientRegistration", "GrantkeeperOptions", "TokenGrant", "PendingFlow", "StartedFlow", "NewConnectSession", "Completed", "AuthorizationRequest", "AuthorizationResponse", "OutboxEntry" })
            tried.ShouldContain(name);
    }

    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    private static bool Holds(Type type) => type.GetFields(Fields).Any(field =>
        (Nullable.GetUnderlyingType(field.FieldType) ?? field.FieldType) == typeof(Secret));

    private static string Json(object? instance, Type type)
    {
        try
        {
            return JsonSerializer.Serialize(instance, type);
        }
        catch (Exception exception) when (exception is NotSupportedException or InvalidOperationException or NullReferenceException or JsonException)
        {
            return exception.ToString();
        }
    }

    /// <summary>An instance whose secrets, and texts with the name of one, are the canary.</summary>
    private static object? Filled(Type type, int depth)
    {
        if (type == typeof(Secret))
            return new Secret(Canary);
        if (type == typeof(string))
            return "x";
        if (type == typeof(Uri))
            return new Uri("https://x.example");
        if (Nullable.GetUnderlyingType(type) is { } inner)
            return inner == typeof(Secret) ? new Secret(Canary) : null;
        if (type.IsValueType && type.Namespace?.StartsWith("Grantkeeper", StringComparison.Ordinal) != true)
            return Activator.CreateInstance(type);
        if (type.IsArray)
            return Array.CreateInstance(type.GetElementType()!, 0);
        if (type.IsInterface && typeof(IEnumerable).IsAssignableFrom(type))
            return Collection(type);
        if (depth > 4 || type.IsAbstract || type.IsEnum || type.Namespace?.StartsWith("Grantkeeper", StringComparison.Ordinal) != true)
            return type.IsValueType ? Activator.CreateInstance(type) : null;
        var instance = RuntimeHelpers.GetUninitializedObject(type);
        foreach (var field in type.GetFields(Fields))
        {
            var name = field.Name.Trim('<', '_').Split('>')[0];
            field.SetValue(instance, field.FieldType == typeof(string) && Telling().IsMatch(name) && !Harmless.Contains($"{type.FullName![12..]}.{name}") ? Canary : Filled(field.FieldType, depth + 1));
        }

        return instance;
    }

    private static object? Collection(Type type)
    {
        var arguments = type.GetGenericArguments();
        return arguments.Length switch
        {
            1 when type.IsAssignableFrom(arguments[0].MakeArrayType()) => Array.CreateInstance(arguments[0], 0),
            1 => Activator.CreateInstance(typeof(HashSet<>).MakeGenericType(arguments)),
            2 => Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(arguments)),
            _ => null,
        };
    }

    [GeneratedRegex("(token|secret|code|state|ticket|password|key|verifier|handle|nonce|(?<![a-z])url|authurl|authorizationurl)$", RegexOptions.IgnoreCase)]
    private static partial Regex Telling();

    [GeneratedRegex(@"AsService\((?<reason>[^)]*)\)")]
    private static partial Regex Reason();
}
