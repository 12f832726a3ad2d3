using Pulse.Actors.Live;
using NodeStatus = Pulse.Host.Api.NodeStatus;

namespace Pulse.Host.Cli;

/// <summary>What in a node's status somebody should look after.</summary>
internal static class StatusProblems
{
    /// <summary>A line for each; none where all is well.</summary>
    public static IReadOnlyList<string> Of(NodeStatus status) =>
    [
        .. LagUnknown(status),
        .. from partition in status.Partitions
           where partition.Standing is not null
           group partition.Partition by partition.Standing into alike
           select $"{PartitionNames.Of([.. alike])} {(alike.Skip(1).Any() ? "stand" : "stands")} still: {alike.Key}",
        .. status.Nodes.Where(node => node.Problem is not null).Select(node => $"Node {node.Address}: {node.Problem}"),
        .. status.Nodes.Where(node => node.FormatProblem is not null).Select(node => $"Node {node.Address}: {node.FormatProblem}"),
        .. status.Members.Where(member => member.Status == "Unreachable").Select(member => $"Node {member.Address} is out of reach."),
    ];

    private static IEnumerable<string> LagUnknown(NodeStatus status)
    {
        if (status.Lag is not null)
            yield break;
        var unknown = status.Partitions.Where(partition => partition.Lag is null).Select(partition => partition.Partition).ToList();
        yield return status.KafkaProblem is { } problem ? $"The lag is unknown. {problem}"
            : !status.StorageAvailable ? $"The lag is unknown. {status.StorageProblem}"
            : unknown.Count == 0 ? "The lag is unknown: the node has not heard of the topic yet."
            : $"The lag of {LowerFirst(PartitionNames.Of(unknown))} is unknown.";
    }

    private static string LowerFirst(string text) => char.ToLowerInvariant(text[0]) + text[1..];
}
