using System.Buffers.Text;
using System.Security.Cryptography;

namespace Grantkeeper.Launcher;

/// <summary>Files that only their owner may read: keys and passwords of a development set-up.</summary>
internal static class SecretFile
{
    /// <summary>A random value of 256 bits that needs no escaping in a URL, a header or SQL: 43 base64url characters.</summary>
    public static string NewSecret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>Writes the file as a whole, with mode 0600, and puts it in place in one step.</summary>
    public static void Write(string path, string content)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var unfinished = path + ".new";
        File.Delete(unfinished);
        using (var stream = new FileStream(unfinished, options))
        using (var writer = new StreamWriter(stream))
            writer.Write(content);
        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>Reads the secret that the file holds; creates it the first time.</summary>
    public static string ReadOrCreate(string path, Func<string> create)
    {
        if (!File.Exists(path))
            Write(path, create() + "\n");
        var secret = File.ReadAllText(path).Trim();
        return secret.Length > 0
            ? secret
            : throw new LaunchException($"{path} is empty. Delete it to have a new one made, or put the lost value back.");
    }
}
