using System.Runtime.Serialization;
using Pulse.Actors.Buckets;
using Pulse.Actors.Counting;

namespace Pulse.Actors.Serialization;

/// <content>Batches of requests and answers.</content>
public sealed partial class CountingMessageSerializer
{
    private static Wire.BucketBatch ToWire(BucketBatch batch) => new()
    {
        Bucket = ToWire(batch.Bucket),
        Requests = { batch.Requests.Select(ToWire) },
    };

    private static Wire.PartitionRequest ToWire(IPartitionRequest request) => request switch
    {
        ApplyDelta m => new() { Delta = ToWire(null, m) },
        OpenPartition m => new() { Open = ToWire(null, m.Partition, m.Committed, m.Session) },
        PersistPartition m => new() { Persist = ToWire(null, m.Partition, m.UpTo, m.Session) },
        _ => throw new ArgumentException($"{request.GetType()} is no request of a partition.", nameof(request)),
    };

    private static BucketBatch FromWire(Wire.BucketBatch wire)
    {
        var bucket = FromWire(wire.Bucket);
        return new BucketBatch(bucket, [.. wire.Requests.Select(request => FromWire(bucket, request))]);
    }

    private static IPartitionRequest FromWire(BucketId bucket, Wire.PartitionRequest wire) => wire.KindCase switch
    {
        Wire.PartitionRequest.KindOneofCase.Delta => FromWire(bucket, wire.Delta),
        Wire.PartitionRequest.KindOneofCase.Open => (IPartitionRequest)FromWire(OpenManifest, bucket, wire.Open),
        Wire.PartitionRequest.KindOneofCase.Persist => (IPartitionRequest)FromWire(PersistManifest, bucket, wire.Persist),
        _ => throw new SerializationException("A batch holds a request that is unknown here. Finish the rolling upgrade."),
    };

    private static Wire.BucketAnswers ToWire(BucketAnswers answers) => new()
    {
        Bucket = ToWire(answers.Bucket),
        Answers = { answers.Answers.Select(ToWire) },
    };

    private static Wire.PartitionAnswer ToWire(IPartitionAnswer answer) => answer switch
    {
        DeltaAccepted m => new() { Accepted = ToWire(null, m.Partition, m.Position, m.Session) },
        PartitionOpened m => new() { Opened = ToWire(null, m.Partition, m.Position, m.Session) },
        PartitionRejected m => new() { Rejected = ToWire(null, m.Partition, m.Position, m.Session) },
        PartitionPersisted m => new() { Persisted = ToWire(null, m.Partition, m.Position, m.Session) },
        _ => throw new ArgumentException($"{answer.GetType()} is no answer to a partition.", nameof(answer)),
    };

    private static BucketAnswers FromWire(Wire.BucketAnswers wire)
    {
        var bucket = FromWire(wire.Bucket);
        return new BucketAnswers(bucket, [.. wire.Answers.Select(answer => FromWire(bucket, answer))]);
    }

    private static IPartitionAnswer FromWire(BucketId bucket, Wire.PartitionAnswer wire)
    {
        var (manifest, message) = wire.KindCase switch
        {
            Wire.PartitionAnswer.KindOneofCase.Accepted => (AcceptedManifest, wire.Accepted),
            Wire.PartitionAnswer.KindOneofCase.Opened => (OpenedManifest, wire.Opened),
            Wire.PartitionAnswer.KindOneofCase.Rejected => (RejectedManifest, wire.Rejected),
            Wire.PartitionAnswer.KindOneofCase.Persisted => (PersistedManifest, wire.Persisted),
            _ => throw new SerializationException("A batch holds an answer that is unknown here. Finish the rolling upgrade."),
        };
        return (IPartitionAnswer)FromWire(manifest, bucket, message);
    }
}
