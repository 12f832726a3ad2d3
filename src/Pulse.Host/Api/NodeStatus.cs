using Pulse.Actors.Buckets;

namespace Pulse.Host.Api;

/// <summary>What <c>GET /api/status</c> answers: one node's view of itself and of the cluster.</summary>
/// <param name="Address">Host and port of the node's remoting.</param>
/// <param name="Consumed">Records read since the node started; replayed ones again.</param>
/// <param name="DeadLettered">Records read since the node started that are no viewing events; replayed ones again.</param>
/// <param name="Lag">Records of the topic that are not stored yet; null while that of a partition is unknown.</param>
/// <param name="SessionRestarts">How often a partition had to be read again from where its buckets stand.</param>
/// <param name="LastCommit">UTC.</param>
/// <param name="Stream">The identity of the stream; null before the brokers first said it.</param>
/// <param name="KafkaAnswered">When the brokers last answered, UTC; null before they first did.</param>
/// <param name="KafkaProblem">Why they do not; null while they do.</param>
/// <param name="Partitions">All partitions of the topic, whoever reads them; none is known before <paramref name="Stream"/> is.</param>
/// <param name="Standing">How many of them stand still.</param>
/// <param name="Buckets">Buckets in memory.</param>
/// <param name="Shards">Shards of buckets on the node.</param>
/// <param name="Checkpoints">Checkpoints stored since the node started.</param>
/// <param name="LastCheckpoint">UTC.</param>
/// <param name="StorageAvailable">Whether storage answers.</param>
/// <param name="StorageProblem">Why not.</param>
/// <param name="StandingBuckets">Buckets that stand still because their row is missing or can't be read.</param>
/// <param name="StreamProblem">Why nothing is read or stored until Kafka says which stream the topic is; null while all is well.</param>
/// <param name="Balances">What became of each rollup's records, as of the last cut that the node has seen.</param>
/// <param name="Gaps">How many records are in stored gaps; null until storage was asked.</param>
/// <param name="OldestCheckpoint">Of the newest checkpoints of the nodes that have buckets, the oldest, UTC.</param>
/// <param name="Members">The cluster as this node sees it.</param>
/// <param name="Nodes">What the nodes of the cluster told last.</param>
/// <param name="Export">The export that ended last, if this node heard of one.</param>
internal sealed record NodeStatus(
    string Address,
    long Consumed,
    long DeadLettered,
    long? Lag,
    long SessionRestarts,
    DateTime? LastCommit,
    string? Stream,
    DateTime? KafkaAnswered,
    string? KafkaProblem,
    IReadOnlyList<NodePartition> Partitions,
    int Standing,
    int Buckets,
    int Shards,
    long Checkpoints,
    DateTime? LastCheckpoint,
    bool StorageAvailable,
    string? StorageProblem,
    IReadOnlyList<StandingBucket> StandingBuckets,
    string? StreamProblem,
    IReadOnlyList<NodeBalance> Balances,
    NodeGaps? Gaps,
    DateTime? OldestCheckpoint,
    IReadOnlyList<NodeMember> Members,
    IReadOnlyList<NodeOverview> Nodes,
    NodeExport? Export)
{
    /// <summary>Rollups of which the database refuses to store what buckets of this node have; the others are stored.</summary>
    public IReadOnlyList<RollupApart> Apart { get; init; } = [];

    /// <summary>Bad records that are not in the dead-letter topic yet; null while it is unknown how many.</summary>
    public long? DeadLettersWaiting { get; init; }

    /// <summary>Why they can't be sent there; null while they can.</summary>
    public string? DeadLetterProblem { get; init; }

    /// <summary>Why what the node reads seems to be of another format; null while it does not.</summary>
    public string? FormatProblem { get; init; }
}

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

/// <summary>How many records are in stored gaps, each once however many buckets have stored it.</summary>
/// <param name="Retention">Those that retention took before they were counted.</param>
/// <param name="Cut">Those that were counted from a log that was cut, as an operator accepted.</param>
internal sealed record NodeGaps(long Retention, long Cut);

/// <summary>A member of the cluster.</summary>
/// <param name="Address">Host and port of its remoting.</param>
/// <param name="Status">Joining, Up, Leaving, Exiting or Down; or Unreachable.</param>
internal sealed record NodeMember(string Address, string Status);

/// <summary>An export that ended.</summary>
/// <param name="EndedUtc">When.</param>
/// <param name="Failure">Why it failed; null if it succeeded.</param>
internal sealed record NodeExport(DateTime EndedUtc, string? Failure);
