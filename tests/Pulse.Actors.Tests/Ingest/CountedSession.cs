using Pulse.Actors.Broker;
using Pulse.Actors.Ingest;
using Pulse.Actors.Tests.Events;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Ingest;

/// <summary>A session whose buckets all stand at one position, and the counter that counts into it.</summary>
internal sealed class CountedSession
{
    private static readonly StreamPartition Partition = new("stream", 3);

    private readonly IngestSession _session;
    private readonly int _reading;

    public CountedSession(long position = 0, CountingRules? rules = null, RollupCatalog? catalog = null)
    {
        catalog ??= RollupCatalog.Default;
        _session = new IngestSession(Partition, Versions.Of(catalog), incarnation: 5, SessionLimits.Default);
        Counter = new EventCounter(catalog, rules ?? CountingRules.Default, _session);
        var at = new LogPosition(position, LogPosition.UnknownEpoch);
        _session.Start();
        foreach (var ask in _session.TakeEffects().OfType<SessionEffect.AskPosition>())
            _session.Answered(new BucketAnswer(ask.Bucket, Partition, ask.Session, AnswerKind.Position, at, at));
        _reading = Assert.IsType<SessionEffect.Seek>(Assert.Single(_session.TakeEffects())).Reading;
    }

    public EventCounter Counter { get; }

    public LogPosition Position => _session.Position;

    /// <summary>The bad records so far.</summary>
    public List<(int Index, BadRecord Why)> Bad { get; } = [];

    /// <summary>Counts events at the session's position.</summary>
    /// <returns>Whether the session took them.</returns>
    public bool Count(params IReadOnlyList<SampleEvent> events) =>
        Count(SampleEvent.RecordUnixMilliseconds, [.. events.Select(value => value.ToBytes())]);

    /// <summary>Counts records of one Kafka timestamp at the session's position.</summary>
    /// <returns>Whether the session took them.</returns>
    public bool Count(long unixMilliseconds, params IReadOnlyList<byte[]> values)
    {
        using var batch = Batch();
        foreach (var value in values)
            batch.Add(batch.NextOffset, 4, unixMilliseconds, [], value);
        return Counter.Count(batch, Bad);
    }

    /// <summary>An empty batch that follows on what was read.</summary>
    public RecordBatch Batch(int laterReading = 0) => new(_reading + laterReading, _session.Position.Offset);

    /// <summary>What the session sends now that it is time to say everything.</summary>
    public List<(BucketId Bucket, Delta Delta)> TakeDeltas()
    {
        _session.Tick();
        return [.. _session.TakeEffects().OfType<SessionEffect.SendDelta>().Select(send => (send.Bucket, send.Delta))];
    }

    /// <summary>Of the same, the counts by rollup.</summary>
    public List<(string Rollup, KeyCount Count)> TakeCounts() =>
        [.. TakeDeltas().SelectMany(sent => sent.Delta.Counts.Select(count => (sent.Bucket.Rollup, count)))];

    /// <summary>Of the same, the balance of each rollup.</summary>
    public Dictionary<string, Balance> TakeBalances() => TakeDeltas()
        .GroupBy(sent => sent.Bucket.Rollup, sent => sent.Delta.Balance)
        .ToDictionary(rollup => rollup.Key, rollup => rollup.Aggregate((left, right) => left + right));
}
