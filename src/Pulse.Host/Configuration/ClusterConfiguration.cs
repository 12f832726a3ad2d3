using System.Collections.Immutable;
using System.Globalization;
using Pulse.Actors.Hosting;

namespace Pulse.Host.Configuration;

/// <summary>Reads the section <c>Pulse:Cluster</c>.</summary>
internal static class ClusterConfiguration
{
    private const string Section = "Pulse:Cluster";

    /// <summary>Checks everything, adding one line for each mistake.</summary>
    /// <param name="options">What was bound.</param>
    /// <param name="written">What was written, where an empty list differs from none.</param>
    /// <param name="mistakes">Where lines go.</param>
    public static ClusterSettings Read(ClusterOptions options, IConfigurationSection written, List<string> mistakes)
    {
        if (options.Port is < 0 or > 65_535)
            mistakes.Add($"{Section}:Port is {options.Port}; use 0 to 65535 (0: any free port).");
        ClusterAddress.Check(options, mistakes);
        if (options.Shards is < 1 or > 10_000)
            mistakes.Add($"{Section}:Shards is {options.Shards}; use 1 to 10000, about ten for each node.");
        if (options.SeedNodes.FirstOrDefault(seed => !IsAddress(seed) || !IsHost(HostOf(seed))) is { } wrong)
            mistakes.Add($"{Section}:SeedNodes names '{wrong}'; use host:port, and brackets around an IPv6 address.");
        else if (options.SeedNodes.FirstOrDefault(seed => ClusterAddress.IsEveryAddress(HostOf(seed))) is { } every)
            mistakes.Add($"{Section}:SeedNodes names '{every}', an address to listen at; name the host at which this node reaches the seed.");
        if (options.SeedNodes.Count > 0 && options.Port == 0)
            mistakes.Add($"{Section}:Port is 0; a node with seed nodes needs a port of its own that others can reach.");

        var settings = new ClusterSettings
        {
            Hostname = ClusterAddress.Hostname(options),
            Bind = options.Bind,
            Port = options.Port,
            SeedNodeTimeout = options.SeedNodeTimeout,
            Shards = options.Shards,
            Roles = Roles(options, written, mistakes),
            Tls = ClusterTlsConfiguration.Read(options.Tls, mistakes),
        };
        return settings with
        {
            SeedNodes = [.. options.SeedNodes.Select(seed => $"{settings.Scheme}://{PulseAkkaExtensions.SystemName}@{seed}")],
        };
    }

    /// <summary>Whether a text is <c>host:port</c>.</summary>
    public static bool IsAddress(string address)
    {
        var colon = address.LastIndexOf(':');
        return colon > 0 && int.TryParse(
            address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65_535;
    }

    // An IPv6 address without brackets could have the port in it.
    private static bool IsHost(string host) => ClusterAddress.IsHost(host) && (host[0] == '[' || !host.Contains(':', StringComparison.Ordinal));

    private static string HostOf(string address) => address[..address.LastIndexOf(':')];

    private static ImmutableArray<string> Roles(ClusterOptions options, IConfigurationSection written, List<string> mistakes)
    {
        var known = string.Join(" and ", NodeRole.All);
        var isWritten = written.GetChildren().Any(child =>
            child.Key.Equals(nameof(ClusterOptions.Roles), StringComparison.OrdinalIgnoreCase));
        if (options.Roles.Count == 0)
        {
            if (isWritten)
                mistakes.Add($"{Section}:Roles is empty; name one or both of {known}, or leave it out for both.");
            return NodeRole.All;
        }

        foreach (var role in options.Roles.Where(role => !NodeRole.All.Contains(role, StringComparer.Ordinal)))
            mistakes.Add($"{Section}:Roles names '{role}'; use {known}.");
        ImmutableArray<string> roles = [.. options.Roles.Distinct(StringComparer.Ordinal)];
        if (options.SeedNodes.Count == 0 && NodeRole.All.FirstOrDefault(role => !roles.Contains(role)) is { } absent)
            mistakes.Add($"{Section}:Roles lacks '{absent}', but without {Section}:SeedNodes this node is the whole cluster; "
                + "leave Roles out, or name the seed nodes.");
        return roles;
    }
}
