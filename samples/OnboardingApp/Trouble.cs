using Grantkeeper.Errors;
using Microsoft.AspNetCore.Http.HttpResults;
using OnboardingApp.Pages;

namespace OnboardingApp;

/// <summary>What went wrong, in Grantkeeper's words for people.</summary>
internal static class Trouble
{
    public static IResult Page(Failure failure) => Page(failure.Code.Title, failure.Message, failure.Code.Status);

    public static IResult Page(string title, string text, int status) => new RazorComponentResult<TroublePage>(new { Title = title, Text = text }) { StatusCode = status };
}
