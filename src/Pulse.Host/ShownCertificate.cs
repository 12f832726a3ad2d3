using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Pulse.Host;

/// <summary>
/// Looks at a certificate that one side has refused: neither side says which of several reasons it had.
/// </summary>
internal static class ShownCertificate
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    /// <summary>Whose certificate this node shows, who issued it, and how long it is valid.</summary>
    /// <param name="file">A PEM file.</param>
    /// <returns>A sentence for people; null where the file holds no such certificate.</returns>
    public static string? Describe(string file)
    {
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file));
            return Describe("The client's certificate", certificate);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return null;
        }
    }

    /// <summary>The same of the certificate that a broker shows. Believes nothing of it.</summary>
    /// <param name="address">The broker, <c>host:port</c>.</param>
    /// <returns>A sentence for people; null where the broker shows none in time.</returns>
    public static async Task<string?> DescribeAsync(string address)
    {
        var colon = address.LastIndexOf(':');
        var (host, port) = (address[..colon].Trim('[', ']'), int.Parse(address.AsSpan(colon + 1), CultureInfo.InvariantCulture));
        using var limit = new CancellationTokenSource(Limit);
        string? description = null;
        try
        {
            using var connection = new TcpClient();
            await connection.ConnectAsync(host, port, limit.Token);
            await using var tls = new SslStream(connection.GetStream());
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = host,
                    RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
                    {
                        description = certificate is X509Certificate2 shown ? Describe("The broker's certificate", shown, OtherName(host, errors)) : null;
                        // Nothing is sent over this connection.
                        return false;
                    },
                },
                limit.Token);
        }
        catch (Exception exception) when (exception is IOException or SocketException or AuthenticationException or OperationCanceledException)
        {
            // It was seen, or it was not.
        }

        return description;
    }

    private static string Describe(string whose, X509Certificate2 certificate, string more = "")
    {
        var now = DateTime.UtcNow;
        var (from, to) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        var time = now > to ? $"expired at {Utc(to)}" : now < from ? $"is valid only from {Utc(from)} on" : $"is valid until {Utc(to)}";
        return $"{whose} ({certificate.Subject}, issued by {certificate.Issuer}) {time}{more}.";
    }

    private static string OtherName(string host, SslPolicyErrors errors) =>
        errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? $", and is not for '{host}'" : "";

    private static string Utc(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
