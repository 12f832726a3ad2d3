using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Pulse.Host.Api;
using Pulse.Host.Configuration;
using Pulse.Host.Telemetry;

namespace Pulse.Host.Access;

/// <summary>Who may read, how often, and what a browser may do with the pages.</summary>
internal static class AccessControl
{
    public const string LoginPath = "/login";

    private const string ByRequest = "ByRequest";
    private const int LoginAttemptsPerMinute = 20;
    private static readonly TimeSpan SignedIn = TimeSpan.FromHours(12);

    public static void AddAccessControl(this IServiceCollection services, HttpSettings http, string keyDirectory)
    {
        services.AddSingleton(http);
        // Kept, so that a page that was open before a restart still may post its form.
        services.AddDataProtection().SetApplicationName("Pulse").PersistKeysToFileSystem(new DirectoryInfo(keyDirectory));
        services.AddAntiforgery();
        services.AddRateLimiter(limits =>
        {
            limits.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context => IsLogin(context)
                ? RateLimitPartition.GetFixedWindowLimiter("login " + Client(context), _ => new FixedWindowRateLimiterOptions
                {
                    PermitLimit = LoginAttemptsPerMinute,
                    Window = TimeSpan.FromMinutes(1),
                })
                : RateLimitPartition.GetTokenBucketLimiter(Client(context), _ => new TokenBucketRateLimiterOptions
                {
                    TokenLimit = 2 * http.RequestsPerSecond,
                    TokensPerPeriod = Math.Max(1, http.RequestsPerSecond / 10),
                    ReplenishmentPeriod = TimeSpan.FromSeconds(1.0 / Math.Min(10, http.RequestsPerSecond)),
                    QueueLimit = 0,
                    AutoReplenishment = true,
                }));
            limits.OnRejected = (context, token) => new ValueTask(ApiProblem.TooMany(
                $"More than {http.RequestsPerSecond} requests a second; wait a second, or raise Pulse:Http:RequestsPerSecond.")
                .ExecuteAsync(context.HttpContext));
        });

        services.AddCascadingAuthenticationState();
        services.AddAuthorization(authorization => authorization.FallbackPolicy = http.IsProtected
            ? new AuthorizationPolicyBuilder(ByRequest).RequireAuthenticatedUser().Build()
            : null);
        AddSchemes(services, http);
    }

    public static void UseAccessControl(this WebApplication application)
    {
        application.UseMiddleware<SecurityHeaders>();
        application.UseRateLimiter();
        application.UseAuthentication();
        application.UseAuthorization();
        application.UseAntiforgery();
    }

    public static void MapAccessControl(this WebApplication application)
    {
        if (application.Services.GetRequiredService<HttpSettings>().OpenIdConnect is not null)
            application.MapGet("/signin", () => Results.Challenge(
                    new AuthenticationProperties { RedirectUri = "/" }, [OpenIdConnectDefaults.AuthenticationScheme]))
                .AllowAnonymous().ExcludeFromDescription();
        application.MapPost("/logout", async (HttpContext context) =>
        {
            await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
            return Results.LocalRedirect(LoginPath);
        }).ExcludeFromDescription();
    }

    /// <summary>Signs a person in who typed the key.</summary>
    public static Task SignInAsync(HttpContext context) => context.SignInAsync(
        CookieAuthenticationDefaults.AuthenticationScheme,
        ApiKeyHandler.Principal(CookieAuthenticationDefaults.AuthenticationScheme),
        new AuthenticationProperties { IsPersistent = true, ExpiresUtc = DateTimeOffset.UtcNow + SignedIn });

    private static void AddSchemes(IServiceCollection services, HttpSettings http)
    {
        var authentication = services.AddAuthentication(ByRequest)
            .AddPolicyScheme(ByRequest, null, scheme =>
            {
                scheme.ForwardDefaultSelector = context => ApiKeyHandler.HasKey(context.Request)
                    ? ApiKeyHandler.SchemeName
                    : CookieAuthenticationDefaults.AuthenticationScheme;
                scheme.ForwardChallenge = CookieAuthenticationDefaults.AuthenticationScheme;
            })
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null)
            .AddCookie(cookie =>
            {
                cookie.Cookie.Name = "pulse";
                cookie.Cookie.HttpOnly = true;
                cookie.Cookie.SameSite = SameSiteMode.Lax;
                cookie.LoginPath = LoginPath;
                cookie.ExpireTimeSpan = SignedIn;
                cookie.Events.OnRedirectToLogin = context => ChallengeAsync(context, http);
                cookie.Events.OnRedirectToAccessDenied = context => ChallengeAsync(context, http);
            });
        if (http.OpenIdConnect is not { } provider)
            return;

        authentication.AddOpenIdConnect(oidc =>
        {
            oidc.SignInScheme = CookieAuthenticationDefaults.AuthenticationScheme;
            oidc.Authority = provider.Authority;
            oidc.ClientId = provider.ClientId;
            oidc.ClientSecret = provider.ClientSecret;
            oidc.ResponseType = "code";
            oidc.UsePkce = true;
            oidc.MapInboundClaims = false;
            oidc.RequireHttpsMetadata = !new Uri(provider.Authority).IsLoopback;
        });
    }

    // A program gets a status that it understands; a person gets the page where he can say who he is.
    private static async Task ChallengeAsync(RedirectContext<CookieAuthenticationOptions> context, HttpSettings http)
    {
        if (IsForPrograms(context.Request.Path))
            await ApiProblem.Unauthorized().ExecuteAsync(context.HttpContext);
        else if (http.OpenIdConnect is not null && http.ApiKey is null)
            await context.HttpContext.ChallengeAsync(
                OpenIdConnectDefaults.AuthenticationScheme,
                new AuthenticationProperties { RedirectUri = context.Request.PathBase + context.Request.Path });
        else
            context.Response.Redirect(context.RedirectUri);
    }

    private static bool IsForPrograms(PathString path) => path.StartsWithSegments("/api")
        || path.StartsWithSegments("/openapi") || path.StartsWithSegments(TelemetryHosting.MetricsPath);

    // So that nobody can try keys one after the other.
    private static bool IsLogin(HttpContext context) =>
        HttpMethods.IsPost(context.Request.Method) && context.Request.Path == LoginPath;

    private static string Client(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "";
}
