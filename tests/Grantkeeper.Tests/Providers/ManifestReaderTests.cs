using Grantkeeper.OAuth;
using Grantkeeper.Providers;
using static Grantkeeper.Tests.Providers.SomeManifest;

namespace Grantkeeper.Tests.Providers;

[Trait("category", "providers")]
public sealed class ManifestReaderTests
{
    [Fact]
    public void A_small_manifest_has_safe_defaults()
    {
        var read = Read(Good);
        (read.Key, read.Pkce, read.Iss, read.ScopeSeparator, read.Refresh, read.Discovery).ShouldBe(("acme", true, IssPolicy.IfPresent, " ", true, false));
        (read.RevocationScope, read.RevocationToken, read.CodeLifetime, read.ClientAuthentication, read.ResponseMode).ShouldBe((RevocationScope.Token, "refresh_token", TimeSpan.FromMinutes(1), null, null));
        (read.Account.Source, read.Account.Id.Single(), read.Account.Email.Single(), read.Account.Name).ShouldBe((AccountSource.Userinfo, "sub", "email", "name"));
        read.DefaultScopes.Count.ShouldBe(0);
        read.Rotation.Profile.ShouldBe(RotationProfile.Strict, "what nobody knows is not risked");
        Read("schema_version: 1\nkey: acme\ndisplay_name: Acme\ndiscovery: true\n").Verification.ShouldBe(Verification.Draft);
    }

    [Fact]
    public void Every_member_is_read()
    {
        var read = Read("""
            schema_version: 1
            key: acme
            display_name: Acme
            verification: simulated
            docs_url: https://acme.example.com/docs
            sources: [{ url: https://acme.example.com/docs, read: 2026-01-31, facts: [token_endpoint] }]
            issuer: https://acme.example.com
            issuer_aliases: [acme.example.com]
            authorization_endpoint: https://acme.example.com/authorize
            token_endpoint: https://acme.example.com/token
            revocation_endpoint: https://acme.example.com/revoke
            userinfo_endpoint: https://acme.example.com/me
            jwks_uri: https://acme.example.com/jwks
            client_authentication: basic_raw
            token_request: json
            pkce: false
            iss: required
            response_mode: form_post
            scope_separator: ","
            default_scopes: [a, b]
            required_scopes: a
            scopes:
              a: { display_name: A, description: about a, category: c, required: true, sensitive: true }
              https://acme.example.com/b: { display_name: B }
            authorization_parameters: { access_type: offline }
            token_parameters: { x: 1 }
            refresh_parameters: { y: 2 }
            request_headers: { Acme-Version: 2026-01-01 }
            refresh: false
            rotation: { profile: grace, grace_seconds: 30, companion: true }
            revocation_scope: project
            revocation_token: access_token
            account: { source: none, id: [workspace.id, bot_id], email: [mail, upn], name: owner.name, picture: icon }
            code_lifetime_seconds: 300
            refresh_token_idle_days: 90
            """);
        (read.Verification, read.DocsUrl, read.Issuer, read.IssuerAliases.Single()).ShouldBe((Verification.Simulated, "https://acme.example.com/docs", "https://acme.example.com", "acme.example.com"));
        read.RefreshTokenIdle.ShouldBe(TimeSpan.FromDays(90));
        read.Rotation.ShouldBe(new Rotation(RotationProfile.Grace, TimeSpan.FromSeconds(30), true));
        (read.RevocationEndpoint!.AbsolutePath, read.UserinfoEndpoint!.AbsolutePath, read.JwksUri!.AbsolutePath).ShouldBe(("/revoke", "/me", "/jwks"));
        (read.ClientAuthentication, read.TokenRequestIsJson, read.Pkce, read.Iss, read.ResponseMode, read.ScopeSeparator).ShouldBe((ClientAuthenticationMethod.BasicRaw, true, false, IssPolicy.Required, "form_post", ","));
        (read.DefaultScopes.ToString(), read.RequiredScopes.ToString(), read.Scopes.Count).ShouldBe(("a b", "a", 2));
        read.Scopes[0].ShouldBe(new ProviderScope("a", "A", "about a", "c", true, true));
        (read.AuthorizationParameters["access_type"], read.TokenParameters["x"], read.RefreshParameters["y"], read.RequestHeaders["Acme-Version"]).ShouldBe(("offline", "1", "2", "2026-01-01"));
        (read.Refresh, read.RevocationScope, read.RevocationToken, read.CodeLifetime).ShouldBe((false, RevocationScope.Project, "access_token", TimeSpan.FromMinutes(5)));
        (read.Account.Source, string.Join('|', read.Account.Id), string.Join('|', read.Account.Email), read.Account.Name, read.Account.Picture).ShouldBe((AccountSource.None, "workspace.id|bot_id", "mail|upn", "owner.name", "icon"));
    }

