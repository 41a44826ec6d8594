using Grantkeeper;
using Grantkeeper.Client;
using Microsoft.AspNetCore.DataProtection;
using OnboardingApp;

var builder = WebApplication.CreateBuilder(args);

// The application's own sign-in. Grantkeeper finds the user in the claim "sub". Lax: the way back from a platform comes with
// the session, a form of another site without it.
builder.Services.AddAuthentication("cookie").AddCookie("cookie", cookie =>
{
    cookie.Cookie.SameSite = SameSiteMode.Lax;
    cookie.LoginPath = "/";
});
builder.Services.AddAuthorization();
builder.Services.AddRazorComponents();

// Several nodes of one deployment read each other's cookies.
if (builder.Configuration["DataProtection:Path"] is { } keys)
    builder.Services.AddDataProtection().SetApplicationName("Fernway").PersistKeysToFileSystem(new DirectoryInfo(keys));

// Grantkeeper, and a client for each API that goes through the signed-in user's account.
builder.Services.AddGrantkeeper(builder.Configuration);
builder.Services.AddHttpContextAccessor();
builder.Services.AddSingleton<IConnectedAccountUser, SignedInUser>();
builder.Services.AddScoped<PlatformStep>().AddScoped<FeatureRoutes>();
builder.Services.AddHttpClient<SearchConsole>(http => http.BaseAddress = new Uri(builder.Configuration["SearchConsole:Url"]!)).AddConnectedAccount("gsc");
builder.Services.AddHttpClient<Calendars>(http => http.BaseAddress = new Uri(builder.Configuration["Calendar:Url"]!)).AddConnectedAccount("google");

var app = builder.Build();
app.UseAuthentication();
app.UseAuthorization();
app.MapGrantkeeper();
SignIn.Map(app);
PlatformStep.Map(app);
FeatureRoutes.Map(app);
app.MapGet("/app.css", () => Results.File(Path.Combine(AppContext.BaseDirectory, "app.css"), "text/css"));
app.Run();
