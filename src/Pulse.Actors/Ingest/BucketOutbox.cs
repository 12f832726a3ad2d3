using Akka.Actor;
using Pulse.Actors.Buckets;
using Pulse.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// What the ingestors of this node have to say to buckets, one message for each bucket and flush, and what buckets answer,
/// one message for each ingestor and flush: with many partitions, a message for each partition and bucket would cost more
/// than the counting. What an ingestor says to a bucket, and what this answers, keeps its order.
/// </summary>
public sealed class BucketOutbox : ReceiveActor, IWithTimers
{
    // Kind, partition, session, offset and length of a delta.
    private const int RequestBytes = 40;

    private readonly IActorRef _buckets;
    private readonly TimeSpan _flushInterval;
    private readonly Dictionary<BucketId, List<IPartitionRequest>> _requests = [];
    private readonly Dictionary<int, List<IPartitionAnswer>> _answers = [];
    private readonly Dictionary<int, IActorRef> _ingestors = [];

    /// <summary>Makes the outbox.</summary>
    /// <param name="buckets">The shard region of the buckets.</param>
    /// <param name="flushInterval">How long a request or an answer may wait for others.</param>
    public BucketOutbox(IActorRef buckets, TimeSpan flushInterval)
    {
        _buckets = buckets;
        _flushInterval = flushInterval;
        Receive<PartitionRequests>(Add);
        Receive<BucketAnswers>(batch =>
        {
            foreach (var answer in batch.Answers)
                Add(answer);
        });
        Receive<IPartitionAnswer>(Add);
        Receive<Flush>(_ => Send());
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart() =>
        Timers.StartPeriodicTimer(Flush.Instance, Flush.Instance, _flushInterval);

    private void Add(PartitionRequests message)
    {
        _ingestors[message.Requests[0].Partition.Partition] = Sender;
        foreach (var request in message.Requests)
        {
            if (!_requests.TryGetValue(request.Bucket, out var requests))
                _requests.Add(request.Bucket, requests = []);
            requests.Add(request);
        }
    }

    private void Add(IPartitionAnswer answer)
    {
        if (!_answers.TryGetValue(answer.Partition.Partition, out var answers))
            _answers.Add(answer.Partition.Partition, answers = []);
        answers.Add(answer);
    }

    private void Send()
    {
        foreach (var (bucket, requests) in _requests)
        {
            foreach (var batch in Batches(requests))
                _buckets.Tell(new BucketBatch(bucket, batch));
        }

        _requests.Clear();

        // An answer to an ingestor that has moved meanwhile reaches its successor here, who knows it by the session.
        foreach (var (partition, answers) in _answers)
        {
            if (_ingestors.TryGetValue(partition, out var ingestor))
                ingestor.Tell(new PartitionAnswers(answers));
        }

        _answers.Clear();
    }

    /// <summary>Cuts what is to be said where a message would become too large; what is too large alone is none.</summary>
    private static IEnumerable<List<IPartitionRequest>> Batches(List<IPartitionRequest> requests)
    {
        var (first, bytes) = (0, 0);
        for (var index = 0; index < requests.Count; index++)
        {
            var next = RequestBytes + ((requests[index] as ApplyDelta)?.Delta.EncodedBytes ?? 0);
            if (index > first && bytes + next > Delta.MaximumBytes)
            {
                yield return requests[first..index];
                (first, bytes) = (index, 0);
            }

            bytes += next;
        }

        yield return first == 0 ? requests : requests[first..];
    }

    /// <summary>Sends what waits.</summary>
    internal sealed record Flush : INoSerializationVerificationNeeded
    {
        public static Flush Instance { get; } = new();
    }
}
