using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Grantkeeper.Egress;
using Grantkeeper.Encryption;
using Grantkeeper.Failpoints;
using Grantkeeper.Http;
using Grantkeeper.Jwt;
using Grantkeeper.OAuth;
using Grantkeeper.Prove.Simulator;
using Grantkeeper.Providers;
using Grantkeeper.Spool;
using Grantkeeper.Storage;
using Grantkeeper.Tokens;

namespace Grantkeeper.Prove;

/// <summary>
/// Everything that strangers' bytes reach, fed with mutations of good input: it must not throw, not hang, and not take what
/// was changed for what it was.
/// </summary>
internal sealed class FuzzCampaign : ICampaign
{
    private const int QuickCases = 1_100_000;
    private const int FullCases = 11_000_000;
    private static readonly TimeSpan LongestCase = TimeSpan.FromSeconds(1);

    private static readonly SecretBox Box = MakeBox();
    private static readonly byte[] Salt = SHA256.HashData("salt"u8);
    private static readonly SealContext Place = new("oauth_tokens.refresh_token", "user", Guid.Empty, 1, 1);
    private static readonly string Sealed = Box.Seal(new Secret("the secret"), Place, Salt);
    private static readonly byte[] Slots = MakeSlots();

    /// <summary>Words that parsers have branches for.</summary>
    private static readonly string[] Words =
    [
        "\"error\":\"invalid_grant\"", "\"access_token\":\"at\"", "\"expires_in\":1e308", "\"expires_in\":-1", "null", "[]", "{}", "\\u0000", "\\ud800", "\"scope\":[\"a\",1]", "é", "\r\n", "%00", "%", "..",
        "Mon, 99 Feb 2026 00:00:00 GMT", "99999999999999999999", "gk1.", "gks1", "=", "&", "@", ":", ",", "eyJhbGciOiJub25lIn0.", "rotation: {", "- ", "&a [*a,*a]", "!!binary", "<!DOCTYPE html>",
    ];

    private static readonly (string Name, string[] Seeds, Func<byte[], string?> Case)[] Targets =
    [
        ("token answers", ["""{"access_token":"at","token_type":"Bearer","expires_in":3600,"refresh_token":"rt","scope":"a b"}""", """{"error":"invalid_client","error_description":"no"}""", "access_token=at&expires_in=60"], Token),
        ("revocation answers", ["""{"error":"unsupported_token_type"}""", "", "<html></html>"], Revocation),
        ("discovery documents", ["""{"issuer":"https://i.example","authorization_endpoint":"https://i.example/a","token_endpoint":"https://i.example/t","jwks_uri":"https://i.example/j"}"""], Discovery),
        ("id tokens of refreshes", ["e30.eyJzdWIiOiJhIn0.c2ln"], IdToken),
        ("JSON of tokens", ["""{"sub":"a","aud":["b"],"exp":1,"nested":{"a":[1,2,{"b":null}]}}"""], Json),
        ("sealed texts", [Sealed], SealedText),
        ("spool records", ["""{"user_id":"u","integration_id":"00000000-0000-0000-0000-000000000001","provider":"p","epoch":1,"generation":1,"access_token":"a","refresh_token":"r","expires_at":null,"scopes":"a","sent_at":"2026-01-01T00:00:00Z","duration_ms":1}"""], Record),
        ("spool files", [Convert.ToBase64String(Slots)], Spool),
        ("manifests", ["schema_version: 1\nkey: a\ndisplay_name: A\nscopes:\n  b: { display_name: B }\nrotation: { profile: grace, grace_seconds: 30 }\n"], Manifest),
        ("dates and waits", ["Wed, 21 Oct 2026 07:28:00 GMT", "120"], Dates),
        ("scopes, cursors, addresses, failpoints", ["a b,c", "postgresql://u:p@h:1/d?sslmode=require", "refresh.leased=pause:1@2"], Texts),
    ];

    public string Name => "fuzz";