    [Fact]
    public void Limits_of_grants_are_read_and_judged()
    {
        Read(Good).GrantLimits.ShouldBe(GrantLimits.None);
        Faults($"{Good}\ngrant_limits: {{ per_account: 1, trial_days: 7, more: x }}").Count.ShouldBe(3);
        var limits = Read($"{Good}\ngrant_limits: {{ lifetime_member: left, per_account: 100, trial_days: 7, trial_name: Testing }}").GrantLimits;
        limits.ShouldBe(new GrantLimits("left", 100, TimeSpan.FromDays(7), "Testing"));
        limits.NearCount.ShouldBe(80);
        var (consent, idle) = (DateTimeOffset.UnixEpoch, TimeSpan.FromDays(180));
        LikelyEnd After(double days, double? ends = null, double? used = null) =>
            limits.EndOf(idle, consent, ends is { } end ? consent.AddDays(end) : null, used is { } at ? consent.AddDays(at) : null, consent.AddDays(days));
        (After(6.9), After(6.97), After(7.04), After(8.9), After(9.1)).ShouldBe((LikelyEnd.Unknown, LikelyEnd.Trial, LikelyEnd.Trial, LikelyEnd.Trial, LikelyEnd.Unknown));
        (After(30, 7), After(30, 30), After(29, 30), After(179), After(180), After(300, null, 121), After(300, null, 119)).ShouldBe(
            (LikelyEnd.Trial, LikelyEnd.ConsentOver, LikelyEnd.Unknown, LikelyEnd.Unknown, LikelyEnd.Idle, LikelyEnd.Unknown, LikelyEnd.Idle));
        (GrantLimits.IsIdle(idle, consent, consent.AddDays(143)), GrantLimits.IsIdle(idle, consent, consent.AddDays(145)), GrantLimits.IsIdle(null, consent, consent.AddDays(900))).ShouldBe((false, true, false));
    }

    [Fact]
    public void Assertions_follow_the_manifest()
    {
        Read($"{Good}\nclient_authentication: private_key_jwt").ClientAssertion.ShouldBe(AssertionRules.Usual);
        Read($"{Good}\nissuer: https://acme.example.com\nclient_assertion: {{ audience: issuer, algorithm: PS256, key_id: k }}").ClientAssertion.ShouldBe(new AssertionRules(AssertionAudience.Issuer, "PS256", "k"));
        Read($"{Good}\nclient_assertion: {{ issuer: us, parameter: client_secret }}").ClientAssertion.ShouldBe(AssertionRules.Usual with { Issuer = "us", Parameter = AssertionParameter.ClientSecret });
        Faults($"{Good}\nclient_assertion: {{ audience: issuer, algorithm: HS256, kid: k }}").ShouldBe(
        [
            "acme.yaml: client_assertion: algorithm must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, not \"HS256\"",
            "acme.yaml: client_assertion: audience cannot be the issuer without an issuer",
            "acme.yaml: client_assertion: kid is not a member of the schema",
        ]);
    }

