using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Worker;

#region snippet client.worker
// Settings stand next to the program; the working directory is the caller's.
var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Services.AddGrantkeeperClient(builder.Configuration.GetSection("Grantkeeper").Bind);
builder.Services.AddHttpClient<Calendar>(http => http.BaseAddress = new Uri(builder.Configuration["Calendar:Url"]!))
    .AddConnectedAccount("sandbox", "calendar.readonly");
builder.Services.Configure<DigestOptions>(builder.Configuration.GetSection("Digest"));
builder.Services.AddHostedService<Digest>();
await builder.Build().RunAsync();
#endregion