    public async Task<IReadOnlyList<Proof>> Run(Effort effort, ulong firstSeed, TextWriter output)
    {
        var each = (effort == Effort.Quick ? QuickCases : FullCases) / Targets.Length;
        var proofs = new List<Proof>();
        foreach (var (name, seeds, target) in Targets)
        {
            var found = new List<string>();
            var longest = TimeSpan.Zero;
            await Task.WhenAll(Enumerable.Range(0, Environment.ProcessorCount).Select(worker => Task.Run(() =>
            {
                var dice = new Dice(firstSeed + ((ulong)worker << 32));
                for (var number = worker; number < each && found.Count < 5; number += Environment.ProcessorCount)
                {
                    var input = name == "spool files" ? Mutate(Convert.FromBase64String(seeds[0]), dice) : Mutate(Encoding.UTF8.GetBytes(dice.Of(seeds)), dice);
                    var began = Stopwatch.GetTimestamp();
                    var fault = Try(target, input);
                    var took = Stopwatch.GetElapsedTime(began);
                    lock (found)
                    {
                        longest = took > longest ? took : longest;
                        if (fault is not null)
                            found.Add($"{fault}\n    input (base64): {Convert.ToBase64String(input.AsSpan(0, Math.Min(input.Length, 3000)))}");
                    }
                }
            })));
            foreach (var fault in found)
                await output.WriteLineAsync($"{name}: {fault}");
            proofs.Add(new Proof("fuzz", name, found.Count == 0 && longest < LongestCase, $"{each:N0} cases, the longest {longest.TotalMilliseconds:0} ms"));
        }

        return proofs;
    }

    private static string? Try(Func<byte[], string?> target, byte[] input)
    {
        try
        {
            return target(input);
        }
        catch (Exception exception)
        {
            return exception.ToString();
        }
    }

