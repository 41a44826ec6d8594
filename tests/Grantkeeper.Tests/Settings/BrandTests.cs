using Grantkeeper.Settings;

namespace Grantkeeper.Tests.Settings;

[Trait("category", "pages")]
public sealed class BrandTests
{
    private static readonly BrandColor Light = BrandColor.Parse("#f6f7f6")!.Value;
    private static readonly BrandColor Dark = BrandColor.Parse("#18201c")!.Value;

    [Theory]
    [InlineData("#000", 0, 0, 0), InlineData("#fff", 255, 255, 255), InlineData("#0b6e4f", 11, 110, 79), InlineData("#ABCDEF", 171, 205, 239)]
    public void A_color_is_read(string text, byte red, byte green, byte blue) => BrandColor.Parse(text).ShouldBe(new BrandColor(red, green, blue));

    [Theory]
    [InlineData(""), InlineData("red"), InlineData("0b6e4f"), InlineData("#12"), InlineData("#1234"), InlineData("#12345g"), InlineData("#12345678"), InlineData("#fff}"), InlineData("#٣٣٣")]
    public void What_is_no_color_is_refused(string text) => BrandColor.Parse(text).ShouldBeNull();

    [Fact]
    public void Contrast_is_that_of_the_guidelines()
    {
        BrandColor.White.ContrastWith(BrandColor.Black).ShouldBe(21, 0.001);
        BrandColor.White.ContrastWith(BrandColor.White).ShouldBe(1);
        BrandColor.Parse("#767676")!.Value.ContrastWith(BrandColor.White).ShouldBe(4.54, 0.01);
    }

    [Fact]
    public void Every_color_becomes_readable_on_light_and_dark_screens()
    {
        for (var red = 0; red < 256; red += 17)
        {
            for (var green = 0; green < 256; green += 17)
            {
                for (var blue = 0; blue < 256; blue += 17)
                {
                    var color = new BrandColor((byte)red, (byte)green, (byte)blue);
                    foreach (var background in new[] { Light, Dark })
                    {
                        var (shade, tint) = color.ReadableOn(background);
                        shade.ContrastWith(background).ShouldBeGreaterThanOrEqualTo(BrandColor.Readable, color.ToString());
                        shade.ContrastWith(tint).ShouldBeGreaterThanOrEqualTo(BrandColor.Readable, color.ToString());
                        shade.TextOn.ContrastWith(shade).ShouldBeGreaterThanOrEqualTo(BrandColor.Readable, color.ToString());
                    }
                }
            }
        }
    }

    [Fact]
    public void A_color_that_is_readable_stays_as_it_is() => BrandColor.Parse("#0b6e4f")!.Value.ReadableOn(Light).Shade.ToString().ShouldBe("#0b6e4f");

    [Fact]
    public void Brand_is_read()
    {
        var logo = Path.Combine(Directory.CreateTempSubdirectory("gk-brand-").FullName, "logo.svg");
        File.WriteAllText(logo, "<svg xmlns='http://www.w3.org/2000/svg'/>");
        var brand = Read(out var faults, ("Name", " Acme "), ("Color", "#336699"), ("LogoFile", logo))!.Brand;
        faults.ShouldBeEmpty();
        (brand.Name, brand.Color, brand.LogoFile, brand.LogoUrl).ShouldBe(("Acme", "#336699", logo, null));
        Read(out _, ("LogoUrl", "https://cdn.example/logo.png"))!.Brand.LogoUrl.ShouldBe(new Uri("https://cdn.example/logo.png"));
        File.Delete(logo);
    }

    [Fact]
    public void Without_a_brand_the_products_host_is_its_name() => Read(out _)!.BrandName.ShouldBe("app.example.com");

    [Theory]
    [InlineData("Name", "a\nb", "on one line"), InlineData("Name", "0123456789012345678901234567890123456789012345678901234567890", "60 characters")]
    [InlineData("Color", "green", "#rgb or #rrggbb"), InlineData("LogoUrl", "http://cdn.example/l.png", "https"), InlineData("LogoUrl", "logo.png", "https"), InlineData("LogoUrl", "https://a@cdn.example/l.png", "https")]
    [InlineData("LogoFile", "/nowhere/logo.png", "does not exist"), InlineData("LogoFile", "/etc/passwd", "must end in")]
    public void Wrong_brand_stops_the_start(string name, string value, string says)
    {
        Read(out var faults, (name, value)).ShouldBeNull();
        faults.ShouldHaveSingleItem().ShouldContain(says);
    }

    [Fact]
    public void Logo_that_is_too_large_or_given_twice_is_refused()
    {
        var folder = Directory.CreateTempSubdirectory("gk-brand-");
        var logo = Path.Combine(folder.FullName, "logo.png");
        File.WriteAllBytes(logo, new byte[BrandReader.MostLogoBytes + 1]);
        Read(out var faults, ("LogoFile", logo), ("LogoUrl", "https://cdn.example/l.png")).ShouldBeNull();
        faults.Count.ShouldBe(2);
        faults.ShouldContain(fault => fault.Contains("larger than 256 KiB", StringComparison.Ordinal));
        faults.ShouldContain(fault => fault.Contains("both set", StringComparison.Ordinal));
        folder.Delete(recursive: true);
    }

    private static GrantkeeperOptions? Read(out List<string> faults, params (string Name, string Value)[] brand)
    {
        faults = [];
        var changes = brand.Select(entry => ($"Grantkeeper:Brand:{entry.Name}", (string?)entry.Value)).ToArray();
        return OptionsReader.Read(SomeSettings.Configuration(SomeSettings.With(changes)), faults);
    }
}
