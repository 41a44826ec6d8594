using System.Collections;
using System.Text.Json;
using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.Integrations;
using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using Grantkeeper.Settings;
using Grantkeeper.Tests.Settings;
using Grantkeeper.Tokens;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grantkeeper.Tests.Providers;

/// <summary>What a provider's class may say, what it is shown, and that nothing it does costs a grant.</summary>
[Trait("category", "providers")]
public sealed class ProviderHooksTests
{
    private const string Access = "canary-access", Renewal = "canary-refresh", Identity = "canary.id.token";

    /// <summary>A class whose overrides are the test's.</summary>
    private sealed class Told : ProviderClass
    {
        public Func<string> Yaml { get; init; } = () => SomeManifest.Good;

        public Func<AuthorizationFacts, IReadOnlyDictionary<string, string>> OnAuthorization { get; init; } = _ => new Dictionary<string, string>();

        public Func<TokenRequestFacts, TokenRequestAdditions> OnRequest { get; init; } = _ => TokenRequestAdditions.None;

        public Func<JsonElement, TokenAnswerFacts?> OnAnswer { get; init; } = _ => null;

        public Func<JsonElement, AccountFacts?> OnAccount { get; init; } = _ => null;

        public override string Manifest => Yaml();

        public override IReadOnlyDictionary<string, string> AuthorizationParameters(AuthorizationFacts request) => OnAuthorization(request);

        public override TokenRequestAdditions TokenRequest(TokenRequestFacts request) => OnRequest(request);

        public override TokenAnswerFacts? TokenAnswer(JsonElement members) => OnAnswer(members);

        public override AccountFacts? Account(JsonElement members) => OnAccount(members);
    }

    /// <summary>A list that is good until somebody looks into it.</summary>
    private sealed class BrokenList : IReadOnlyList<string>
    {
        public int Count => 1;

        public string this[int index] => throw new InvalidOperationException();

        public IEnumerator<string> GetEnumerator() => throw new InvalidOperationException();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private static readonly AuthorizationFacts Asked = new(["a"], "https://app.example.com/callback", null, false);

    private static ProviderHooks Hooks(Told told) => new(told, NullLogger.Instance);

    private static Provider Acme(Told told) => SomeManifest.Catalogue([("acme.yaml", SomeManifest.Good)]).Find("acme")! with
    {
        Client = new ClientRegistration("client-1", new Secret("secret-1"), null), Hooks = Hooks(told),
    };

    private static TokenResponse Answer(string more = "") => TokenResponse.Read(JsonDocument.Parse(
        $$"""{"access_token":"{{Access}}","refresh_token":"{{Renewal}}","id_token":"{{Identity}}","token_type":"bearer","expires_in":3600,"scope":"a b"{{more}}}""").RootElement, " ").ShouldNotBeNull();

    private static Exception Trouble() => new InvalidOperationException("a bug");

    [Fact]
    public void No_token_is_shown_at_any_depth_and_under_any_name()
    {
        var shown = "";
        var hooks = Hooks(new Told { OnAnswer = members => { shown = members.GetRawText(); return null; }, OnAccount = members => { shown += members.GetRawText(); return null; } });
        var answer = Answer($$""","team":{"bot":{"bot_access_token":"xoxb","id":"B1"},"list":["{{Access}}","x"]},"note":"Bearer {{Access}}","client_secret":"s","echo":"{{Renewal}}","API_KEY":"k" """);
        hooks.Understand(answer);
        hooks.Account(answer.Members!.Json, SomeManifest.Read(SomeManifest.Good).Account, answer);
        foreach (var secret in new[] { Access, Renewal, Identity, "xoxb", "\"s\"", "\"k\"" })
            shown.ShouldNotContain(secret);
        foreach (var rest in new[] { "\"token_type\":\"bearer\"", "\"expires_in\":3600", "\"scope\":\"a b\"", "\"id\":\"B1\"", "\"x\"" })
            shown.ShouldContain(rest);
    }

