using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Akka.Util;
using Google.Protobuf;
using Pulse.Actors.Buckets;
using Pulse.Actors.Counting;
using Pulse.Actors.Ingest;
using Pulse.Actors.Rollups;

namespace Pulse.Actors.Serialization;

/// <summary>
/// Protobuf for the counting protocol's messages and stored checkpoints (<c>counting.proto</c>). Manifests carry a
/// version; what was written once stays readable.
/// </summary>
public sealed class CountingMessageSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string CheckpointManifest = "counting.bucket-checkpoint.v1";
    private const string OpenManifest = "counting.open.v1";
    private const string OpenedManifest = "counting.opened.v1";
    private const string DeltaManifest = "counting.delta.v1";
    private const string AcceptedManifest = "counting.accepted.v1";
    private const string RejectedManifest = "counting.rejected.v1";
    private const string PersistManifest = "counting.persist.v1";
    private const string PersistedManifest = "counting.persisted.v1";
    private const string BatchManifest = "counting.batch.v2";
    private const string AnswersManifest = "counting.answers.v2";
    private const string StopManifest = "counting.stop.v1";
    private const string KeepReadingManifest = "ingest.keep-reading.v1";
    private const string StopReadingManifest = "ingest.stop-reading.v1";

    /// <summary>Registers the serializer for its messages.</summary>
    public static Config Configuration { get; } = ConfigurationFactory.ParseString(
        $$"""
        akka.actor {
          serializers.pulse-counting = "{{typeof(CountingMessageSerializer).TypeQualifiedName()}}"
          serialization-bindings {
            "{{typeof(BucketCheckpoint).TypeQualifiedName()}}" = pulse-counting
            "{{typeof(IBucketMessage).TypeQualifiedName()}}" = pulse-counting
            "{{typeof(IPartitionAnswer).TypeQualifiedName()}}" = pulse-counting
            "{{typeof(BucketAnswers).TypeQualifiedName()}}" = pulse-counting
            "{{typeof(StopBucket).TypeQualifiedName()}}" = pulse-counting
            "{{typeof(KeepReading).TypeQualifiedName()}}" = pulse-counting
            "{{typeof(StopReading).TypeQualifiedName()}}" = pulse-counting
          }
          serialization-identifiers."{{typeof(CountingMessageSerializer).TypeQualifiedName()}}" = 1700
        }
        """);

    /// <inheritdoc />
    public override int Identifier => 1700;

    /// <inheritdoc />
    public override string Manifest(object o) => o switch
    {
        BucketCheckpoint => CheckpointManifest,
        OpenPartition => OpenManifest,
        PartitionOpened => OpenedManifest,
        ApplyDelta => DeltaManifest,
        DeltaAccepted => AcceptedManifest,
        PartitionRejected => RejectedManifest,
        PersistPartition => PersistManifest,
        PartitionPersisted => PersistedManifest,
        BucketBatch => BatchManifest,
        BucketAnswers => AnswersManifest,
        StopBucket => StopManifest,
        KeepReading => KeepReadingManifest,
        StopReading => StopReadingManifest,
        _ => throw new ArgumentException($"{o.GetType()} is no message of the counting protocol.", nameof(o)),
    };

    /// <inheritdoc />
    public override byte[] ToBinary(object obj) => obj switch
    {
        BucketCheckpoint checkpoint => ToWire(checkpoint).ToByteArray(),
        ApplyDelta delta => ToWire(delta).ToByteArray(),
        OpenPartition m => ToWire(m.Bucket, m.Partition, m.Committed, m.Session).ToByteArray(),
        PartitionOpened m => ToWire(m.Bucket, m.Partition, m.Position, m.Session).ToByteArray(),
        DeltaAccepted m => ToWire(m.Bucket, m.Partition, m.Position, m.Session).ToByteArray(),
        PartitionRejected m => ToWire(m.Bucket, m.Partition, m.Position, m.Session).ToByteArray(),
        PersistPartition m => ToWire(m.Bucket, m.Partition, m.UpTo, m.Session).ToByteArray(),
        PartitionPersisted m => ToWire(m.Bucket, m.Partition, m.Position, m.Session).ToByteArray(),
        BucketBatch batch => BatchColumns.Write(batch).ToByteArray(),
        BucketAnswers answers => BatchColumns.Write(answers).ToByteArray(),
        KeepReading m => new Wire.KeepReading { Partition = m.Partition }.ToByteArray(),
        StopBucket or StopReading => [],
        _ => throw new ArgumentException($"{obj.GetType()} is no message of the counting protocol.", nameof(obj)),
    };

    /// <inheritdoc />
    /// <exception cref="SerializationException">The manifest is of a version that this node does not know.</exception>
    public override object FromBinary(byte[] bytes, string manifest)
    {
        switch (manifest)
        {
            case CheckpointManifest:
                return FromWire(Wire.BucketCheckpoint.Parser.ParseFrom(bytes));
            case DeltaManifest:
                return FromWire(Wire.ApplyDelta.Parser.ParseFrom(bytes));
            case BatchManifest:
                return BatchColumns.Read(Wire.BucketBatch.Parser.ParseFrom(bytes));
            case AnswersManifest:
                return BatchColumns.Read(Wire.BucketAnswers.Parser.ParseFrom(bytes));
            case StopManifest:
                return StopBucket.Instance;
            case KeepReadingManifest:
                return new KeepReading(Wire.KeepReading.Parser.ParseFrom(bytes).Partition);
            case StopReadingManifest:
                return StopReading.Instance;
            case OpenManifest or OpenedManifest or AcceptedManifest or RejectedManifest or PersistManifest
                or PersistedManifest:
                return FromWire(manifest, Wire.PartitionMessage.Parser.ParseFrom(bytes));
            default:
                throw new SerializationException(
                    $"Manifest '{manifest}' is unknown here; a newer node sent it. Finish the rolling upgrade.");
        }
    }

    private static object FromWire(string manifest, Wire.PartitionMessage wire)
    {
        var bucket = FromWire(wire.Bucket);
        var partition = FromWire(wire.Partition);
        return manifest switch
        {
            OpenManifest => new OpenPartition(bucket, partition, wire.Offset, wire.Session),
            OpenedManifest => new PartitionOpened(bucket, partition, wire.Offset, wire.Session),
            AcceptedManifest => new DeltaAccepted(bucket, partition, wire.Offset, wire.Session),
            RejectedManifest => new PartitionRejected(bucket, partition, wire.Offset, wire.Session),
            PersistManifest => new PersistPartition(bucket, partition, wire.Offset, wire.Session),
            PersistedManifest => new PartitionPersisted(bucket, partition, wire.Offset, wire.Session),
            _ => throw new ArgumentException($"'{manifest}' is no message about a partition.", nameof(manifest)),
        };
    }

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
        Session = message.Session,
    };

    private static ApplyDelta FromWire(Wire.ApplyDelta wire) => new(
        FromWire(wire.Bucket),
        new Delta(FromWire(wire.Partition), wire.From, wire.To, [.. wire.Counts.Select(FromWire)]),
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
        NewestWindowEnd = checkpoint.NewestWindowEnd,
        SealedBelow = checkpoint.SealedBelow,
        IsComplete = checkpoint.IsComplete,
    };

    private static BucketCheckpoint FromWire(Wire.BucketCheckpoint wire) => new(
        [.. wire.Positions.Select(p => new PartitionPosition(FromWire(p.Partition), p.Position))],
        [.. wire.Counts.Select(FromWire)],
        wire.LateCount,
        wire.NewestWindowEnd,
        wire.SealedBelow,
        wire.IsComplete);

    private static Wire.KeyCount ToWire(KeyCount count) => new()
    {
        Key = { count.Key.Values },
        WindowEndUnixSeconds = count.Window.EndUnixSeconds,
        Count = count.Count,
    };

    private static KeyCount FromWire(Wire.KeyCount wire) =>
        new(new RollupKey([.. wire.Key]), new Window(wire.WindowEndUnixSeconds), wire.Count);

    internal static Wire.BucketId ToWire(BucketId bucket) => new() { Rollup = bucket.Rollup, Name = bucket.Name };

    internal static BucketId FromWire(Wire.BucketId wire) => new(wire.Rollup, wire.Name);

    private static Wire.StreamPartition ToWire(StreamPartition partition) =>
        new() { Stream = partition.Stream, Partition = partition.Partition };

    private static StreamPartition FromWire(Wire.StreamPartition wire) => new(wire.Stream, wire.Partition);
}
