using System.Buffers.Text;
using System.Net;
using System.Text;
using System.Text.Json;
using Pulse.Testing;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>A token endpoint as an OIDC provider has it, on loopback. Its tokens are not signed.</summary>
internal sealed class TokenProvider : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly string _subject;

    /// <summary>Starts it.</summary>
    /// <param name="subject">Whose tokens it issues.</param>
    public TokenProvider(string subject)
    {
        _subject = subject;
        using (var port = new NobodysPort())
            Endpoint = $"http://{port.Address}/token/";
        _listener.Prefixes.Add(Endpoint);
        _listener.Start();
        _ = AnswerAsync();
    }

    /// <summary>Where tokens are asked for.</summary>
    public string Endpoint { get; }

    /// <summary>How many tokens were issued.</summary>
    public int Issued { get; private set; }

    public void Dispose() => _listener.Close();

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
                var token = $"{Encoded(new { alg = "none" })}.{Encoded(new { sub = _subject, iat = now, exp = now + 3_600, scope = "kafka" })}.";
                await using var body = context.Response.OutputStream;
                context.Response.ContentType = "application/json";
                await JsonSerializer.SerializeAsync(body, new { access_token = token, token_type = "Bearer", expires_in = 3_600 });
                Issued++;
            }
        }
        catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private static string Encoded(object part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(part)));
}
