using Akka.Actor;
using Pulse.Actors.Buckets;
using Pulse.Counting;

namespace Pulse.Actors.Ingest;

/// <summary>
/// What the sessions of this node have to say to buckets, one message for each bucket and flush, and what buckets answer,
/// one message for each ingestor and flush: with many partitions, a message for each partition and bucket would cost more
/// than the counting. What a session says to a bucket, and what this answers, keeps its order.
/// </summary>
public sealed class BucketOutbox : ReceiveActor, IWithTimers
{
    private readonly IActorRef _buckets;
    private readonly TimeSpan _flushInterval;
    private readonly Dictionary<BucketId, List<BucketRequestsBuilder>> _requests = [];
    private readonly Dictionary<int, List<BucketAnswer>> _answers = [];
    private readonly Dictionary<int, IActorRef> _ingestors = [];

    /// <summary>Makes the outbox.</summary>
    /// <param name="buckets">The shard region of the buckets.</param>
    /// <param name="flushInterval">How long a request or an answer may wait for others.</param>
    public BucketOutbox(IActorRef buckets, TimeSpan flushInterval)
    {
        _buckets = buckets;
        _flushInterval = flushInterval;
        Receive<SessionRequests>(Add);
        Receive<BucketReplies>(Add);
        Receive<Flush>(_ => Send());
    }

    /// <inheritdoc />
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc />
    protected override void PreStart() =>
        Timers.StartPeriodicTimer(Flush.Instance, Flush.Instance, _flushInterval);

    private void Add(SessionRequests message)
    {
        _ingestors[message.Partition.Partition] = Sender;
        foreach (var request in message.Requests)
        {
            switch (request)
            {
                case SessionEffect.AskPosition ask:
                    var question = new PositionQuestion(message.Partition, ask.Session);
                    Add(ask.Bucket, ask.Version, question, static (builder, it) => builder.TryAsk(it));
                    break;
                case SessionEffect.SendDelta send:
                    var delta = new SessionDelta(send.Session, send.Delta);
                    Add(send.Bucket, send.Delta.Version, delta, static (builder, it) => builder.TryAdd(it));
                    break;
                case SessionEffect.SendEmptyDelta send:
                    Add(send.Bucket, send.Version, send.Delta, static (builder, it) => builder.TryAdd(it));
                    break;
            }
        }
    }

    private void Add<T>(BucketId bucket, VersionDigest version, T request, Func<BucketRequestsBuilder, T, bool> tryAdd)
    {
        if (!_requests.TryGetValue(bucket, out var builders))
            _requests.Add(bucket, builders = [new BucketRequestsBuilder(bucket, version)]);
        if (tryAdd(builders[^1], request))
            return;
        builders.Add(new BucketRequestsBuilder(bucket, version));
        tryAdd(builders[^1], request);
    }

    private void Add(BucketReplies replies)
    {
        foreach (var answer in replies.Answers)
        {
            if (!_answers.TryGetValue(answer.Partition.Partition, out var answers))
                _answers.Add(answer.Partition.Partition, answers = []);
            answers.Add(answer);
        }
    }

    private void Send()
    {
        foreach (var builder in _requests.Values.SelectMany(builders => builders))
            _buckets.Tell(builder.Build());
        _requests.Clear();

        // An answer to an ingestor that is gone reaches its successor here, who knows it by the session.
        foreach (var (partition, answers) in _answers)
        {
            if (_ingestors.TryGetValue(partition, out var ingestor))
                ingestor.Tell(new SessionAnswers(answers));
        }

        _answers.Clear();
    }

    /// <summary>Sends what waits.</summary>
    internal sealed record Flush : INoSerializationVerificationNeeded
    {
        public static Flush Instance { get; } = new();
    }
}