    [Fact]
    public void A_broken_manifest_reports_every_fault_with_its_place() => Faults("""
        schema_version: 2
        key: Acme-Corp
        verification: certain
        authorization_endpoint: http://acme.example.com/authorize
        token_endpoint: /token
        revocation_endpoint: [https://acme.example.com/revoke]
        jwks_uri: https://acme.example.com/jwks#x
        client_authentication: BASIC
        token_request: xml
        pkce: maybe
        iss: sometimes
        response_mode: fragment
        default_scopes: { a: b }
        scopes:
          a: { display_name: A, colour: red }
          b: { required: perhaps }
          c: text
        authorization_parameters: { state: mine, prompt: [consent] }
        token_parameters: text
        revocation_scope: everything
        account: { source: guess, shoe_size: 43 }
        code_lifetime_seconds: 5
        variables:
          tenant: { kind: text, minimum: 1 }
        tokn_endpoint: https://acme.example.com/token
        """).ShouldBe(
        [
            "acme.yaml: schema_version must be 1",
            "acme.yaml: key must be snake_case, start with a letter, have at most 50 characters and be no reserved word",
            "acme.yaml: display_name is required",
            "acme.yaml: verification must be one of draft, documented, simulated, not \"certain\"",
            "acme.yaml: authorization_endpoint must be an absolute https URL without user or fragment (http on loopback in development only), not \"http://acme.example.com/authorize\"",
            "acme.yaml: token_endpoint must be an absolute https URL without user or fragment (http on loopback in development only), not \"/token\"",
            "acme.yaml: revocation_endpoint must be one text, not a list or mapping",
            "acme.yaml: jwks_uri must be an absolute https URL without user or fragment (http on loopback in development only), not \"https://acme.example.com/jwks#x\"",
            "acme.yaml: client_authentication must be one of basic, basic_raw, post, json, none, private_key_jwt, not \"BASIC\"",
            "acme.yaml: token_request must be one of form, json, not \"xml\"",
            "acme.yaml: pkce must be true or false, not \"maybe\"",
            "acme.yaml: iss must be one of if_present, required, ignored, not \"sometimes\"",
            "acme.yaml: response_mode must be query or form_post, not \"fragment\"",
            "acme.yaml: default_scopes must be a list of texts",
            "acme.yaml: scopes: a: colour is not a member of the schema",
            "acme.yaml: scopes: b: display_name is required",
            "acme.yaml: scopes: b: required must be true or false, not \"perhaps\"",
            "acme.yaml: scopes: c must be a mapping",
            "acme.yaml: authorization_parameters must be a mapping of texts",
            "acme.yaml: token_parameters must be a mapping of texts",
            "acme.yaml: revocation_scope must be one of token, grant, project, not \"everything\"",
            "acme.yaml: account: source must be one of id_token, userinfo, token_response, none, not \"guess\"",
            "acme.yaml: account: shoe_size is not a member of the schema",
            "acme.yaml: code_lifetime_seconds must be a whole number from 10 to 3600, not \"5\"",
            "acme.yaml: variables: tenant: kind must be one of label, choice, host, not \"text\"",
            "acme.yaml: variables: tenant: minimum is not a member of the schema",
            "acme.yaml: tokn_endpoint is not a member of the schema",
            "acme.yaml: account reads the id_token, but jwks_uri is missing",
        ], ignoreOrder: true);

    [Theory]
    [InlineData("state"), InlineData("client_id"), InlineData("redirect_uri"), InlineData("response_type"), InlineData("scope"), InlineData("code_challenge"), InlineData("code_challenge_method"), InlineData("nonce"), InlineData("response_mode"), InlineData("login_hint")]
    public void A_parameter_of_ours_cannot_be_sent_twice(string name) =>
        Faults($"{Good}\nauthorization_parameters: {{ {name}: x, prompt: consent }}").Single().ShouldBe($"acme.yaml: authorization_parameters must not name {name}, which is sent already");

    [Theory]
    [InlineData("start"), InlineData("providers"), InlineData("health"), InlineData("analytics"), InlineData("callback"), InlineData("connect"), InlineData("Acme"), InlineData("1acme"), InlineData("_acme"), InlineData("acme-corp"), InlineData("acme corp"), InlineData("../acme"), InlineData("\"acme\\n\"")]
    [InlineData("a23456789012345678901234567890123456789012345678901")]
    public void A_key_that_is_a_route_or_no_word_is_refused(string key) => Faults(Good.Replace("key: acme", $"key: {key}", StringComparison.Ordinal)).Single().ShouldStartWith("acme.yaml: key must be snake_case");

