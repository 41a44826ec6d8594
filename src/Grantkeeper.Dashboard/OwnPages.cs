using Grantkeeper.Settings;

namespace Grantkeeper.Dashboard;

/// <summary>Whether a finished connection can lead back to these pages.</summary>
internal static class OwnPages
{
    /// <summary>return_to leads to FRONTEND_URL; the pages are there only when both names are one origin.</summary>
    public static bool AreReturnedTo(GrantkeeperOptions options) =>
        options.FrontendUrl.GetLeftPart(UriPartial.Authority) == options.PublicUrl.GetLeftPart(UriPartial.Authority);

    /// <summary>Where the provider's pages open: here when they lead back here, else in a tab of their own.</summary>
    public static string? ConnectTarget(GrantkeeperOptions options) => AreReturnedTo(options) ? null : "_blank";
}