    private static byte[] Mutate(byte[] seed, Dice dice)
    {
        var bytes = seed.ToList();
        for (var changes = dice.Between(0, 6); changes > 0; changes--)
        {
            var at = bytes.Count == 0 ? 0 : dice.Below(bytes.Count);
            switch (dice.Below(7))
            {
                case 0 when bytes.Count > 0:
                    bytes[at] ^= (byte)(1 << dice.Below(8));
                    break;
                case 1 when bytes.Count > 0:
                    bytes[at] = (byte)dice.Below(256);
                    break;
                case 2 when bytes.Count > 0:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, dice.Between(1, 20)));
                    break;
                case 3:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(dice.Of(Words)));
                    break;
                case 4 when bytes.Count > 0:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, dice.Between(1, 40))));
                    break;
                case 5:
                    bytes.InsertRange(at, Enumerable.Repeat((byte)dice.Of("[{(\"'0 a%".ToCharArray()), dice.Between(1, 300)));
                    break;
                default:
                    bytes.Insert(at, (byte)dice.Below(256));
                    break;
            }
        }

        return [.. bytes];
    }

    private static string? Token(byte[] input)
    {
        foreach (var status in (int[])[200, 400, 401, 503])
        {
            foreach (var type in (string?[])["application/json", "application/x-www-form-urlencoded", null])
            {
                var isGood = OAuth.TokenEndpoint.Judge(status, type, input, null, " ", out var response, out var failure);
                if (isGood != response is not null || isGood == failure is not null)
                    return "neither an answer nor a failure, or both";
                if (failure is { Kind: TokenFailureKind.Rejected, Error: "invalid_client" or "unauthorized_client" })
                    return "a refused client condemns a grant";
                if (status is 503 && failure?.Kind != TokenFailureKind.Transient)
                    return "a 503 is read as something else";
            }
        }

        return null;
    }

    private static string? Revocation(byte[] input)
    {
        foreach (var status in (int[])[200, 400, 503])
            RevocationEndpoint.Judge(status, "application/json", input);
        return null;
    }

    private static string? Discovery(byte[] input)
    {
        var metadata = ServerMetadata.Read(input, "https://i.example", out _);
        return metadata is null || metadata.Issuer == "https://i.example" ? null : "another issuer was accepted";
    }

    private static string? IdToken(byte[] input)
    {
        var manifest = new ProviderManifest { Key = "p", DisplayName = "P", Account = new AccountMembers(AccountSource.IdToken, ["sub"], [], "name", "picture") };
        var integration = new Integrations.Integration { UserId = "u", Id = Guid.Empty, Provider = "p", AccountId = "a" };
        var provider = new Provider(manifest, new ClientRegistration("c", default, null), ClientOrigin.None, [], []);
        RefreshedAccount.IsAnother(provider, integration, new TokenResponse { AccessToken = new Secret("at"), IdToken = new Secret(Encoding.UTF8.GetString(input)) });
        return null;
    }

    private static string? Json(byte[] input)
    {
        _ = JwtJson.Object(input, out _);
        return null;
    }

    private static string? SealedText(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        return Box.Open(text, Place, Salt) is null == (text != Sealed) ? null : "a changed text opened, or the right one did not";
    }

    private static string? Record(byte[] input)
    {
        _ = SpooledAnswer.Read(new SpoolRecord(Guid.Empty, new Secret(Encoding.UTF8.GetString(input))));
        return null;
    }

    private static string? Spool(byte[] input)
    {
        using var file = SpoolFile.Open(new BytesOfDisk(input), Box);
        foreach (var slot in file?.ReadAll() ?? [])
        {
            if (slot.Record is { } record && record.Answer.Reveal() != "answer")
                return "a changed answer was read";
        }

        return null;
    }

    private static string? Manifest(byte[] input)
    {
        var faults = new List<string>();
        var tree = ManifestTree.Parse(Encoding.UTF8.GetString(input), "fuzz.yaml", faults);
        if (tree is null && faults.Count == 0)
            return "refused without a word";
        if (tree is not null)
            ManifestReader.Read(tree, "fuzz.yaml", new Dictionary<string, string>(), false, faults);
        return null;
    }

    private static string? Dates(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        _ = HttpDates.Parse(text);
        return HttpDates.RetryAfter(text, DateTimeOffset.UnixEpoch) is { } wait && (wait < TimeSpan.Zero || wait > TimeSpan.FromDays(1)) ? $"a wait of {wait}" : null;
    }

    private static string? Texts(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        _ = ScopeSet.Parse(text, ",");
        _ = Cursor.Read(text, text);
        _ = DatabaseUrl.Parse(text);
        _ = DatabaseUrl.Shown(text);
        _ = FailpointPlan.Read(text, []);
        return null;
    }

    private static SecretBox MakeBox()
    {
        var keys = new KeyRing();
        keys.Use(new Dictionary<int, byte[]> { [1] = new byte[32] });
        return new SecretBox(keys);
    }

    private static byte[] MakeSlots()
    {
        var disk = new BytesOfDisk([]);
        using (var file = SpoolFile.Open(disk, Box)!)
        {
            file.ReadAll();
            for (var index = 0; index < 2; index++)
                file.Keep(file.Reserve()!.Value, new SpoolRecord(Guid.NewGuid(), new Secret("answer"))).GetAwaiter().GetResult();
        }

        return disk.Bytes;
    }

    /// <summary>A disk in memory; beyond its end there is nothing.</summary>
    private sealed class BytesOfDisk(byte[] bytes) : ISpoolDisk
    {
        public byte[] Bytes { get; private set; } = bytes;

        public long Length => Bytes.Length;

        public int Read(Span<byte> into, long offset)
        {
            if (offset >= Bytes.Length)
                return 0;
            var count = (int)Math.Min(into.Length, Bytes.Length - offset);
            Bytes.AsSpan((int)offset, count).CopyTo(into);
            return count;
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            if (offset + bytes.Length > Bytes.Length)
            {
                var grown = new byte[offset + bytes.Length];
                Bytes.CopyTo(grown, 0);
                Bytes = grown;
            }

            bytes.CopyTo(Bytes.AsSpan((int)offset));
        }

        public void Flush()
        {
            // Memory is always there.
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
