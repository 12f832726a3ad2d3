using System.Collections.Immutable;
using Pulse.Actors.Buckets;

namespace Pulse.Actors.Live;

/// <summary>What changed on one node, on the topic <see cref="LiveFeed.Topic"/>.</summary>
/// <param name="Node">The node's unique address, another one after each start.</param>
/// <param name="Sequence">Counts the node's batches from 1, so that a lost one is noticed.</param>
/// <param name="ChangedSinceUnixMilliseconds">When the oldest of the changes was counted.</param>
/// <param name="Buckets">The changes.</param>
public sealed record LiveCounts(
    string Node, long Sequence, long ChangedSinceUnixMilliseconds, IReadOnlyList<LiveBucket> Buckets);

/// <summary>Asks a node's feed, or all, to tell again what storage may not hold yet.</summary>
public sealed record UnstoredWanted
{
    /// <summary>The only one that is needed.</summary>
    public static UnstoredWanted Instance { get; } = new();
}

/// <summary>How far a node has come in one partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Position">The next offset not yet handled.</param>
/// <param name="Committed">The committed offset.</param>
/// <param name="Standing">Why its reader can't go on, for people; null while it can.</param>
public readonly record struct NodePartition(int Partition, long? Position, long? Committed, string? Standing = null);

/// <summary>What a node does, told to all nodes once a second on <see cref="LiveFeed.Topic"/>.</summary>
/// <param name="Node">The node's unique address.</param>
/// <param name="Address">Its host and port.</param>
/// <param name="AtUtc">When.</param>
/// <param name="Consumed">Records read since it started; replayed ones again.</param>
/// <param name="DeadLettered">Dead letters sent since it started.</param>
/// <param name="SessionRestarts">How often an ingestor had to start over.</param>
/// <param name="Buckets">Buckets in its memory.</param>
/// <param name="Shards">Shards that it holds.</param>
/// <param name="Checkpoints">Checkpoints stored since it started.</param>
/// <param name="LastCheckpointUtc">The newest checkpoint; null before the first.</param>
/// <param name="LastCommitUtc">The newest commit of an offset; null before the first.</param>
/// <param name="StorageProblem">Why storage does not answer it, or what is wrong with a row in it; null while all is well.</param>
/// <param name="Partitions">The partitions that it reads.</param>
public sealed record NodeStatus(
    string Node,
    string Address,
    DateTime AtUtc,
    long Consumed,
    long DeadLettered,
    long SessionRestarts,
    int Buckets,
    int Shards,
    long Checkpoints,
    DateTime? LastCheckpointUtc,
    DateTime? LastCommitUtc,
    string? StorageProblem,
    ImmutableArray<NodePartition> Partitions)
{
    /// <summary>The newest <see cref="LiveCounts.Sequence"/>, so that it is noticed when the last one was lost.</summary>
    public long Sequence { get; init; }

    /// <summary>Why its dead letters can't be sent; null while they can.</summary>
    public string? DeadLetterProblem { get; init; }

    /// <summary>Why what it reads seems to be of another format; null while it does not.</summary>
    public string? FormatProblem { get; init; }

    /// <summary>Which part of what the node says this is, from 0: of very many partitions, one message tells some.</summary>
    internal int Part { get; init; }

    /// <summary>How many parts there are.</summary>
    internal int Parts { get; init; } = 1;
}
