using CsCheck;
using Pulse.Actors.Buckets;
using Pulse.Actors.Live;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Live;

/// <summary>What a node shows: exact totals, the largest keys, and of each count what the latest incarnation of its bucket told.</summary>
public sealed class ReadModelTests
{
    private static readonly Rollup Rollup = RollupCatalog.BuiltIn[0] with { Buckets = 4 };

    [Fact]
    public void Whatever_order_batches_come_in_and_however_often_the_counts_are_the_largest_told() =>
        Gen.Select(
            Gen.Select(Gen.Int[0, 30], Gen.Int[0, 3], Gen.Long[1, 5]).Array[1, 200],
            Gen.Int[0, int.MaxValue])
            .Sample(
                (events, seed) =>
                {
                    var (told, truth) = Tell(events, maximumKeys: 1_000);
                    var random = new Random(seed);
                    var counts = Counts(maximumKeys: 1_000);
                    counts.Fill([], Generations.None, new Window(0), below: null);
                    LiveBucket[] twice = [.. told, .. told];
                    random.Shuffle(twice);
                    var before = 0L;
                    foreach (var bucket in twice)
                    {
                        counts.Merge(bucket);
                        var total = counts.Totals().Sum(window => window.Count);
                        Assert.True(total >= before, "A total went back.");
                        before = total;
                    }

                    var answer = Answer(counts, new RollupQuery(Rollup) { IsPerWindow = true });
                    Assert.Equal(truth, answer.Cells.ToDictionary(cell => (cell.Key, cell.Window), cell => cell.Count));
                    Assert.Equal(truth.Values.Sum(), answer.Total);
                    Assert.Equal(0, answer.Other);
                },
                iter: 200);

    [Fact]
    public void With_more_keys_than_memory_holds_the_total_is_exact_and_the_largest_keys_are_right() =>
        Gen.Select(Gen.Int[0, 300], Gen.Int[0, 1], Gen.Long[1, 50]).Array[1, 600].Sample(
            events =>
            {
                const int maximumKeys = 10;
                var (told, truth) = Tell(events, maximumKeys);
                var counts = Counts(maximumKeys);
                counts.Fill([], Generations.None, new Window(0), below: null);
                foreach (var bucket in told)
                    counts.Merge(bucket);

                foreach (var window in truth.Keys.Select(counted => counted.Window).Distinct())
                {
                    var query = new RollupQuery(Rollup) { From = window.EndUtc, To = window.EndUtc.AddSeconds(1) };
                    var answer = Answer(counts, query);
                    var right = truth.Where(pair => pair.Key.Window == window).ToDictionary(pair => pair.Key.Key, pair => pair.Value);
                    Assert.Equal(right.Values.Sum(), answer.Total);
                    Assert.Equal(answer.Total, answer.Other + answer.Keys.Sum(key => key.Count));
                    Assert.All(answer.Keys, key => Assert.Equal(right[key.Key], key.Count));
                    Assert.Equal(
                        right.Values.OrderDescending().Take(maximumKeys),
                        answer.Keys.Select(key => key.Count).Take(maximumKeys));
                }
            },
            iter: 300);

    [Fact]
    public void Windows_beyond_the_limit_leave_memory_and_say_so()
    {
        var counts = new RollupCounts(
            Rollup, new LiveOptions { Windows = 3 }, settled: TimeSpan.FromTicks(-1), TimeProvider.System);
        counts.Fill([], Generations.None, new Window(0), below: null);

        for (var window = 1; window <= 5; window++)
            counts.Merge(Bucket(1, new Window(window * 300), total: window));

        Assert.Equal([3L, 4L, 5L], counts.Totals().Select(total => total.Count));
        Assert.True(counts.CompleteFrom > new Window(600));
        Assert.False(counts.Merge(Bucket(1, new Window(300), total: 100)), "It is storage's now.");
    }

    [Fact]
    public void Nothing_is_answered_from_memory_before_it_was_filled()
    {
        var counts = Counts(maximumKeys: 10);
        counts.Merge(Bucket(1, new Window(300), total: 5));

        Assert.Null(counts.CompleteFrom);
        Assert.Equal(0, Answer(counts, new RollupQuery(Rollup)).Total);

        counts.Fill([Bucket(1, new Window(300), total: 3)], Generations.None, new Window(0), below: null);

        Assert.Equal(5, Answer(counts, new RollupQuery(Rollup)).Total);
    }

    [Fact]
    public void What_a_later_incarnation_tells_counts_though_it_is_less_and_an_earlier_one_is_not_heard_again()
    {
        var window = new Window(300);
        var counts = Counts(maximumKeys: 10);
        counts.Fill([], Generations.None, new Window(0), below: null);
        counts.Merge(Bucket(1, window, total: 9, generation: 5));

        Assert.True(counts.Merge(Bucket(1, window, total: 4, generation: 6)), "The database went back, or increments were lost.");
        Assert.False(counts.Merge(Bucket(1, window, total: 12, generation: 5)), "It died.");
        Assert.False(counts.Fill([Bucket(1, window, total: 3, generation: 6)], Generations.None, new Window(0), below: null), "More came since it was stored.");
        Assert.Equal(4, Answer(counts, new RollupQuery(Rollup)).Total);

        counts.Merge(Bucket(1, window, total: 10, generation: 6));

        Assert.Equal(10, Assert.Single(Answer(counts, new RollupQuery(Rollup)).Keys).Count);
        Assert.Equal(10, Assert.Single(counts.Totals()).Count);
    }

