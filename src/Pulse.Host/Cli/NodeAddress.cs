using System.Net;
using System.Net.Sockets;
using Pulse.Host.Configuration;

namespace Pulse.Host.Cli;

/// <summary>Where a running node is asked.</summary>
internal static class NodeAddress
{
    /// <summary>The address that was given on the command line.</summary>
    /// <exception cref="ConfigurationException">It is none.</exception>
    public static Uri Given(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new ConfigurationException($"--url is '{url}'; use the form http://127.0.0.1:8080.");

    /// <summary>The configured one, on this machine.</summary>
    /// <exception cref="ConfigurationException">The port is another one each time.</exception>
    public static Uri Configured(HttpSettings http)
    {
        if (http.Port == 0)
            throw new ConfigurationException("Pulse:Http:Port is 0, which is another port each time; say with --url where to ask.");
        var address = http.Address.Equals(IPAddress.Any) ? IPAddress.Loopback
            : http.Address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
            : http.Address;
        return new Uri($"http://{new IPEndPoint(address, http.Port)}");
    }

    /// <summary>Whether an exception of a client says that nobody answers.</summary>
    // The runtime lets a bare SocketException through where a connection is reset as soon as it is made.
    public static bool IsNoAnswer(Exception exception) => exception is HttpRequestException or SocketException;

    /// <summary>A client for it. The node is here or named outright; a proxy of the environment is for others.</summary>
    public static HttpClient NewClient(TimeSpan patience) =>
        new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = patience };
}