    [Theory]
    [InlineData("http://localhost:8100/t", true, true), InlineData("http://127.0.0.1:8100/t", true, true), InlineData("http://[::1]/t", true, true), InlineData("http://localhost:8100/t", false, false), InlineData("http://acme.example.com/t", true, false)]
    [InlineData("https://user:pw@acme.example.com/t", true, false), InlineData("ftp://acme.example.com/t", true, false), InlineData("https://acme.example.com/t?x=1", false, true), InlineData("javascript:alert(1)", true, false)]
    public void An_endpoint_speaks_http_on_loopback_in_development_only(string address, bool development, bool accepted)
    {
        var faults = new List<string>();
        SomeManifest.Read(Good.Replace("https://acme.example.com/token", address, StringComparison.Ordinal), faults, development);
        (faults.Count == 0).ShouldBe(accepted, string.Join('\n', faults));
        string.Join('\n', faults).ShouldNotContain("pw");
    }

    [Theory]
    [InlineData("http://acme.example.com", false), InlineData("http://localhost:8100", false), InlineData("/etc/passwd", false), InlineData("file:///etc/passwd", false), InlineData("acme", false), InlineData("https://acme.example.com", true), InlineData("https://acme.example.com/realms/x", true)]
    public void An_issuer_that_is_discovered_is_an_https_address(string issuer, bool accepted)
    {
        var faults = new List<string>();
        SomeManifest.Read($"schema_version: 1\nkey: acme\ndisplay_name: Acme\ndiscovery: true\nissuer: {issuer}\n", faults);
        (faults.Count == 0).ShouldBe(accepted, string.Join('\n', faults));
    }

    [Theory]
    [InlineData("iss: required", "iss cannot be required without an issuer"), InlineData("account: { source: id_token }", "account reads the id_token, but jwks_uri is missing")]
    public void Members_that_contradict_each_other_are_refused(string line, string fault) =>
        Faults(Good.Replace("account: { source: userinfo }", line, StringComparison.Ordinal)).ShouldContain($"acme.yaml: {fault}");

    [Theory]
    [InlineData(""), InlineData("[]"), InlineData("text"), InlineData("a: 1\n---\nb: 2"), InlineData("a: [1"), InlineData("a: 1\na: 2"), InlineData("? [a, b]\n: c"), InlineData("a: { ? { b: c } : d }"), InlineData("a: *nowhere")]
    [InlineData("&a [*a]: b"), InlineData("a: { ? &a [*a] : b }"), InlineData("a: { b: { c\n  d }\ne: { f: 1 }"), InlineData("scopes:\n  b; { n: \"e\":-1}\nr: { p: g, c: 30 &}\n")]
    [InlineData("a: &x { b: *x }"), InlineData("a: [[[[[[[[[[[[1]]]]]]]]]]]]")]
    public void What_is_no_single_mapping_is_one_fault_and_no_crash(string yaml)
    {
        var faults = new List<string>();
        ManifestTree.Parse(yaml, "acme.yaml", faults).ShouldBeNull();
        faults.Single().ShouldStartWith("acme.yaml: ");
    }

    [Theory]
    [InlineData("{ profile: grace }"), InlineData("{ profile: strict, grace_seconds: 5 }"), InlineData("{ grace_seconds: 5 }")]
    public void Seconds_of_grace_belong_to_the_profile_grace(string rotation) =>
        Faults($"{Good}\nrotation: {rotation}").Single().ShouldBe("acme.yaml: rotation: grace_seconds belongs to the profile grace, and only to it");

