using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.HttpOverrides;
using Pulse.Host.Api;
using Pulse.Host.Configuration;
using Pulse.Host.Telemetry;

namespace Pulse.Host.Access;

/// <summary>Who may read, how often, and what a browser may do with the pages.</summary>
internal static class AccessControl
{
    public const string LoginPath = "/login";
    public const string LogoutPath = "/logout";

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
        if (application.Services.GetRequiredService<HttpSettings>().IsBehindProxy)
            application.UseForwardedHeaders(FromAnyProxy());
        application.UseMiddleware<SecurityHeaders>();
        application.UseRateLimiter();
        application.UseAuthentication();
        application.UseAuthorization();
        application.UseAntiforgery();
    }

    // Who sets this up says that nobody else can reach the node.
    private static ForwardedHeadersOptions FromAnyProxy()
    {
        var options = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost,
        };
        options.KnownIPNetworks.Clear();
        options.KnownProxies.Clear();
        return options;
    }

    public static void MapAccessControl(this WebApplication application)
    {
        if (application.Services.GetRequiredService<HttpSettings>().OpenIdConnect is not null)
            application.MapGet("/signin", (string? returnUrl) => Results.Challenge(
                    new AuthenticationProperties { RedirectUri = Local(returnUrl) }, [OpenIdConnectDefaults.AuthenticationScheme]))
                .AllowAnonymous().ExcludeFromDescription();
        application.MapPost(LogoutPath, async (HttpContext context) =>
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

    /// <summary>
    /// A place on this node: the address comes from whoever made the link. Browsers take a backslash for a slash and leave out tabs and ends
    /// of lines, so that <c>/\t/evil.example</c> is another host's.
    /// </summary>
    public static string Local(string? address) =>
        address is ['/', not ('/' or '\\'), ..] && !address.Any(char.IsControl) ? address : "/";

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
            // An answer in the address is an ordinary link: no cookie has to pass from site to site, or needs https.
            oidc.ResponseMode = "query";
            oidc.CorrelationCookie.SameSite = SameSiteMode.Lax;
            oidc.CorrelationCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            oidc.NonceCookie.SameSite = SameSiteMode.Lax;
            oidc.NonceCookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            oidc.MapInboundClaims = false;
            oidc.RequireHttpsMetadata = !new Uri(provider.Authority).IsLoopback;
            oidc.Events.OnRemoteFailure = Refuse;
        });
    }

    // Neither a stack trace nor the same question once more: the page where he can try again.
    private static Task Refuse(RemoteFailureContext context)
    {
        context.HttpContext.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(AccessControl))
            .LogWarning(
                "Somebody could not sign in: {Reason}",
                (context.Failure?.GetBaseException().Message ?? "no reason given").ReplaceLineEndings(" "));
        context.Response.Redirect($"{LoginPath}?refused=true");
        context.HandleResponse();
        return Task.CompletedTask;
    }

    // A program gets a status that it understands; a person gets the page where he can say who he is.
    private static async Task ChallengeAsync(RedirectContext<CookieAuthenticationOptions> context, HttpSettings http)
    {
        if (IsForPrograms(context.Request.Path))
            await ApiProblem.Unauthorized().ExecuteAsync(context.HttpContext);
        else if (http.OpenIdConnect is not null && http.ApiKey is null)
            await context.HttpContext.ChallengeAsync(
                OpenIdConnectDefaults.AuthenticationScheme,
                new AuthenticationProperties { RedirectUri = context.Request.PathBase + context.Request.Path + context.Request.QueryString });
        else
            context.Response.Redirect(context.RedirectUri);
    }

    private static bool IsForPrograms(PathString path) => path.StartsWithSegments("/api")
        || path.StartsWithSegments("/openapi") || path.StartsWithSegments("/_blazor") || path.StartsWithSegments(TelemetryHosting.MetricsPath);

    // So that nobody can try keys one after the other.
    private static bool IsLogin(HttpContext context) =>
        HttpMethods.IsPost(context.Request.Method) && context.Request.Path == LoginPath;

    private static string Client(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "";
}
