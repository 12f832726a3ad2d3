using Pulse.Actors.Serialization;

namespace Pulse.Actors.Live;

/// <summary>
/// Divides what a node says into messages that are small enough, and puts together what others say. Of each node the newest status
/// that is not complete is kept; where a part of it is lost, the next second's takes its place. Not thread-safe.
/// </summary>
internal sealed class NodeStatusParts
{
    /// <summary>What texts for people take at most: three problems, and the reasons why partitions stand still.</summary>
    private const int BytesOfTexts = 3 * ((3 * MessagePages.MaximumText) + NodePartitionColumns.ReasonLetters);

    private readonly Dictionary<string, List<NodeStatus>> _incomplete = new(StringComparer.Ordinal);

    /// <summary>The messages for a status, one for nearly every node.</summary>
    public static IReadOnlyList<NodeStatus> Of(NodeStatus status)
    {
        var pages = MessagePages.Of(
            status.Partitions.OrderBy(partition => partition.Partition),
            NodePartitionColumns.BytesOf,
            MessagePages.MaximumBytes - BytesOfTexts).ToList();
        return pages.Count < 2
            ? [status]
            : [.. pages.Select((page, part) => status with { Partitions = [.. page], Part = part, Parts = pages.Count })];
    }

    /// <summary>Takes a message of another node.</summary>
    /// <returns>What the node says, once it is complete.</returns>
    public NodeStatus? Add(NodeStatus part)
    {
        if (part.Parts == 1)
        {
            _incomplete.Remove(part.Node);
            return part;
        }

        if (!_incomplete.TryGetValue(part.Node, out var parts))
            _incomplete.Add(part.Node, parts = []);
        if (parts.Count > 0 && parts[0].AtUtc != part.AtUtc)
            parts.Clear();
        parts.Add(part);
        if (parts.Select(each => each.Part).Distinct().Count() < part.Parts)
            return null;
        _incomplete.Remove(part.Node);
        return part with
        {
            Partitions = [.. parts.DistinctBy(each => each.Part).OrderBy(each => each.Part).SelectMany(each => each.Partitions)],
            Part = 0,
            Parts = 1,
        };
    }

    /// <summary>Forgets a node that has left.</summary>
    public void Forget(string node) => _incomplete.Remove(node);
}
