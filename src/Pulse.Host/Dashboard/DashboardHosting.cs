using Microsoft.AspNetCore.Hosting.StaticWebAssets;
using Pulse.Actors.Hosting;
using Pulse.Host.Access;
using Pulse.Host.Api;
using Pulse.Host.Configuration;

namespace Pulse.Host.Dashboard;

/// <summary>Adds the dashboard and the API to a node.</summary>
internal static class DashboardHosting
{
    private const string NotFoundPage = "/not-found";
    private const string WorldFile = "world/world.json";
    private const int LongestBody = 64 * 1024;

    /// <summary>Registers what pages and API need beside the node's own services.</summary>
    /// <param name="builder">The node's builder.</param>
    /// <param name="http">Where and to whom.</param>
    /// <param name="settings">The node's settings.</param>
    /// <param name="keyDirectory">Where the keys of cookies and forms are kept.</param>
    public static void AddDashboard(
        this WebApplicationBuilder builder, HttpSettings http, PulseSettings settings, string keyDirectory)
    {
        // Unpublished, the files lie in the source tree and in packages; a manifest beside the assembly says where.
        StaticWebAssetsLoader.UseStaticWebAssets(builder.Environment, builder.Configuration);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LongestBody;
        });

        builder.Services.AddApi(http, settings, keyDirectory);
        builder.Services.AddSingleton(provider => Countries(provider.GetRequiredService<IWebHostEnvironment>()));
        builder.Services.AddScoped<Redraw>();
        builder.Services.AddRazorComponents().AddInteractiveServerComponents();
    }

    /// <summary>Maps pages and API; after health checks, before the start.</summary>
    public static void MapDashboard(this WebApplication application)
    {
        application.Use(MethodRules.AnswerHeadAsGet);
        // Where nothing has answered; the API's own errors have a body.
        application.UseStatusCodePagesWithReExecute(NotFoundPage);
        application.UseRouting();
        application.MapApi();
        application.MapAccessControl();
        application.MapStaticAssets().AllowAnonymous();
        // The policy of all answers says who may frame a page; a second one would be weaker.
        application.MapRazorComponents<App>()
            .AddInteractiveServerRenderMode(mode =>
            {
                mode.ContentSecurityFrameAncestorsPolicy = null;
                // Small messages to people nearby; the processor's time belongs to counting.
                mode.DisableWebSocketCompression = true;
            });
    }

    private static CountryNames Countries(IWebHostEnvironment environment)
    {
        using var world = environment.WebRootFileProvider.GetFileInfo(WorldFile).CreateReadStream();
        return new CountryNames(world);
    }
}
