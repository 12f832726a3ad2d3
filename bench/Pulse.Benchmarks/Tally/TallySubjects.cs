using BenchmarkDotNet.Attributes;
using Pulse.Actors.Ingest;
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

    private readonly int[] _valueIds = new int[2 * Rollups];
    private readonly List<(int Index, BadRecord Why)> _bad = [];
    private readonly Dictionary<BucketId, BucketLedger> _ledgers = [];
    private readonly DenseCounters _dense = new();
    private readonly List<RecordBatch>[] _flushes = new List<RecordBatch>[FlushesPerCall];
    private byte[][] _events = [];
    private EventDecoder _decoder = null!;
    private EventCounter _counter = null!;
    private long _offset;
    private long _counted;

    [GlobalSetup]
    public void Prepare()
    {
        _events = EventSample.Generate(EventsPerFlush);
        _decoder = new EventDecoder(Dimension.Of(RollupCatalog.Default.Rollups));
        _counter = new EventCounter(
            RollupCatalog.Default, Window.DefaultLength, allowedLateness: null, new PartitionTally(new StreamPartition("stream", 0), 0));

        // Every key is met, and its bucket opened.
        FillBatches();
        Counter();
        foreach (var bucket in _counter.Tally.TakeBucketsToOpen())
        {
            var ledger = new BucketLedger();
            _ledgers.Add(bucket, ledger);
            _counter.Tally.Opened(bucket, ledger.Open(_counter.Tally.Partition, 0));
        }

        Deliver();
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

    [Benchmark(Description = "EventCounter, deltas, ledgers")]
    public void Ledgers()
    {
        foreach (var flush in _flushes)
        {
            foreach (var batch in flush)
                Count(batch);
            Deliver();
        }
    }

    /// <summary>Every event counted so far is in the ledgers once per rollup.</summary>
    [GlobalCleanup]
    public void Verify()
    {
        Deliver();
        var counted = _ledgers.Values.SelectMany(ledger => ledger.Counts).Sum(count => count.Count);
        if (counted != Rollups * _counted || _bad.Count > 0)
            throw new InvalidOperationException($"{counted:#,0} counts of {_counted:#,0} events in {Rollups} rollups.");
    }

    private void Count(RecordBatch batch)
    {
        _counter.Count(batch, _bad);
        _counted += batch.Count;
    }

    private void Deliver()
    {
        foreach (var (bucket, delta) in _counter.Tally.TakeDeltas())
        {
            if (_ledgers[bucket].Apply(delta) != DeltaOutcome.Applied)
                throw new InvalidOperationException($"{bucket} did not apply a delta.");
            _counter.Tally.Accepted(bucket, delta.To);
        }
    }

    private List<RecordBatch> Batches()
    {
        List<RecordBatch> batches = [new RecordBatch(0, _offset)];
        foreach (var value in _events)
        {
            if (batches[^1].IsFull)
                batches.Add(new RecordBatch(0, _offset, batches[^1].SizeInBytes));
            batches[^1].Add(_offset++, -1, [], value);
        }

        return batches;
    }
}
