using Akka.Actor;
using Akka.Configuration;
using Pulse.Actors.Buckets;
using Pulse.Actors.Serialization;
using Pulse.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Protobuf for the counting protocol's messages (<c>counting.proto</c>). Manifests carry a version.
/// </summary>
public sealed class CountingMessageSerializer(ExtendedActorSystem system) : MessageSerializer(system, Number, Formats)
{
    private const int Number = 1700;

    private static readonly MessageFormat[] Formats =
    [
        MessageFormat.Of<BucketRequests, Wire.BucketRequests>(
            "counting.requests.v1", RequestColumns.Write, RequestColumns.Read),
        MessageFormat.Of<BucketReplies, Wire.BucketReplies>("counting.replies.v1", ReplyColumns.Write, ReplyColumns.Read),
        MessageFormat.Empty("counting.stop.v1", StopBucket.Instance),
        MessageFormat.Of<KeepReading, Wire.KeepReading>(
            "ingest.keep-reading.v1", it => new Wire.KeepReading { Partition = it.Partition }, wire => new KeepReading(wire.Partition)),
        MessageFormat.Empty("ingest.stop-reading.v1", StopReading.Instance),
    ];

    /// <summary>Registers the serializer for its messages.</summary>
    public static Config Configuration { get; } = ConfigurationOf<CountingMessageSerializer>("pulse-counting", Number, Formats);

    internal static Wire.BucketId ToWire(BucketId bucket) => new() { Rollup = bucket.Rollup, Number = bucket.Number };

    internal static BucketId FromWire(Wire.BucketId wire) => new(wire.Rollup, wire.Number);
}
