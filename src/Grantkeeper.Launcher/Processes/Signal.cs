using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Grantkeeper.Launcher.Processes;

/// <summary>Asks a process to end in good order.</summary>
internal static class Signal
{
    private const int SigTerm = 15;

    /// <summary>Sends SIGTERM. Windows has no such thing; there the console's own Ctrl-C has reached the process already.</summary>
    public static void Terminate(Process process)
    {
        if (!OperatingSystem.IsWindows() && !process.HasExited)
            _ = Kill(process.Id, SigTerm);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
