using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Pulse.Dashboard.Tests;

/// <summary>
/// An OpenID provider on loopback: discovery, keys, authorization without asking, and tokens for a code with PKCE. It
/// refuses whatever the specification asks it to.
/// </summary>
public sealed class OpenIdProvider : IAsyncDisposable
{
    public const string ClientId = "pulse";
    public const string ClientSecret = "a secret between the two";

    private const string KeyId = "key 1";

    private readonly RSA _key = RSA.Create(2048);
    private readonly RSA _otherKey = RSA.Create(2048);
    private readonly ConcurrentDictionary<string, Grant> _grants = new();
    private readonly WebApplication _application;

    private OpenIdProvider(string address)
    {
        Address = address;
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(address);
        builder.Logging.ClearProviders();
        _application = builder.Build();
        _application.MapGet("/.well-known/openid-configuration", () => new Dictionary<string, object>
        {
            ["issuer"] = address,
            ["authorization_endpoint"] = $"{address}/authorize",
            ["token_endpoint"] = $"{address}/token",
            ["jwks_uri"] = $"{address}/keys",
            ["response_types_supported"] = new[] { "code" },
            ["id_token_signing_alg_values_supported"] = new[] { "RS256" },
        });
        _application.MapGet("/keys", () => new { keys = new[] { PublicKey() } });
        _application.MapGet("/authorize", Authorize);
        _application.MapPost("/token", TokenAsync);
    }

    public string Address { get; }

    /// <summary>Whether tokens are signed with a key that nobody has heard of.</summary>
    public bool IsForged { get; set; }

    /// <summary>How many codes were exchanged for tokens.</summary>
    public int TokensGiven { get; private set; }

    public static async Task<OpenIdProvider> StartAsync()
    {
        var provider = new OpenIdProvider(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Node.FreePort()}"));
        await provider._application.StartAsync();
        return provider;
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        _key.Dispose();
        _otherKey.Dispose();
    }

    private IResult Authorize(HttpRequest request)
    {
        var query = request.Query;
        if (query["client_id"] != ClientId || query["response_type"] != "code" || query["code_challenge_method"] != "S256"
            || !query["scope"].ToString().Split(' ').Contains("openid") || query["nonce"].Count == 0)
            return Results.BadRequest("invalid_request");
        var code = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        _grants[code] = new Grant(query["redirect_uri"]!, query["code_challenge"]!, query["nonce"]!);
        return Results.Redirect(
            $"{query["redirect_uri"]}?code={code}&state={Uri.EscapeDataString(query["state"]!)}");
    }

    private async Task<IResult> TokenAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        var challenge = Text(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())));
        if (form["grant_type"] != "authorization_code" || form["client_id"] != ClientId || form["client_secret"] != ClientSecret
            || !_grants.TryRemove(form["code"].ToString(), out var grant)
            || grant.RedirectUri != form["redirect_uri"] || grant.Challenge != challenge)
            return Results.BadRequest(new { error = "invalid_grant" });
        TokensGiven++;
        return Results.Json(new { access_token = "of no use", token_type = "Bearer", expires_in = 300, id_token = IdToken(grant.Nonce) });
    }

    private string IdToken(string nonce)
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var signed = Json(new { alg = "RS256", typ = "JWT", kid = KeyId }) + "."
            + Json(new { iss = Address, aud = ClientId, sub = "1", name = "Ada", nonce, iat = now, nbf = now, exp = now + 300 });
        var signature = (IsForged ? _otherKey : _key).SignData(
            Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Text(signature)}";
    }

    private object PublicKey()
    {
        var parameters = _key.ExportParameters(includePrivateParameters: false);
        return new { kty = "RSA", use = "sig", alg = "RS256", kid = KeyId, n = Text(parameters.Modulus!), e = Text(parameters.Exponent!) };
    }

    private static string Json(object content) => Text(JsonSerializer.SerializeToUtf8Bytes(content));

    private static string Text(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private sealed record Grant(string RedirectUri, string Challenge, string Nonce);
}
