using BenchmarkDotNet.Attributes;
using Pulse.Actors.Broker;
using Pulse.Actors.Ingest;
using Pulse.Actors.Storage.Checkpoints;
using Pulse.Benchmarks.Micro;
using Pulse.Benchmarks.Subjects;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Benchmarks.Tally;

/// <summary>Ways to count the events of one partition, decoding included: it is the same in all of them.</summary>
public class TallySubjects
{
    public const int Events = FlushesPerCall * EventsPerFlush;
    public const int EventsPerFlush = 25_000;
    private const int FlushesPerCall = 2;
    private const int Rollups = 3;
    private static readonly StreamPartition Partition = new("stream", 0);

    private readonly int[] _valueIds = new int[2 * Rollups];
    private readonly List<(int Index, BadRecord Why)> _bad = [];
    private readonly Dictionary<BucketId, BucketCheckpointing> _buckets = [];
    private readonly DenseCounters _dense = new();
    private readonly List<RecordBatch>[] _flushes = new List<RecordBatch>[FlushesPerCall];
    private byte[][] _events = [];
    private EventDecoder _decoder = null!;
    private IngestSession _session = null!;
    private EventCounter _counter = null!;
    private int _reading;
    private long _offset;
    private long _counted;

    [GlobalSetup]
    public void Prepare()
    {
        _events = EventSample.Generate(EventsPerFlush);
        _decoder = new EventDecoder(Dimension.Of(RollupCatalog.Default.Rollups), CountingRules.Default.MaximumSkew);
        CountedVersion[] versions =
        [
            .. RollupCatalog.Default.Counted.Select(
                rollup => new VersionDeclaration(rollup, CountingRules.Default).Counted),
        ];
        foreach (var version in versions)
        {
            for (var number = 0; number < version.Buckets; number++)
                _buckets.Add(version.Bucket(number), Bucket(version.Bucket(number), version.Digest));
        }

        _session = new IngestSession(Partition, versions, incarnation: 1, SessionLimits.Default);
        _counter = new EventCounter(RollupCatalog.Default, CountingRules.Default, _session);
        _session.Start();
        Deliver();

        // Every key is met.
        FillBatches();
        Buckets();
    }

    [IterationSetup]
    public void FillBatches()
    {
        for (var flush = 0; flush < FlushesPerCall; flush++)
        {
            _flushes[flush]?.ForEach(batch => batch.Dispose());
            _flushes[flush] = Batches();
        }
    }

    [Benchmark(Baseline = true, Description = "decoder, dense counters by hand")]
    public void Hand()
    {
        foreach (var batch in _flushes.SelectMany(flush => flush))
        {
            for (var index = 0; index < batch.Count; index++)
            {
                if (!_decoder.Decode(batch.Value(index), batch.UnixMilliseconds(index), _valueIds, out var time).IsBad)
                    _dense.Count(_valueIds, time);
            }
        }
    }

    [Benchmark(Description = "decoder alone")]
    public long Decoder()
    {
        var sum = 0L;
        foreach (var batch in _flushes.SelectMany(flush => flush))
        {
            for (var index = 0; index < batch.Count; index++)
            {
                _decoder.Decode(batch.Value(index), batch.UnixMilliseconds(index), _valueIds, out var time);
                sum += time;
            }
        }

        return sum;
    }

    [Benchmark(Description = "EventCounter")]
    public void Counter()
    {
        foreach (var batch in _flushes.SelectMany(flush => flush))
            Count(batch);
    }

    [Benchmark(Description = "EventCounter, deltas, buckets")]
    public void Buckets()
    {
        foreach (var flush in _flushes)
        {
            foreach (var batch in flush)
                Count(batch);
            _session.Flush();
            Deliver();
        }
    }

    /// <summary>Every event counted so far is in the buckets, in the cells and in the balance, once per rollup.</summary>
    [GlobalCleanup]
    public void Verify()
    {
        _session.Tick();
        Deliver();
        var statements = _buckets.Values.Select(Store).OfType<CheckpointStatement>().ToList();
        var cells = statements.Sum(statement => statement.Counts.Sum(count => count.Count));
        var consumed = statements.Sum(statement => statement.Balance.Consumed);
        if (cells != Rollups * _counted || consumed != (Rollups + 1) * _counted || _bad.Count > 0)
            throw new InvalidOperationException(
                $"{cells:#,0} counts of {_counted:#,0} events in {Rollups} rollups, {consumed:#,0} consumed.");
    }

    private static BucketCheckpointing Bucket(BucketId id, VersionDigest version)
    {
        var bucket = new BucketCheckpointing(id, version, CheckpointLimits.Default, new UnstoredMemory(long.MaxValue));
        bucket.Start();
        bucket.TakenOver(1, new BucketRow(new CheckpointId(Guid.NewGuid()), Generation: 1, Positions: "", Balance: default));
        bucket.TakeEffects();
        return bucket;
    }

    private static CheckpointStatement? Store(BucketCheckpointing bucket)
    {
        var next = new CheckpointId(Guid.NewGuid());
        bucket.MakeCheckpoint(next);
        bucket.StreamIs(next, Partition.Stream);
        return bucket.TakeEffects().OfType<BucketEffect.Store>().SingleOrDefault()?.Statement;
    }

    private void Count(RecordBatch batch)
    {
        if (!_counter.Count(batch, _bad))
            throw new InvalidOperationException($"The session at {_session.Position} did not take the batch at {batch.Start}.");
        _counted += batch.Count;
    }

    /// <summary>Brings buckets what the session has to say, and the session what they answer, until nobody says anything.</summary>
    private void Deliver()
    {
        while (_session.TakeEffects() is { Count: > 0 } effects)
        {
            foreach (var effect in effects)
                Deliver(effect);
        }
    }

    private void Deliver(SessionEffect effect)
    {
        switch (effect)
        {
            case SessionEffect.AskPosition ask:
                _buckets[ask.Bucket].Ask(Partition, ask.Version, ask.Session);
                TakeAnswer(ask.Bucket);
                break;
            case SessionEffect.SendDelta send:
                _buckets[send.Bucket].Apply(send.Delta, send.Session);
                TakeAnswer(send.Bucket);
                break;
            case SessionEffect.SendEmptyDelta send:
                _buckets[send.Bucket].Apply([send.Delta], send.Version);
                TakeAnswer(send.Bucket);
                break;
            case SessionEffect.Seek seek:
                _reading = seek.Reading;
                break;
            default:
                throw new InvalidOperationException($"The session wants {effect}.");
        }
    }

    private void TakeAnswer(BucketId bucket)
    {
        foreach (var effect in _buckets[bucket].TakeEffects())
        {
            if (effect is not BucketEffect.AnswerSession { Answer: { Kind: AnswerKind.Applied or AnswerKind.Position } answer })
                throw new InvalidOperationException($"{bucket} wants {effect}.");
            _session.Answered(answer);
        }
    }

    private List<RecordBatch> Batches()
    {
        List<RecordBatch> batches = [new RecordBatch(_reading, _offset)];
        foreach (var value in _events)
        {
            if (batches[^1].IsFull)
                batches.Add(new RecordBatch(_reading, _offset, batches[^1].SizeInBytes));
            batches[^1].Add(_offset++, 0, -1, [], value);
        }

        return batches;
    }
}
