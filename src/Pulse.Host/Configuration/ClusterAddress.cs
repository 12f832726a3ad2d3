using System.Net;

namespace Pulse.Host.Configuration;

/// <summary>By which name other nodes find this one, and where it listens for them.</summary>
internal static class ClusterAddress
{
    private const string OwnName = "auto";

    /// <summary>The name, which for <c>auto</c> is the machine's own.</summary>
    public static string Hostname(ClusterOptions options) =>
        options.Hostname == OwnName ? Dns.GetHostName() : options.Hostname;

    /// <summary>Adds one line for each mistake.</summary>
    public static void Check(ClusterOptions options, List<string> mistakes)
    {
        if (options.Bind is { } bind && !IPAddress.TryParse(bind, out _))
            mistakes.Add($"Pulse:Cluster:Bind is '{bind}'; use an IP address such as 0.0.0.0.");
        if (options.Hostname.Length == 0 || IsEveryAddress(options.Hostname))
            mistakes.Add($"Pulse:Cluster:Hostname is '{options.Hostname}'; name what other nodes reach this one at, and say "
                + "in Pulse:Cluster:Bind where to listen.");
        else if (!IsHost(options.Hostname))
            mistakes.Add($"Pulse:Cluster:Hostname is '{options.Hostname}'; use a host's name or an IP address.");
    }

    /// <summary>Whether a text is the address at which one listens at every address, and where nobody can be reached.</summary>
    public static bool IsEveryAddress(string host) =>
        IPAddress.TryParse(host, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));

    /// <summary>Whether a text is a host's name or an IP address.</summary>
    public static bool IsHost(string name) => Uri.CheckHostName(name) != UriHostNameType.Unknown;
}
