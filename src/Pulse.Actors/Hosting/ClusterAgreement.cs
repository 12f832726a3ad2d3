using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pulse.Events;

namespace Pulse.Actors.Hosting;

/// <summary>
/// What all nodes of a cluster must have alike, or counts are wrong: the number of shards, all that declarations hold, and
/// the stream. Every node tells it as roles beside its real ones, so it is known with the membership itself, before a
/// node is given anything to do.
/// </summary>
public static class ClusterAgreement
{
    private static readonly ImmutableDictionary<string, string> Settings = new Dictionary<string, string>
    {
        ["shards"] = "Pulse:Cluster:Shards",
        ["window"] = "Pulse:Window",
        ["skew"] = "Pulse:MaximumSkew",
        ["lateness"] = "Pulse:AllowedLateness",
        ["rules"] = "the version of Pulse",
        ["rollups"] = "Pulse:Rollups",
        ["topic"] = "Pulse:Kafka:Topic",
        ["group"] = "Pulse:Kafka:GroupId",
    }.ToImmutableDictionary(StringComparer.Ordinal);

    /// <summary>The roles by which a node tells its settings, as <c>name=value</c>.</summary>
    public static ImmutableArray<string> RolesOf(PulseSettings settings) =>
    [
        $"shards={settings.Cluster.Shards.ToString(CultureInfo.InvariantCulture)}",
        $"window={settings.Rules.WindowLength:c}",
        $"skew={settings.Rules.MaximumSkew:c}",
        $"lateness={settings.Rules.AllowedLateness?.ToString("c") ?? "unlimited"}",
        $"rules={EventSchema.DecodingRules.ToString(CultureInfo.InvariantCulture)}",
        $"rollups={Digest(settings.Catalog.Rollups.Select(rollup => rollup.ToString()))}",
        $"topic={settings.Kafka.Topic}",
        $"group={settings.Kafka.GroupId}",
    ];

    /// <summary>Compares the roles of a node with those of a member of the cluster that it wants to join.</summary>
    /// <returns>
    /// Which settings differ and how, in words; null: none. What only one of them tells, another version's, is passed over.
    /// </returns>
    public static string? Difference(IEnumerable<string> own, IEnumerable<string> theirs)
    {
        var told = theirs.Select(Parse).OfType<(string Name, string Value)>().ToDictionary(each => each.Name, each => each.Value);
        string[] differences =
        [
            .. from each in own.Select(Parse).OfType<(string Name, string Value)>()
               where told.TryGetValue(each.Name, out var value) && value != each.Value
               select each.Name == "rollups"
                   ? $"{Settings[each.Name]}, which declares other rollups here"
                   : $"{Settings[each.Name]}, which is '{told[each.Name]}' there and '{each.Value}' here",
        ];
        return differences.Length == 0 ? null : string.Join("; ", differences);
    }

    private static (string Name, string Value)? Parse(string role) =>
        role.IndexOf('=', StringComparison.Ordinal) is > 0 and var at && Settings.ContainsKey(role[..at])
            ? (role[..at], role[(at + 1)..])
            : null;

    private static string Digest(IEnumerable<string> lines) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines.Order(StringComparer.Ordinal)))).AsSpan(0, 8));
}
