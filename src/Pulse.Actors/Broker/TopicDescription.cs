using System.Collections.Immutable;

namespace Pulse.Actors.Broker;

/// <summary>What the broker says of a topic.</summary>
/// <param name="Topic">Its name.</param>
/// <param name="Cluster">The id of the cluster; empty where the stream's identity is configured, and nothing was asked.</param>
/// <param name="Id">
/// The topic's id (KIP-516), another one each time that a topic of this name is made; null where the broker has no such ids.
/// </param>
/// <param name="HasLeader">By partition number, whether the partition has a leader: without one it can't be read now.</param>
/// <param name="Configured">The configured identity; null where it is asked for.</param>
public sealed record TopicDescription(
    string Topic, string Cluster, string? Id, ImmutableArray<bool> HasLeader, string? Configured = null)
{
    /// <summary>The number of partitions now; it can grow.</summary>
    public int Partitions => HasLeader.Length;

    /// <summary>The partitions that have a leader, ascending.</summary>
    public IReadOnlyList<int> Led => [.. HasLeader.Index().Where(partition => partition.Item).Select(partition => partition.Index)];

    /// <summary>
    /// The stream's identity: cluster id, topic and, where the broker gives one, topic id, joined by slashes; or the
    /// configured one. Positions belong to this stream and to no other.
    /// </summary>
    public string Stream => Configured ?? $"{Cluster}/{Topic}{(Id is null ? "" : $"/{Id}")}";
}