    [Theory]
    [InlineData("{ nonce: \"\", state: s }", null), InlineData("{ state: \"\" }", "must not leave state out: the answer is bound by it"), InlineData("{ redirect_uri: \"\" }", "must not leave redirect_uri out: the answer is bound by it")]
    [InlineData("{ code_challenge: \"\" }", "must not leave code_challenge out: the answer is bound by it"), InlineData("{ prompt: x }", "names prompt, which the request does not send")]
    public void A_parameter_may_have_another_name_but_what_binds_the_answer_stays(string names, string? fault)
    {
        var faults = new List<string>();
        SomeManifest.Read($"{Good}\nauthorization_names: {names}", faults);
        faults.ShouldBe(fault is null ? [] : [$"acme.yaml: authorization_names {fault}"]);
    }

    [Fact]
    public void Events_say_how_they_are_signed_and_which_of_them_end_a_grant()
    {
        SomeManifest.Read($"{Good}\nevents: {{ type: data.eventType, account: id, ends: [gone] }}").Events.ShouldNotBeNull().ShouldSatisfyAllConditions(
            events => events.Algorithm.ShouldBe("RS256"), events => events.Time.ShouldBe("iat"), events => events.Issuer.ShouldBeNull(), events => events.Ends.ShouldBe(["gone"]));
        Faults($"{Good}\nevents: {{ algorithm: HS256, type: t }}").ShouldBe(
            ["acme.yaml: events: algorithm must be one of RS256, PS256, ES256, not \"HS256\"", "acme.yaml: events: account is required", "acme.yaml: events: ends is required"], ignoreOrder: true);
    }

    [Fact]
    public void A_live_check_belongs_to_a_provider_without_refreshes_and_names_the_words()
    {
        var check = SomeManifest.Read($"{Good}\nrefresh: false\nlive_check: {{ void: [gone] }}").LiveCheck.ShouldNotBeNull();
        (check.Error, string.Join(' ', check.Void), check.Every).ShouldBe(("error", "gone", TimeSpan.FromHours(24)));
        var nameless = Good.Replace("userinfo_endpoint: https://acme.example.com/me\n", "", StringComparison.Ordinal).Replace("account: { source: userinfo }", "account: { source: none }", StringComparison.Ordinal);
        Faults($"{nameless}\nlive_check: {{ every_hours: 0 }}").ShouldBe(
            [
                "acme.yaml: live_check: every_hours must be a whole number from 1 to 720, not \"0\"", "acme.yaml: live_check: void is required",
                "acme.yaml: live_check belongs to a provider that gives no refresh token: a refresh shows more", "acme.yaml: live_check calls the userinfo endpoint, but userinfo_endpoint is missing",
            ], ignoreOrder: true);
    }

    [Theory]
    [InlineData(400, """{"error":"invalid_token"}""", true), InlineData(401, """{"error":"invalid_token"}""", true), InlineData(400, """{"error":"invalid_request"}""", false)]
    [InlineData(403, """{"error":"invalid_token"}""", false), InlineData(500, """{"error":"invalid_token"}""", false), InlineData(200, """{"error":"invalid_token"}""", false)]
    [InlineData(400, """{"error":{"code":"invalid_token"}}""", false), InlineData(400, """["invalid_token"]""", false), InlineData(400, "invalid_token", false), InlineData(401, "", false)]
    public void A_token_is_void_only_when_the_answer_says_so_in_its_word(int status, string body, bool isVoid) =>
        new LiveCheck("error", ["invalid_token"], TimeSpan.FromHours(24)).IsVoid((System.Net.HttpStatusCode)status, "application/json", System.Text.Encoding.UTF8.GetBytes(body)).ShouldBe(isVoid);

    [Theory]
    [InlineData("", 600), InlineData("instance_lifetime_seconds: 60", 60), InlineData("instance_lifetime_seconds: 0", null)]
    public void A_signed_instance_is_good_for_ten_minutes_unless_the_manifest_says_otherwise(string line, int? seconds) =>
        SomeManifest.Read($"{Good}\n{line}").InstanceLifetime.ShouldBe(seconds is { } some ? TimeSpan.FromSeconds(some) : null);

    [Fact]
    public void A_fault_of_the_form_names_its_line() => Faults("schema_version: 1\nkey: acme\nkey: acme2\n").Single().ShouldContain("line 3");