    [Fact]
    public void What_storage_has_no_more_is_dropped_once_it_knows_a_later_incarnation()
    {
        var key = new RollupKey("Mobile", "Drama");
        var number = BucketId.Owning(Rollup, key).Number;
        var (before, after) = (Of(5), Of(6));
        var counts = Counts(maximumKeys: 10);
        Assert.True(counts.IsBehind(before));
        counts.Fill([Bucket(number, new Window(600), total: 9, generation: 5)], before, new Window(600), below: null);
        counts.Fill([Bucket(number, new Window(300), total: 7, generation: 5)], before, new Window(0), new Window(600));
        counts.Filled(before, new Window(0));
        counts.Merge(Bucket(number + 1, new Window(300), total: 1, generation: 4));
        Assert.False(counts.IsBehind(before));
        Assert.True(counts.IsBehind(after));

        // After a rebuild, of the newest window some is counted, and nothing of the one before.
        Assert.True(counts.Fill([Bucket(number, new Window(600), total: 2, generation: 6)], after, new Window(600), below: null));
        Assert.Equal([8L, 2L], counts.Totals().Select(total => total.Count));
        Assert.True(counts.Fill([], after, new Window(0), new Window(600)));
        counts.Filled(after, new Window(0));

        Assert.Equal([1L, 2L], counts.Totals().Select(total => total.Count));
        Assert.Equal(2, Assert.Single(Answer(counts, new RollupQuery(Rollup) { From = new Window(300).EndUtc }).Keys).Count);
        Assert.False(counts.Merge(Bucket(number, new Window(900), total: 12, generation: 5)), "It was on its way.");
        Assert.True(counts.Merge(Bucket(number, new Window(900), total: 12, generation: 6)));

        Dictionary<int, long> Of(long generation) => new() { [number] = generation, [number + 1] = 4 };
    }

    [Fact]
    public void Windows_that_were_not_read_again_are_left_to_storage()
    {
        var counts = Counts(maximumKeys: 10);
        counts.Fill([Bucket(1, new Window(300), total: 7)], Generations.None, new Window(0), below: null);
        counts.Merge(Bucket(1, new Window(600), total: 3));

        Assert.True(counts.Filled(Generations.None, new Window(600)));

        Assert.Equal([3L], counts.Totals().Select(total => total.Count));
        Assert.Equal(new Window(600), counts.CompleteFrom);
        Assert.False(counts.Filled(Generations.None, new Window(0)));
        Assert.Equal(new Window(600), counts.CompleteFrom);
    }

    private static readonly CheckpointId First = new(Guid.NewGuid());

    private static LiveBucket Bucket(int number, Window window, long total, long generation = 1) => new(
        new BucketId(Rollup.Name, number),
        generation,
        [new LiveWindow(window, total, [new KeyTotal(new RollupKey("Mobile", "Drama"), total)])]);

    private static RollupCounts Counts(int maximumKeys) => new(
        Rollup, new LiveOptions { KeysPerWindow = maximumKeys }, TimeSpan.FromMinutes(10), TimeProvider.System);

    private static RollupAnswer Answer(RollupCounts counts, RollupQuery query)
    {
        var sum = new CountSum(query);
        counts.AddTo(query, sum);
        return sum.ToAnswer();
    }

    /// <summary>Has real ledgers count events and takes what their buckets would tell after every tenth event.</summary>
    private static (List<LiveBucket> Told, Dictionary<(RollupKey Key, Window Window), long> Truth) Tell(
        (int Key, int Window, long Count)[] events, int maximumKeys)
    {
        var node = new LiveBuckets();
        var buckets = new Dictionary<BucketId, (BucketCheckpointing Machine, BucketChanges Changes)>();
        var truth = new Dictionary<(RollupKey, Window), long>();
        var told = new List<LiveBucket>();
        var partition = new StreamPartition("stream", 0);
        for (var offset = 0; offset < events.Length; offset++)
        {
            var key = new RollupKey("key", events[offset].Key.ToString(System.Globalization.CultureInfo.InvariantCulture));
            var window = new Window((events[offset].Window + 1) * 300);
            var bucket = BucketId.Owning(Rollup, key);
            if (!buckets.TryGetValue(bucket, out var counted))
                buckets.Add(bucket, counted = (Machine(bucket), new BucketChanges(bucket, node, Rollup.Buckets)));
            var (machine, changes) = counted;
            machine.Apply(
                new Delta(
                    partition, default, machine.Positions[partition], new LogPosition(offset + 1, 0), default,
                    [new KeyCount(key, window, events[offset].Count)], []),
                default);
            machine.CellsRead(First, [new KeyCount(BucketCheckpointing.Total, window, 0)], [window]);
            changes.Show(machine.TakeShown(), machine.Generation);
            truth[(key, window)] = truth.GetValueOrDefault((key, window)) + events[offset].Count;
            if (offset % 10 == 9 || offset == events.Length - 1)
                TakeAll();
        }

        return (told, truth);

        static BucketCheckpointing Machine(BucketId bucket)
        {
            var machine = new BucketCheckpointing(bucket, default, CheckpointLimits.Default, new UnstoredMemory(long.MaxValue), showsTotals: true);
            machine.Start();
            machine.ShowFrom(new Window(0));
            machine.TakenOver(1, new BucketRow(First, 1, "", default));
            return machine;
        }

        void TakeAll()
        {
            while (node.TryTake(out var changes))
                told.Add(changes.Take(maximumKeys).Counts);
        }
    }
}
