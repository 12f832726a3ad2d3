using Akka.Actor;
using Pulse.Actors.Buckets;
using Pulse.Actors.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// What the ingestors of this node have to say to buckets, one message for each bucket and flush: with many partitions,
/// a message for each partition and bucket would cost more than the counting. It keeps the order of what an ingestor says
/// to a bucket, and hands the answers back.
/// </summary>
public sealed class BucketOutbox : ReceiveActor, IWithTimers
{
    private readonly IActorRef _buckets;
    private readonly TimeSpan _flushInterval;
    private readonly Dictionary<BucketId, List<IPartitionRequest>> _waiting = [];
    private readonly Dictionary<int, IActorRef> _ingestors = [];

    /// <summary>Makes the outbox.</summary>
    /// <param name="buckets">The shard region of the buckets.</param>
    /// <param name="flushInterval">How long a request may wait for others to the same bucket.</param>
    public BucketOutbox(IActorRef buckets, TimeSpan flushInterval)
    {
        _buckets = buckets;
        _flushInterval = flushInterval;
        Receive<IPartitionRequest>(Add);
        Receive<BucketAnswers>(batch =>
        {
            foreach (var answer in batch.Answers)
                HandBack(answer);
        });
        Receive<IPartitionAnswer>(HandBack);
        Receive<Flush>(_ => Send());
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart() =>
        Timers.StartPeriodicTimer(Flush.Instance, Flush.Instance, _flushInterval);

    private void Add(IPartitionRequest request)
    {
        _ingestors[request.Partition.Partition] = Sender;
        if (!_waiting.TryGetValue(request.Bucket, out var requests))
            _waiting.Add(request.Bucket, requests = []);
        requests.Add(request);
    }

    private void Send()
    {
        foreach (var (bucket, requests) in _waiting)
            _buckets.Tell(new BucketBatch(bucket, requests));
        _waiting.Clear();
    }

    // An answer to an ingestor that has moved meanwhile reaches its successor here, who knows it by the session.
    private void HandBack(IPartitionAnswer answer)
    {
        if (_ingestors.TryGetValue(answer.Partition.Partition, out var ingestor))
            ingestor.Tell(answer);
    }

    /// <summary>Sends what waits.</summary>
    internal sealed record Flush : INoSerializationVerificationNeeded
    {
        public static Flush Instance { get; } = new();
    }
}
