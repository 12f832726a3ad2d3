using Google.Protobuf;
using Pulse.Actors.Ingest;

namespace Pulse.Actors.Live;

/// <summary>
/// The partitions of a node as columns: about ten bytes each. Why some stand still takes no more than its share of a message; the
/// reasons beyond that are left to the node's own <c>/api/status</c>.
/// </summary>
internal static class NodePartitionColumns
{
    /// <summary>How many letters the reasons of all partitions may have together.</summary>
    public const int ReasonLetters = 4_000;

    // A position that is unknown; nothing is uncommitted then.
    private const long Unknown = -1;

    // Its row in the message, and the frame of a reason.
    private const int BytesPerStanding = 6;
    private const string Elsewhere = "its node's /api/status says why";

    /// <summary>What a partition takes, a reason aside, rather too many bytes than too few.</summary>
    public static int BytesOf(NodePartition partition) =>
        CodedOutputStream.ComputeInt32Size(partition.Partition)
        + CodedOutputStream.ComputeInt64Size(partition.Position ?? Unknown)
        + CodedOutputStream.ComputeSInt64Size(UncommittedOf(partition))
        + (partition.Standing is null ? 0 : BytesPerStanding);

    /// <summary>Writes them.</summary>
    public static Wire.NodePartitions Write(IEnumerable<NodePartition> partitions)
    {
        var wire = new Wire.NodePartitions();
        var (before, letters) = (0, 0);
        foreach (var partition in partitions.OrderBy(partition => partition.Partition))
        {
            if (partition.Standing is { } reason)
            {
                letters += reason.Length;
                wire.Standing.Add(wire.Steps.Count);
                if (letters <= ReasonLetters)
                    wire.Reasons.Add(reason);
            }

            wire.Steps.Add(partition.Partition - before);
            wire.Positions.Add(partition.Position ?? Unknown);
            wire.Uncommitted.Add(UncommittedOf(partition));
            before = partition.Partition;
        }

        return wire;
    }

    /// <summary>Reads them.</summary>
    /// <exception cref="System.Runtime.Serialization.SerializationException">The columns do not fit together.</exception>
    public static IEnumerable<NodePartition> Read(Wire.NodePartitions wire)
    {
        Columns.Require(wire.Steps.Count, wire.Positions.Count, wire.Uncommitted.Count);
        var reasons = wire.Standing.Index().ToDictionary(
            row => row.Item, row => row.Index < wire.Reasons.Count ? wire.Reasons[row.Index] : Elsewhere);
        var number = 0;
        for (var row = 0; row < wire.Steps.Count; row++)
        {
            number += wire.Steps[row];
            var reason = reasons.GetValueOrDefault(row);
            yield return wire.Positions[row] is not Unknown and var position
                ? new NodePartition(number, position, position - wire.Uncommitted[row], reason)
                : new NodePartition(number, null, null, reason);
        }
    }

    private static long UncommittedOf(NodePartition partition) =>
        partition is { Position: { } position, Committed: { } committed } ? position - committed : 0;
}
