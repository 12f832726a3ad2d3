using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Pulse.Host.Configuration;

namespace Pulse.Host.Access;

/// <summary>
/// Takes the API key from <c>X-Api-Key</c> or <c>Authorization: Bearer</c>. Compares hashes in constant time, so that
/// an answer's time says nothing about the key.
/// </summary>
internal sealed class ApiKeyHandler(
    HttpSettings http, IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "ApiKey";
    public const string Header = "X-Api-Key";
    private const string Bearer = "Bearer ";

    /// <summary>Whether a request brings a key, right or wrong.</summary>
    public static bool HasKey(HttpRequest request) => Given(request) is not null;

    /// <summary>Whether a key is the configured one.</summary>
    public static bool IsKey(HttpSettings http, string? given) =>
        http.ApiKey is { } key && given is not null && CryptographicOperations.FixedTimeEquals(Hash(key), Hash(given));

    /// <summary>Who somebody with the key is.</summary>
    public static ClaimsPrincipal Principal(string scheme) =>
        new(new ClaimsIdentity([new Claim(ClaimTypes.Name, "API key")], scheme));

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(
        Given(Request) is not { } given ? AuthenticateResult.NoResult()
        : IsKey(http, given) ? AuthenticateResult.Success(new AuthenticationTicket(Principal(Scheme.Name), Scheme.Name))
        : AuthenticateResult.Fail("The API key is wrong."));

    private static string? Given(HttpRequest request)
    {
        if (request.Headers.TryGetValue(Header, out var key))
            return key.ToString();
        var authorization = request.Headers[HeaderNames.Authorization].ToString();
        return authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? authorization[Bearer.Length..] : null;
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
