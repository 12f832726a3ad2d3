using System.Collections.Immutable;

namespace Pulse.Actors.Live;

/// <summary>What is known of the stream, all at one moment: every partition of the topic, whoever reads it.</summary>
/// <param name="StartedUtc">When this node began to ask.</param>
/// <param name="AtUtc">The moment.</param>
public sealed record StreamState(DateTime StartedUtc, DateTime AtUtc)
{
    /// <summary>What is older than this is not known any more.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(10);

    /// <summary>The stream's identity; null before the brokers first said it.</summary>
    public string? Stream { get; init; }

    /// <summary>When the brokers last said what the topic is; null before they first did.</summary>
    public DateTime? KafkaAnsweredUtc { get; init; }

    /// <summary>Why the brokers do not say what the topic is; null while they do.</summary>
    public string? KafkaProblem { get; init; }

    /// <summary>Whether the brokers answer, and that is what they say: there is no such topic, or this node may not ask for it.</summary>
    public bool IsRefused { get; init; }

    /// <summary>Why storage does not say how far the stream is stored; null while it does.</summary>
    public string? StorageProblem { get; init; }

    /// <summary>Every partition of the topic, by number.</summary>
    public ImmutableArray<PartitionState> Partitions { get; init; } = [];

    /// <summary>Records of the topic that are not stored yet; null while that of a partition is unknown.</summary>
    public long? Lag => SumOf(Partitions);

    /// <summary>The partitions that stand still.</summary>
    public IEnumerable<PartitionState> Standing => Partitions.Where(partition => partition.Standing is not null);

    /// <summary>The brokers' last word, or the beginning of the waiting for it.</summary>
    public DateTime KafkaSilentSinceUtc => KafkaAnsweredUtc ?? StartedUtc;

    /// <summary>Whether the brokers said lately what the topic is.</summary>
    public bool IsKafkaReachable => KafkaAnsweredUtc is { } answered && AtUtc - answered <= Freshness;

    /// <summary>Records of the partitions that a node reads which are not stored yet; null while that of one is unknown.</summary>
    /// <param name="node">The node's unique address.</param>
    public long? LagOf(string node) =>
        Stream is null ? null : SumOf(Partitions.Where(partition => partition.Reader == node), orNothing: 0);

    /// <summary>
    /// The partitions that a node speaks for, so that each is told once where all nodes are asked: those that it reads, and those
    /// that nobody reads.
    /// </summary>
    /// <param name="node">The node's unique address.</param>
    public IEnumerable<PartitionState> SpokenForBy(string node) =>
        Partitions.Where(partition => partition.Reader is null || partition.Reader == node);

    private static long? SumOf(IEnumerable<PartitionState> partitions, long? orNothing = null)
    {
        var sum = orNothing;
        foreach (var partition in partitions)
        {
            if (partition.Lag is not { } lag)
                return null;
            sum = (sum ?? 0) + lag;
        }

        return sum;
    }
}