    [Fact]
    public void A_token_answer_is_read_as_the_class_says_and_keeps_its_tokens()
    {
        var read = Hooks(new Told { OnAnswer = members => new TokenAnswerFacts(TimeSpan.FromMilliseconds(members.GetProperty("life_ms").GetInt64()), ["c", "d e", "f\u0001"]) }).Understand(Answer(""","life_ms":7200000"""));
        (read.ExpiresIn, read.Scope!.ToString(), read.AccessToken.Reveal(), read.RefreshToken.Reveal()).ShouldBe((TimeSpan.FromHours(2), "c", Access, Renewal));
    }

    public static TheoryData<string> BadAnswers() => ["throws", "broken list", "never", "past", "endless", "no scopes"];

    [Theory, MemberData(nameof(BadAnswers))]
    public void Whatever_a_class_makes_of_a_token_answer_the_tokens_stay(string kind)
    {
        var read = Hooks(new Told
        {
            OnAnswer = _ => kind switch
            {
                "throws" => throw Trouble(),
                "broken list" => new TokenAnswerFacts(TimeSpan.FromHours(9), new BrokenList()),
                "never" => new TokenAnswerFacts(TimeSpan.Zero),
                "past" => new TokenAnswerFacts(TimeSpan.FromHours(-1)),
                "endless" => new TokenAnswerFacts(TimeSpan.MaxValue),
                _ => new TokenAnswerFacts(Scopes: []),
            },
        }).Understand(Answer());
        (read.ExpiresIn, read.Scope!.ToString(), read.RefreshToken.Reveal()).ShouldBe((TimeSpan.FromHours(1), "a b", Renewal));
    }

    [Fact]
    public void Parameters_of_an_authorization_request_lie_over_those_of_the_manifest()
    {
        var manifest = SomeManifest.Read(SomeManifest.Good + "\nauthorization_parameters: { prompt: consent, access_type: offline }\n");
        var hooks = Hooks(new Told { OnAuthorization = asked => new Dictionary<string, string> { ["prompt"] = asked.IsReconnect ? "login" : "none", ["hint"] = asked.LoginHint ?? "" } });
        hooks.AuthorizationParameters(manifest, Asked with { IsReconnect = true, LoginHint = "alice" }).Value.ShouldBe(
            new Dictionary<string, string> { ["prompt"] = "login", ["access_type"] = "offline", ["hint"] = "alice" }, ignoreOrder: true);
        ProviderHooks.None.AuthorizationParameters(manifest, Asked).Value.ShouldBe(manifest.AuthorizationParameters, ignoreOrder: true);
    }

    [Theory]
    [InlineData("state"), InlineData("redirect_uri"), InlineData("client_id"), InlineData("code_challenge"), InlineData("nonce"), InlineData(""), InlineData("throws")]
    public void What_an_authorization_request_sends_by_itself_cannot_be_replaced(string name)
    {
        var hooks = Hooks(new Told { OnAuthorization = _ => name == "throws" ? throw Trouble() : new Dictionary<string, string> { [name] = "x" } });
        hooks.AuthorizationParameters(SomeManifest.Read(SomeManifest.Good), Asked).Failure.ShouldNotBeNull().Code.Code.ShouldBe("providers.class_failed");
    }

    [Fact]
    public async Task A_token_request_carries_what_the_class_adds()
    {
        var egress = new Counting();
        var provider = Acme(new Told { OnRequest = asked => new TokenRequestAdditions { Parameters = new Dictionary<string, string> { ["kind"] = $"{asked.IsRefresh} {asked.ClientId}" }, Headers = new Dictionary<string, string> { ["X-Version"] = "2" } } });
        var endpoints = (await new EndpointDiscovery(egress, TimeProvider.System).Of(provider)).Value;
        await new TokenRequests(egress, TimeProvider.System).Refresh(provider, endpoints, new Secret("refresh-1"), null, null, default);
        egress.Sent.ShouldContain("kind=True+client-1");
        egress.Sent.ShouldContain("refresh_token=refresh-1");
        egress.Headers.ShouldContain("X-Version: 2");
        await new TokenRequests(egress, TimeProvider.System).ExchangeCode(provider, endpoints, new Secret("code-1"), "https://app.example.com/callback", default, default);
        egress.Sent.ShouldContain("kind=False+client-1");
    }

