using System.Xml.Linq;
using Grantkeeper.Encryption;
using Grantkeeper.Storage;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Grantkeeper.Dashboard.Session;

/// <summary>ASP.NET Core's data-protection keys as sealed rows, so that every node reads every node's cookies.</summary>
internal sealed class SealedKeyRepository(PlatformDatabase platform, SecretBox box, TimeProvider time) : IXmlRepository
{
    private const string Purpose = "data_protection_keys.sealed_xml";

    // The interface is synchronous; keys are read once a day.
    public IReadOnlyCollection<XElement> GetAllElements() => Task.Run(Read).GetAwaiter().GetResult();

    public void StoreElement(XElement element, string friendlyName) => Task.Run(() => Write(element, friendlyName)).GetAwaiter().GetResult();

    private async Task<IReadOnlyCollection<XElement>> Read()
    {
        var rows = await platform.Database.AsService(ServiceReason.Deployment).List(
            "SELECT id, sealed_xml FROM data_protection_keys ORDER BY id", row => (Id: row.GetGuid(0), Text: row.GetString(1)), CancellationToken.None);
        // A key that does not open is as good as none: sessions under it end, new ones get a new key.
        return [.. rows.Select(row => box.Open(row.Text, Context(row.Id), [])).Where(text => text is not null).Select(text => XElement.Parse(text!.Value.Reveal()))];
    }

    private Task<int> Write(XElement element, string friendlyName)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        return platform.Database.AsService(ServiceReason.Deployment).Execute(
            "INSERT INTO data_protection_keys (id, friendly_name, sealed_xml) VALUES ($1, $2, $3)",
            CancellationToken.None, id, friendlyName, box.Seal(new Secret(element.ToString(SaveOptions.DisableFormatting)), Context(id), []));
    }

    private static SealContext Context(Guid id) => new(Purpose, SecretBox.SystemOwner, id);
}
