using Akka.Actor;
using Akka.Configuration;
using Pulse.Actors.Buckets;
using Pulse.Actors.Serialization;
using Pulse.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// Protobuf for the counting protocol's messages and stored checkpoints (<c>counting.proto</c>). Manifests carry a
/// version; what was written once stays readable.
/// </summary>
public sealed class CountingMessageSerializer(ExtendedActorSystem system) : MessageSerializer(system, Number, Formats)
{
    private const int Number = 1700;

    private static readonly MessageFormat[] Formats =
    [
        MessageFormat.Of<BucketCheckpoint, Wire.BucketCheckpoint>("counting.bucket-checkpoint.v1", ToWire, FromWire),
        MessageFormat.Of<ApplyDelta, Wire.ApplyDelta>("counting.delta.v2", ToWire, FromWire),
        About<OpenPartition>(
            "counting.open.v2",
            it => ToWire(it.Bucket, it.Partition, it.Committed, it.Session),
            (bucket, partition, offset, session) => new(bucket, partition, offset, session)),
        About<PartitionOpened>(
            "counting.opened.v2",
            it => ToWire(it.Bucket, it.Partition, it.Position, it.Session),
            (bucket, partition, offset, session) => new(bucket, partition, offset, session)),
        About<DeltaAccepted>(
            "counting.accepted.v2",
            it => ToWire(it.Bucket, it.Partition, it.Position, it.Session),
            (bucket, partition, offset, session) => new(bucket, partition, offset, session)),
        About<PartitionRejected>(
            "counting.rejected.v2",
            it => ToWire(it.Bucket, it.Partition, it.Position, it.Session),
            (bucket, partition, offset, session) => new(bucket, partition, offset, session)),
        About<PersistPartition>(
            "counting.persist.v2",
            it => ToWire(it.Bucket, it.Partition, it.UpTo, it.Session),
            (bucket, partition, offset, session) => new(bucket, partition, offset, session)),
        About<PartitionPersisted>(
            "counting.persisted.v2",
            it => ToWire(it.Bucket, it.Partition, it.Position, it.Session),
            (bucket, partition, offset, session) => new(bucket, partition, offset, session)),
        MessageFormat.Of<BucketBatch, Wire.BucketBatch>("counting.batch.v3", BatchColumns.Write, BatchColumns.Read),
        MessageFormat.Of<BucketAnswers, Wire.BucketAnswers>("counting.answers.v3", BatchColumns.Write, BatchColumns.Read),
        MessageFormat.Empty("counting.stop.v1", StopBucket.Instance),
        MessageFormat.Of<KeepReading, Wire.KeepReading>(
            "ingest.keep-reading.v1", it => new Wire.KeepReading { Partition = it.Partition }, wire => new KeepReading(wire.Partition)),
        MessageFormat.Empty("ingest.stop-reading.v1", StopReading.Instance),
    ];

    /// <summary>Registers the serializer for its messages.</summary>
    public static Config Configuration { get; } = ConfigurationOf<CountingMessageSerializer>("pulse-counting", Number, Formats);

    private static MessageFormat About<TMessage>(
        string manifest,
        Func<TMessage, Wire.PartitionMessage> toWire,
        Func<BucketId, StreamPartition, long, long, TMessage> make)
        where TMessage : notnull => MessageFormat.Of(
            manifest, toWire, (Wire.PartitionMessage wire) => make(FromWire(wire.Bucket), FromWire(wire.Partition), wire.Offset, wire.Session));

    private static Wire.PartitionMessage ToWire(BucketId bucket, StreamPartition partition, long offset, long session) =>
        new()
        {
            Bucket = ToWire(bucket),
            Partition = ToWire(partition),
            Offset = offset,
            Session = session,
        };

    private static Wire.ApplyDelta ToWire(ApplyDelta message) => new()
    {
        Bucket = ToWire(message.Bucket),
        Partition = ToWire(message.Delta.Partition),
        From = message.Delta.From,
        To = message.Delta.To,
        Counts = { message.Delta.Counts.Select(ToWire) },
        Late = message.Delta.Late,
        Session = message.Session,
    };

    private static ApplyDelta FromWire(Wire.ApplyDelta wire) => new(
        FromWire(wire.Bucket),
        new Delta(FromWire(wire.Partition), wire.From, wire.To, [.. wire.Counts.Select(FromWire)], wire.Late),
        wire.Session);

    private static Wire.BucketCheckpoint ToWire(BucketCheckpoint checkpoint) => new()
    {
        Positions =
        {
            checkpoint.Positions.Select(position => new Wire.PartitionPosition
            {
                Partition = ToWire(position.Partition),
                Position = position.Position,
            }),
        },
        Counts = { checkpoint.Counts.Select(ToWire) },
        LateCount = checkpoint.LateCount,
        IsComplete = checkpoint.IsComplete,
    };

    private static BucketCheckpoint FromWire(Wire.BucketCheckpoint wire) => new(
        [.. wire.Positions.Select(p => new PartitionPosition(FromWire(p.Partition), p.Position))],
        [.. wire.Counts.Select(FromWire)],
        wire.LateCount,
        wire.IsComplete);

    private static Wire.KeyCount ToWire(KeyCount count) => new()
    {
        Key = { count.Key.Values },
        WindowEndUnixSeconds = count.Window.EndUnixSeconds,
        Count = count.Count,
    };

    private static KeyCount FromWire(Wire.KeyCount wire) =>
        new(new RollupKey([.. wire.Key]), new Window(wire.WindowEndUnixSeconds), wire.Count);

    internal static Wire.BucketId ToWire(BucketId bucket) => new() { Rollup = bucket.Rollup, Number = bucket.Number };

    internal static BucketId FromWire(Wire.BucketId wire) => new(wire.Rollup, wire.Number);

    private static Wire.StreamPartition ToWire(StreamPartition partition) =>
        new() { Stream = partition.Stream, Partition = partition.Partition };

    private static StreamPartition FromWire(Wire.StreamPartition wire) => new(wire.Stream, wire.Partition);
}