    [Theory]
    [InlineData("refresh_token", ""), InlineData("grant_type", ""), InlineData("client_secret", ""), InlineData("client_assertion", ""), InlineData("client_id", "")]
    [InlineData("", "Authorization"), InlineData("", "authorization"), InlineData("", "Content-Type"), InlineData("", "X-Bad\r\nHost"), InlineData("", "Host")]
    [InlineData("", "")]
    public async Task A_token_request_that_the_class_spoils_is_not_sent_and_the_grant_is_kept(string parameter, string header)
    {
        var egress = new Counting();
        var provider = Acme(new Told
        {
            OnRequest = _ => parameter.Length + header.Length == 0 ? throw Trouble() : new TokenRequestAdditions
            {
                Parameters = parameter.Length > 0 ? new Dictionary<string, string> { [parameter] = "x" } : new Dictionary<string, string>(),
                Headers = header.Length > 0 ? new Dictionary<string, string> { [header] = "x" } : new Dictionary<string, string>(),
            },
        });
        var endpoints = (await new EndpointDiscovery(egress, TimeProvider.System).Of(provider)).Value;
        foreach (var answer in new[]
        {
            await new TokenRequests(egress, TimeProvider.System).Refresh(provider, endpoints, new Secret("refresh-1"), null, null, default),
            await new TokenRequests(egress, TimeProvider.System).ExchangeCode(provider, endpoints, new Secret("code-1"), "https://app.example.com/callback", default, default),
        })
            (answer.Failure!.Kind, answer.Failure.Delivery, answer.Failure.Error).ShouldBe((TokenFailureKind.Misconfigured, Delivery.NotProcessed, "class_failed"));
        egress.Count.ShouldBe(0);
    }

    [Theory]
    [InlineData("id-1", true), InlineData("", false), InlineData(" ", false), InlineData("a\u0001", false), InlineData("throws", false)]
    public void An_account_is_read_as_the_class_says_or_not_at_all(string id, bool isGood)
    {
        var hooks = Hooks(new Told { OnAccount = _ => id == "throws" ? throw Trouble() : new AccountFacts(id, "Name", "a\u0001b") });
        var result = hooks.Account(JsonDocument.Parse("""{"sub":"s"}""").RootElement, SomeManifest.Read(SomeManifest.Good).Account, Answer());
        if (isGood)
            result.Value.ShouldBe(new Account(id, null, "Name", null), "what no database can hold is left out");
        else
            result.Failure.ShouldNotBeNull().Code.Code.ShouldBe("providers.class_failed");
    }

    [Theory]
    [InlineData("same", false), InlineData("other", true), InlineData("throws", false)]
    public void A_refresh_is_of_the_account_that_the_class_reads(string kind, bool isAnother)
    {
        var provider = SomeManifest.Catalogue([("acme.yaml", SomeManifest.Good.Replace("account: { source: userinfo }", "issuer: https://acme.example.com\njwks_uri: https://acme.example.com/keys\naccount: { source: id_token }", StringComparison.Ordinal))]).Find("acme")! with
        {
            Hooks = Hooks(new Told { OnAccount = claims => kind == "throws" ? throw Trouble() : new AccountFacts($"acme:{claims.GetProperty("sub").GetString()}") }),
        };
        var claims = Convert.ToBase64String("""{"sub":"1"}"""u8.ToArray()).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var answer = Answer() with { IdToken = new Secret($"e30.{claims}.sig") };
        var integration = new Integration { UserId = "user_1", Id = Guid.Empty, Provider = "acme", AccountId = kind == "other" ? "acme:2" : "acme:1" };
        RefreshedAccount.IsAnother(provider, integration, answer).ShouldBe(isAnother);
    }

