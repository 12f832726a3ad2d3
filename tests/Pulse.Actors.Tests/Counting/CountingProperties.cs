using CsCheck;
using Pulse.Counting;
using static Pulse.Actors.Tests.Counting.CountingExamples;

namespace Pulse.Actors.Tests.Counting;

/// <summary>What holds for every history of one partition and one bucket, or of one bucket alone.</summary>
public sealed class CountingProperties
{
    private static readonly RollupKey[] Keys = [MobileDrama, TabletComedy];

    // One event per offset: which key, which window; 2 is an event of another bucket.
    private static readonly Gen<(int Key, int Window)[]> Log =
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 5]).Array[1, 60];

    private enum Step
    {
        Take,
        Open,
        Nothing,
    }

    private static readonly Gen<Step[]> Steps = Gen.Enum<Step>().Array[60];

    [Fact]
    public void The_deltas_of_a_session_hold_every_event_at_or_after_the_buckets_position_once() =>
        Gen.Select(Log, Steps, Gen.Int[0, 70]).Sample((log, steps, bucketPosition) =>
        {
            var tally = new PartitionTally(Zero, 0);
            var deltas = new List<Delta>();
            var keys = Keys.Select(key => tally.Key(Mobile, key)).ToArray();
            for (var offset = 0; offset < log.Length; offset++)
            {
                if (log[offset].Key < keys.Length)
                    tally.Count(keys[log[offset].Key], WindowNumber(log[offset].Window), offset);
                tally.Advance(offset + 1);
                if (steps[offset] == Step.Open)
                    tally.Opened(Mobile, bucketPosition);
                if (steps[offset] == Step.Take)
                    deltas.AddRange(tally.TakeDeltas().Select(sent => sent.Delta));
            }

            tally.Opened(Mobile, bucketPosition);
            deltas.AddRange(tally.TakeDeltas().Select(sent => sent.Delta));

            var position = (long)bucketPosition;
            foreach (var delta in deltas)
            {
                Assert.Equal(position, delta.From);
                Assert.True(delta.To > delta.From);
                Assert.Equal(Truth(log, delta.From, delta.To), Sum(delta.Counts));
                Assert.Equal(delta.Counts.Count, delta.Counts.DistinctBy(count => (count.Key, count.Window)).Count());
                position = delta.To;
            }

            Assert.Equal(Truth(log, bucketPosition, log.Length), Sum(deltas.SelectMany(delta => delta.Counts)));
            Assert.Equal(0, tally.Waiting);
        });

    [Fact]
    public void A_committable_offset_never_passes_an_event_that_no_bucket_has_stored() =>
        Gen.Select(Log, Steps, Gen.Int[0, 70]).Sample((log, steps, stored) =>
        {
            var tally = new PartitionTally(Zero, 0);
            var keys = Keys.Select(key => tally.Key(Mobile, key)).ToArray();
            for (var offset = 0; offset < log.Length; offset++)
            {
                if (log[offset].Key < keys.Length)
                    tally.Count(keys[log[offset].Key], WindowNumber(log[offset].Window), offset);
                tally.Advance(offset + 1);
                if (steps[offset] == Step.Open)
                    tally.Opened(Mobile, 0);
                if (steps[offset] != Step.Take)
                    continue;

                tally.TakeDeltas();
                tally.BeginCommit();
                tally.Persisted(Mobile, stored);
                if (tally.CommittableOffset is not { } committable)
                {
                    tally.CommitFailed();
                    continue;
                }

                Assert.Empty(Truth(log, stored, committable));
                tally.CommitSucceeded();
                Assert.Equal(committable, tally.Committed);
            }
        });

    [Fact]
    public void A_ledger_takes_each_event_once_whatever_is_sent_and_however_often() =>
        Gen.Select(Log, Gen.Select(Gen.Int[0, 60], Gen.Int[1, 61]).Array[0, 80]).Sample((log, ranges) =>
        {
            var ledger = new BucketLedger();
            ledger.Open(Zero, 0);
            foreach (var (from, to) in ranges)
            {
                if (to <= from || to > log.Length)
                    continue;
                var before = ledger.Position(Zero);
                var outcome = ledger.Apply(DeltaOf(log, from, to));
                var expected = before >= to ? DeltaOutcome.Duplicate
                    : before == from ? DeltaOutcome.Applied : DeltaOutcome.Rejected;
                Assert.Equal(expected, outcome);
                Assert.Equal(outcome == DeltaOutcome.Applied ? to : before, ledger.Position(Zero));
                Assert.Equal(Truth(log, 0, ledger.Position(Zero)), Sum(ledger.Counts));
            }
        });

    [Fact]
    public void A_recovered_ledger_equals_the_one_that_wrote_the_journal() =>
        Gen.Select(Log, Gen.Int[1, 4].Array[60], Gen.Int[1, 5]).Sample(
            (log, lengths, completeEach) =>
            {
                var ledger = new BucketLedger();
                var journal = new List<BucketCheckpoint>();
                ledger.Open(Zero, 0);
                var from = 0;
                for (var index = 0; from < log.Length; index++)
                {
                    var to = Math.Min(log.Length, from + lengths[index]);
                    ledger.Apply(DeltaOf(log, from, to) with { Late = lengths[index] });
                    from = to;
                    if (lengths[index] == 1)
                        continue;
                    journal.Add(ledger.TakeCheckpoint(journal.Count % completeEach == 0));
                    ledger.Stored();
                    ledger.Published();
                }

                journal.Add(ledger.TakeCheckpoint(complete: false));
                ledger.Stored();
                ledger.Published();

                var recovered = new BucketLedger();
                foreach (var checkpoint in journal.Skip(journal.FindLastIndex(checkpoint => checkpoint.IsComplete)))
                    recovered.Recover(checkpoint);
                recovered.Published();

                Assert.Equal(ledger.Position(Zero), recovered.Position(Zero));
                Assert.Equal(ledger.LateCount, recovered.LateCount);
                Assert.Equal(Sum(ledger.Counts), Sum(recovered.Counts));
                Assert.Equal(Truth(log, 0, log.Length).Values.Sum(), journal
                    .SelectMany(checkpoint => checkpoint.Counts)
                    .GroupBy(count => (count.Key, count.Window))
                    .Sum(counts => counts.Last().Count));
            });

    [Fact]
    public void Positions_of_a_bucket_never_go_back() =>
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 1], Gen.Int[0, 9]).Array[0, 40].Sample(opens =>
        {
            var ledger = new BucketLedger();
            var highest = new Dictionary<StreamPartition, long>();
            foreach (var (stream, number, committed) in opens)
            {
                var partition = new StreamPartition($"stream {stream}", number);
                highest[partition] = Math.Max(highest.GetValueOrDefault(partition, -1), committed);
                Assert.Equal(highest[partition], ledger.Open(partition, committed));
            }

            foreach (var (partition, position) in highest)
                Assert.Equal((position, position), (ledger.Position(partition), ledger.DurablePosition(partition)));
        });

    private static Window WindowNumber(int number) => new(Early.EndUnixSeconds + number * 5 * Minute);

    private static Delta DeltaOf((int Key, int Window)[] log, int from, int to) =>
        Delta(from, to, [.. Truth(log, from, to).Select(pair => new KeyCount(pair.Key.Key, pair.Key.Window, pair.Value))]);

    private static Dictionary<(RollupKey Key, Window Window), long> Truth(
        (int Key, int Window)[] log, long from, long to)
    {
        var counts = new Dictionary<(RollupKey, Window), long>();
        for (var offset = from; offset < Math.Min(to, log.Length); offset++)
        {
            var (key, window) = log[offset];
            if (key < Keys.Length)
                counts[(Keys[key], WindowNumber(window))] =
                    counts.GetValueOrDefault((Keys[key], WindowNumber(window))) + 1;
        }

        return counts;
    }

    private static Dictionary<(RollupKey Key, Window Window), long> Sum(IEnumerable<KeyCount> counts) =>
        counts.GroupBy(count => (count.Key, count.Window))
            .ToDictionary(group => group.Key, group => group.Sum(count => count.Count));
}
