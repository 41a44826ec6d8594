namespace Grantkeeper.Settings;

/// <summary><c>Grantkeeper:Brand</c>: how the connect page looks to the product's users.</summary>
public sealed record BrandOptions
{
    /// <summary><c>Name</c>: what users call the product; at most 60 characters. Default: the host of FRONTEND_URL.</summary>
    public string? Name { get; init; }

    /// <summary><c>LogoUrl</c>: an https address of a picture. Default: none.</summary>
    public Uri? LogoUrl { get; init; }

    /// <summary><c>LogoFile</c>: a PNG, JPEG, WebP or SVG file of at most 256 KiB, served by Grantkeeper itself. Default: none.</summary>
    public string? LogoFile { get; init; }

    /// <summary>
    /// <c>Color</c>: #rgb or #rrggbb. Buttons and links bear it, made darker (or lighter, on dark screens) until they are
    /// readable: 4.5 to 1 (WCAG 2.2, 1.4.3). Default: Grantkeeper's green.
    /// </summary>
    public string? Color { get; init; }
}