    [Fact]
    public void A_class_is_one_more_source_of_manifests_and_a_file_takes_its_manifests_place()
    {
        string Yaml(string name) => SomeManifest.Good.Replace("Acme", name, StringComparison.Ordinal).Replace("key: acme", "key: coded", StringComparison.Ordinal);
        var faults = new List<string>();
        var hooks = Hooks(new Told { Yaml = () => Yaml("Coded") });
        var provider = Read(faults, [hooks]).ShouldNotBeNull(string.Join('\n', faults)).Find("CODED").ShouldNotBeNull();
        (provider.DisplayName, provider.Hooks).ShouldBe(("Coded", hooks));
        provider = Read(faults, [hooks], ("coded.yaml", Yaml("Filed"))).ShouldNotBeNull().Find("coded").ShouldNotBeNull();
        (provider.DisplayName, provider.Hooks).ShouldBe(("Filed", hooks));
        Read(faults, [hooks]).ShouldNotBeNull().Find("google").ShouldNotBeNull().Hooks.ShouldBe(ProviderHooks.None);
    }

    [Fact]
    public void A_class_stays_when_the_folder_changes()
    {
        var folder = Directory.CreateTempSubdirectory("classes");
        try
        {
            var (faults, asked) = (new List<string>(), 0);
            var hooks = Hooks(new Told { Yaml = () => { asked++; return SomeManifest.Good; } });
            var configuration = SomeSettings.Configuration(SomeSettings.With(("GRANTKEEPER_PROVIDERS_PATH", folder.FullName)));
            var catalogue = ProviderCatalogue.Read(configuration, OptionsReader.Read(configuration, faults)!, [hooks], faults).ShouldNotBeNull(string.Join('\n', faults));
            File.WriteAllText(Path.Combine(folder.FullName, "other.yaml"), SomeManifest.Good.Replace("key: acme", "key: other", StringComparison.Ordinal));
            catalogue.LookAtFolder();
            catalogue.LookAtFolder().ShouldBeTrue();
            (catalogue.Find("other")!.Hooks, catalogue.Find("acme")!.Hooks, catalogue.Find("acme")!.Source, asked).ShouldBe((ProviderHooks.None, hooks, ManifestOrigin.Class, 1));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Faults_of_classes_are_told_with_all_others()
    {
        var faults = new List<string>();
        Read(faults, [Hooks(new Told()), Hooks(new Told()), Hooks(new Told { Yaml = () => throw Trouble() }), Hooks(new Told { Yaml = () => "key: [" }), Hooks(new Told { Yaml = () => "schema_version: 1\nkey: bare\n" })]).ShouldBeNull();
        faults.ShouldContain("Told: the key acme is Told's already");
        faults.ShouldContain("Told: its Manifest cannot be read");
        faults.ShouldContain(fault => fault.StartsWith("Told: line ", StringComparison.Ordinal) || fault == "Told: cannot be read as YAML");
        faults.ShouldContain(fault => fault.StartsWith("Told: display_name", StringComparison.Ordinal));
    }

    private static ProviderCatalogue? Read(List<string> faults, IReadOnlyList<ProviderHooks> classes, params (string File, string Yaml)[] files) => SomeManifest.Catalogue(faults, files, classes);

    /// <summary>Counts what is sent and answers with tokens.</summary>
    private sealed class Counting : IEgress
    {
        public int Count { get; private set; }

        public string Sent { get; private set; } = "";

        public string Headers { get; private set; } = "";

        public async Task<EgressOutcome> Send(HttpRequestMessage request, EgressTrust trust, EgressLimits? limits = null, CancellationToken cancellation = default)
        {
            Count++;
            Sent = await request.Content!.ReadAsStringAsync(cancellation);
            Headers = request.Headers.ToString();
            using var answer = new HttpResponseMessage { Content = new StringContent("", null, "application/json") };
            return EgressOutcome.Answered(new EgressResponse(answer, """{"access_token":"access-2","token_type":"bearer"}"""u8.ToArray(), default));
        }
    }
}
