namespace Grantkeeper.Dashboard.Pages;

/// <summary>One operation of the API, for people.</summary>
public sealed record Operation(string Method, string Path, string Summary, string? Permission)
{
    /// <summary>The heading that it stands under.</summary>
    public OperationSection Section => Path switch
    {
        _ when Path.StartsWith("/api/v1/oauth/admin", StringComparison.Ordinal) => new("administration", "Administration"),
        _ when Path.StartsWith("/api/v1/oauth", StringComparison.Ordinal) => new("management", "Management: flows and integrations by id"),
        _ when Path.StartsWith("/oauth", StringComparison.Ordinal) && Path != "/oauth/health" => new("provider-addressed", "A user's account at a provider"),
        _ => new("health", "Health"),
    };
}

/// <summary>A heading of the API page.</summary>
public sealed record OperationSection(string Id, string Title);
