using Akka.Actor;
using Akka.Configuration;
using Google.Protobuf.WellKnownTypes;
using Pulse.Actors.Buckets;
using Pulse.Actors.Serialization;
using Pulse.Counting;

namespace Pulse.Actors.Live;

/// <summary>
/// Protobuf for the live feed (<c>live.proto</c>). Manifests carry a version, so that nodes of two versions understand
/// each other during a rolling upgrade.
/// </summary>
public sealed class LiveMessageSerializer(ExtendedActorSystem system) : MessageSerializer(system, Number, Formats)
{
    private const int Number = 1702;

    private static readonly MessageFormat[] Formats =
    [
        MessageFormat.Of<LiveCounts, Wire.LiveCounts>("live.counts.v3", ToWire, FromWire),
        MessageFormat.Empty("live.unpublished-wanted.v1", UnstoredWanted.Instance),
        MessageFormat.Of<NodeStatus, Wire.NodeStatus>("live.node-status.v1", ToWire, FromWire),
    ];

    /// <summary>Registers the serializer for its messages.</summary>
    public static Config Configuration { get; } = ConfigurationOf<LiveMessageSerializer>("pulse-live", Number, Formats);

    private static Wire.LiveCounts ToWire(LiveCounts counts) => new()
    {
        Node = counts.Node,
        Sequence = counts.Sequence,
        ChangedSinceUnixMilliseconds = counts.ChangedSinceUnixMilliseconds,
        Buckets =
        {
            counts.Buckets.Select(bucket => new Wire.LiveBucket
            {
                Rollup = bucket.Bucket.Rollup,
                Number = bucket.Bucket.Number,
                Generation = bucket.Generation,
                Windows = { bucket.Windows.Select(ToWire) },
            }),
        },
    };

    private static Wire.LiveWindow ToWire(LiveWindow window) => new()
    {
        WindowEndUnixSeconds = window.Window.EndUnixSeconds,
        Total = window.Total,
        Keys = { window.Keys.Select(key => new Wire.KeyTotal { Key = { key.Key.Values }, Count = key.Count }) },
    };

    private static LiveCounts FromWire(Wire.LiveCounts wire) => new(
        wire.Node,
        wire.Sequence,
        wire.ChangedSinceUnixMilliseconds,
        [
            .. wire.Buckets.Select(bucket => new LiveBucket(
                new BucketId(bucket.Rollup, bucket.Number), bucket.Generation, [.. bucket.Windows.Select(FromWire)])),
        ]);

    private static LiveWindow FromWire(Wire.LiveWindow wire) => new(
        new Window(wire.WindowEndUnixSeconds),
        wire.Total,
        [.. wire.Keys.Select(key => new KeyTotal(new RollupKey([.. key.Key]), key.Count))]);

    private static Wire.NodeStatus ToWire(NodeStatus status)
    {
        var wire = new Wire.NodeStatus
        {
            Node = status.Node,
            Address = status.Address,
            At = Timestamp.FromDateTime(status.AtUtc),
            Consumed = status.Consumed,
            DeadLettered = status.DeadLettered,
            SessionRestarts = status.SessionRestarts,
            Buckets = status.Buckets,
            Shards = status.Shards,
            Checkpoints = status.Checkpoints,
            LastCheckpoint = ToWire(status.LastCheckpointUtc),
            LastCommit = ToWire(status.LastCommitUtc),
            Sequence = status.Sequence,
            Columns = NodePartitionColumns.Write(status.Partitions),
        };
        if (status.StorageProblem is { } problem)
            wire.StorageProblem = MessagePages.Cut(problem);
        if (status.DeadLetterProblem is { } waiting)
            wire.DeadLetterProblem = MessagePages.Cut(waiting);
        if (status.FormatProblem is { } format)
            wire.FormatProblem = MessagePages.Cut(format);
        if (status.Parts > 1)
            (wire.Part, wire.Parts) = (status.Part, status.Parts);
        return wire;
    }

    private static NodeStatus FromWire(Wire.NodeStatus wire) => new(
        wire.Node,
        wire.Address,
        wire.At.ToDateTime(),
        wire.Consumed,
        wire.DeadLettered,
        wire.SessionRestarts,
        wire.Buckets,
        wire.Shards,
        wire.Checkpoints,
        wire.LastCheckpoint?.ToDateTime(),
        wire.LastCommit?.ToDateTime(),
        wire.HasStorageProblem ? wire.StorageProblem : null,
        [
            .. wire.Partitions.Select(partition => new NodePartition(partition.Partition, partition.Position, partition.Committed)),
            .. NodePartitionColumns.Read(wire.Columns ?? new Wire.NodePartitions()),
        ])
    {
        Sequence = wire.Sequence,
        DeadLetterProblem = wire.HasDeadLetterProblem ? wire.DeadLetterProblem : null,
        FormatProblem = wire.HasFormatProblem ? wire.FormatProblem : null,
        Part = wire.Part,
        Parts = Math.Max(1, wire.Parts),
    };

    private static Timestamp? ToWire(DateTime? utc) => utc is { } value ? Timestamp.FromDateTime(value) : null;
}