    private static string With(string kind, string more = "") => $$$"""
        schema_version: 1
        key: acme
        display_name: Acme
        authorization_endpoint: https://{{{(kind == "host" ? "{place}" : "acme.example.com")}}}/{{{(kind == "host" ? "" : "{place}/")}}}authorize
        token_endpoint: https://{{{(kind == "host" ? "{place}" : "acme.example.com")}}}/{{{(kind == "host" ? "" : "{place}/")}}}token
        account: { source: none }
        variables: { place: { kind: {{{kind}}}{{{more}}} } }
        """;

    [Theory]
    [InlineData("label", "common", true), InlineData("label", "contoso.onmicrosoft.com", true), InlineData("label", "72f988bf-86f1-41af-91ab-2d7cd011db47", true), InlineData("label", "a/b", false), InlineData("label", "..", false), InlineData("label", "a@b", false), InlineData("label", "a:b", false), InlineData("label", "-a", false), InlineData("label", "a b", false), InlineData("label", "a?b", false), InlineData("label", "a\n", false), InlineData("label", "", false)]
    [InlineData("host", "git.example.com", true), InlineData("host", "git.example.com:3000", true), InlineData("host", "git.example.com/x", false), InlineData("host", "a@git.example.com", false), InlineData("host", "git.example.com#", false), InlineData("host", "https://git.example.com", false), InlineData("host", "git.example.com\n", false)]
    [InlineData("choice", "eu", true), InlineData("choice", "us", true), InlineData("choice", "EU", false), InlineData("choice", "evil", false)]
    public void A_variable_takes_what_its_kind_allows(string kind, string value, bool fits)
    {
        var faults = new List<string>();
        var read = SomeManifest.Read(With(kind, kind == "choice" ? ", values: [eu, us]" : ""), faults, false, ("place", value));
        if (fits)
            read.ShouldNotBeNull(string.Join('\n', faults)).TokenEndpoint!.AbsoluteUri.ShouldContain($"/{value}/");
        else
            faults.ShouldContain($"acme.yaml: variables: place has a value that its kind {kind} does not allow");
    }

    [Fact]
    public void A_default_stands_in_for_a_value()
    {
        Read(With("label", ", default: common")).TokenEndpoint!.AbsolutePath.ShouldBe("/common/token");
        Read(With("label", ", default: common"), ("place", "contoso")).TokenEndpoint!.AbsolutePath.ShouldBe("/contoso/token");
    }

    [Theory]
    [InlineData("label"), InlineData("host")]
    public void A_variable_without_a_value_is_missing_and_no_fault(string kind) => Read(With(kind)).UnsetVariables.ShouldBe(["place"]);

    [Fact]
    public void A_brace_that_names_no_variable_stays() =>
        Read(Good + "\nissuer: https://acme.example.com/{tenantid}/v2.0").Issuer.ShouldBe("https://acme.example.com/{tenantid}/v2.0");

    [Fact]
    public void The_console_may_stand_below_the_issuer()
    {
        Read(Good + "\nissuer: https://id.example.com\nconsole_url: '{issuer}/admin'\n").ConsoleUrl!.AbsoluteUri.ShouldBe("https://id.example.com/admin");
        Read(Good + "\nconsole_url: '{issuer}/admin'\n").ConsoleUrl.ShouldBeNull();
        Faults(Good + "\nconsole_url: 'javascript:alert(1)'\n").Single().ShouldContain("console_url must be an absolute http or https URL");
    }

    [Fact]
    public void Forms_of_ids_and_secrets_match_as_a_whole_and_in_linear_time()
    {
        var read = Read(Good + "\nclient_id_pattern: 'a|b'\n");
        (read.ClientIdPattern!.IsMatch("a"), read.ClientIdPattern.IsMatch("ab"), read.ClientIdPattern.IsMatch("a\n")).ShouldBe((true, false, false));
        Faults(Good + "\nclient_id_pattern: '('\nclient_secret_pattern: '(?=a)'\n").Count.ShouldBe(2);
    }
}
