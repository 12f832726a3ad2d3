using System.Globalization;
using Akka.Cluster.Sharding;

namespace Pulse.Actors.Ingest;

/// <summary>Every partition is an entity in a shard of its own, so that the cluster balances partitions one by one.</summary>
public sealed class PartitionMessageExtractor : IMessageExtractor
{
    /// <inheritdoc />
    public string? EntityId(object message) =>
        (message as KeepReading)?.Partition.ToString(CultureInfo.InvariantCulture);

    /// <inheritdoc />
    public object? EntityMessage(object message) => message;

    /// <inheritdoc />
    public string? ShardId(object message) => EntityId(message);

    /// <inheritdoc />
    public string ShardId(string entityId, object? messageHint = null) => entityId;
}
