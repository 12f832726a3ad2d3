using Pulse.Actors.Buckets;

namespace Pulse.Host.Api;

/// <summary>What <c>GET /api/status</c> answers: one node's view of itself and of the cluster.</summary>
/// <param name="Consumed">Records read since the node started; replayed ones again.</param>
/// <param name="DeadLettered">Records read since the node started that are no viewing events; replayed ones again.</param>
/// <param name="Lag">Records in the node's partitions that were not handled yet.</param>
/// <param name="SessionRestarts">How often a partition had to be read again from where its buckets stand.</param>
/// <param name="LastCommit">UTC.</param>
/// <param name="Partitions">The partitions that the node reads.</param>
/// <param name="Buckets">Buckets in memory.</param>
/// <param name="Shards">Shards of buckets on the node.</param>
/// <param name="Checkpoints">Checkpoints stored since the node started.</param>
/// <param name="LastCheckpoint">UTC.</param>
/// <param name="StorageAvailable">Whether storage answers.</param>
/// <param name="StorageProblem">Why not.</param>
/// <param name="StandingBuckets">Buckets that stand still because their row is missing or can't be read.</param>
/// <param name="Balances">What became of each rollup's records, as of the last cut that the node has seen.</param>
/// <param name="Members">The cluster as this node sees it.</param>
/// <param name="Export">The export that ended last, if this node heard of one.</param>
internal sealed record NodeStatus(
    long Consumed,
    long DeadLettered,
    long Lag,
    long SessionRestarts,
    DateTime? LastCommit,
    IReadOnlyList<NodePartition> Partitions,
    int Buckets,
    int Shards,
    long Checkpoints,
    DateTime? LastCheckpoint,
    bool StorageAvailable,
    string? StorageProblem,
    IReadOnlyList<StandingBucket> StandingBuckets,
    IReadOnlyList<NodeBalance> Balances,
    IReadOnlyList<NodeMember> Members,
    NodeExport? Export)
{
    /// <summary>Bad records that are known and not in the dead-letter topic yet.</summary>
    public long DeadLettersWaiting { get; init; }

    /// <summary>Why they can't be sent there; null while they can.</summary>
    public string? DeadLetterProblem { get; init; }
}

/// <summary>A partition that the node reads.</summary>
/// <param name="Partition">Its number.</param>
/// <param name="Position">The next offset not yet handled.</param>
/// <param name="Committed">The offset below which everything is stored.</param>
/// <param name="End">The partition's end.</param>
internal sealed record NodePartition(int Partition, long Position, long Committed, long End);

/// <summary>What became of a rollup's records.</summary>
/// <param name="Rollup">Its name.</param>
/// <param name="Cut">As of the last cut; null while none was seen.</param>
internal sealed record NodeBalance(string Rollup, NodeCut? Cut);

/// <summary>A moment at which all buckets of a rollup stood at equal positions.</summary>
/// <param name="SeenUtc">When they were seen to.</param>
/// <param name="Consumed">All records below these positions, gaps aside.</param>
/// <param name="Counted">Those in a window of the rollup.</param>
/// <param name="Late">Those that came too late.</param>
/// <param name="Dead">Those that can't be read.</param>
/// <param name="Filtered">Those that the rollup does not count, though they are well.</param>
/// <param name="IsEven">Whether the other four are together as many as were consumed.</param>
/// <param name="Problem">Why they are not; null while they are.</param>
internal sealed record NodeCut(
    DateTime SeenUtc, long Consumed, long Counted, long Late, long Dead, long Filtered, bool IsEven, string? Problem);

/// <summary>A member of the cluster.</summary>
/// <param name="Address">Host and port of its remoting.</param>
/// <param name="Status">Joining, Up, Leaving, Exiting or Down; or Unreachable.</param>
internal sealed record NodeMember(string Address, string Status);

/// <summary>An export that ended.</summary>
/// <param name="EndedUtc">When.</param>
/// <param name="Failure">Why it failed; null if it succeeded.</param>
internal sealed record NodeExport(DateTime EndedUtc, string? Failure);
