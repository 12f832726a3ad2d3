using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Akka.Util;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Pulse.Actors.Counting;
using Pulse.Actors.Live;
using Pulse.Actors.Rollups;

namespace Pulse.Actors.Serialization;

/// <summary>
/// Protobuf for the live feed (<c>live.proto</c>). Manifests carry a version, so that nodes of two versions understand
/// each other during a rolling upgrade.
/// </summary>
public sealed class LiveMessageSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string CountsManifest = "live.counts.v1";
    private const string WantedManifest = "live.unpublished-wanted.v1";
    private const string StatusManifest = "live.node-status.v1";

    /// <summary>Registers the serializer for its messages.</summary>
    public static Config Configuration { get; } = ConfigurationFactory.ParseString(
        $$"""
        akka.actor {
          serializers.pulse-live = "{{typeof(LiveMessageSerializer).TypeQualifiedName()}}"
          serialization-bindings {
            "{{typeof(LiveCounts).TypeQualifiedName()}}" = pulse-live
            "{{typeof(UnpublishedWanted).TypeQualifiedName()}}" = pulse-live
            "{{typeof(NodeStatus).TypeQualifiedName()}}" = pulse-live
          }
          serialization-identifiers."{{typeof(LiveMessageSerializer).TypeQualifiedName()}}" = 1702
        }
        """);

    /// <inheritdoc />
    public override int Identifier => 1702;

    /// <inheritdoc />
    public override string Manifest(object o) => o switch
    {
        LiveCounts => CountsManifest,
        UnpublishedWanted => WantedManifest,
        NodeStatus => StatusManifest,
        _ => throw new ArgumentException($"{o.GetType()} is no message of the live feed.", nameof(o)),
    };

    /// <inheritdoc />
    public override byte[] ToBinary(object obj) => obj switch
    {
        LiveCounts counts => ToWire(counts).ToByteArray(),
        UnpublishedWanted => [],
        NodeStatus status => ToWire(status).ToByteArray(),
        _ => throw new ArgumentException($"{obj.GetType()} is no message of the live feed.", nameof(obj)),
    };

    /// <inheritdoc />
    public override object FromBinary(byte[] bytes, string manifest) => manifest switch
    {
        CountsManifest => FromWire(Wire.LiveCounts.Parser.ParseFrom(bytes)),
        WantedManifest => UnpublishedWanted.Instance,
        StatusManifest => FromWire(Wire.NodeStatus.Parser.ParseFrom(bytes)),
        _ => throw new ArgumentException(
            $"Manifest '{manifest}' is unknown here; a newer node sent it. Finish the rolling upgrade.", nameof(manifest)),
    };

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
                Bucket = bucket.Bucket.Name,
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
                new BucketId(bucket.Rollup, bucket.Bucket), [.. bucket.Windows.Select(FromWire)])),
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
            Partitions =
            {
                status.Partitions.Select(partition => new Wire.NodePartition
                {
                    Partition = partition.Partition,
                    Position = partition.Position,
                    Committed = partition.Committed,
                    End = partition.End,
                }),
            },
        };
        if (status.StorageProblem is { } problem)
            wire.StorageProblem = problem;
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
            .. wire.Partitions.Select(partition =>
                new NodePartition(partition.Partition, partition.Position, partition.Committed, partition.End)),
        ])
    {
        Sequence = wire.Sequence,
    };

    private static Timestamp? ToWire(DateTime? utc) => utc is { } value ? Timestamp.FromDateTime(value) : null;
}
