namespace OnboardingApp.Pages;

/// <summary>How a user is greeted.</summary>
internal static class PersonName
{
    public static string Of(string id) => char.ToUpperInvariant(id[0]) + id[1..];
}
