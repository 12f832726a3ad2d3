using Pulse.Actors.Ingest;
using Pulse.Actors.Tests.Events;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Ingest;

public sealed class EventCounterTests
{
    private static readonly StreamPartition Partition = new("stream", 3);
    private static readonly Window RecordWindow = Window.Containing(SampleEvent.RecordUnixMilliseconds, 300);

    private readonly List<(int Index, BadRecord Why)> _bad = [];

    [Fact]
    public void An_event_is_counted_once_in_every_rollup_in_the_window_of_its_own_timestamp()
    {
        var counter = Counter(committed: 10);

        counter.Count(Batch(10, new SampleEvent().WithText("EventTimestamp", "2026-01-01T12:34:59.999Z")), _bad);

        Assert.Empty(_bad);
        Assert.Equal(11, counter.Tally.Position);
        var window = new Window(new DateTimeOffset(2026, 1, 1, 12, 35, 0, TimeSpan.Zero).ToUnixTimeSeconds());
        Assert.Equal(
            [
                ("viewsByDeviceGenre", new KeyCount(new RollupKey("Smart TV", "Drama"), window, 1)),
                ("viewsByGenderAgeGroup", new KeyCount(new RollupKey("Female", "30-39"), window, 1)),
                ("viewsByLocationMR", new KeyCount(new RollupKey("United Kingdom", "PG-13"), window, 1)),
            ],
            CountsOf(counter));
    }

    [Fact]
    public void A_late_event_is_late_in_every_rollup_and_in_no_count()
    {
        var ended = SampleEvent.RecordUnixMilliseconds - (24 * 3_600_000);
        var window = Window.Containing(ended, 300);
        var late = new SampleEvent().WithText(
            "EventTimestamp", $"{DateTimeOffset.FromUnixTimeMilliseconds(ended):yyyy-MM-dd'T'HH:mm:ss.fff'Z'}");
        var counter = Counter(
            committed: 0,
            TimeSpan.FromMilliseconds(SampleEvent.RecordUnixMilliseconds - (window.EndUnixSeconds * 1000) - 1));

        counter.Count(Batch(0, late, new SampleEvent(), late), _bad);

        foreach (var bucket in counter.Tally.TakeBucketsToOpen())
            counter.Tally.Opened(bucket, 0);
        var deltas = counter.Tally.TakeDeltas();
        foreach (var rollup in RollupCatalog.Default.Rollups)
        {
            var its = deltas.Where(each => each.Bucket.Rollup == rollup.Name).Select(each => each.Delta).ToList();
            Assert.Equal(2, its.Sum(delta => delta.Late));
            Assert.Equal(1, its.Sum(delta => delta.Counts.Sum(count => count.Count)));
        }
    }

    [Fact]
    public void Events_with_the_same_values_share_a_key_and_others_have_their_own()
    {
        var counter = Counter(committed: 0);

        counter.Count(
            Batch(
                0,
                new SampleEvent(),
                new SampleEvent().WithText("Genre", "Comedy"),
                new SampleEvent(),
                new SampleEvent().WithText("DeviceType", "Drama").WithText("Genre", "Smart TV")),
            _bad);

        Assert.Equal(
            [("(Drama, Smart TV)", 1L), ("(Smart TV, Comedy)", 1), ("(Smart TV, Drama)", 2)],
            CountsOf(counter)
                .Where(count => count.Rollup == "viewsByDeviceGenre")
                .Select(count => (count.Count.Key.ToString(), count.Count.Count))
                .Order());
        Assert.Equal(4, CountsOf(counter).Where(count => count.Rollup == "viewsByLocationMR").Sum(it => it.Count.Count));
    }

    [Fact]
    public void Keys_of_very_many_values_are_told_apart()
    {
        var counter = Counter(committed: 0);
        SampleEvent[] events =
        [
            .. Enumerable.Range(0, 300).Select(index =>
                new SampleEvent().WithText("DeviceType", $"device {index}").WithText("Genre", $"genre {index % 90}")),
        ];

        counter.Count(Batch(0, events), _bad);
        counter.Count(Batch(events.Length, events), _bad);

        Assert.Equal(
            Enumerable.Range(0, 300).Select(index => ($"(device {index}, genre {index % 90})", 2L)).Order(),
            CountsOf(counter)
                .Where(count => count.Rollup == "viewsByDeviceGenre")
                .Select(count => (count.Count.Key.ToString(), count.Count.Count))
                .Order());
    }

    [Fact]
    public void A_bad_record_is_counted_once_by_its_reason_in_the_window_of_the_kafka_record()
    {
        var counter = Counter(committed: 0);

        counter.Count(
            Batch(0, new SampleEvent().Without("Genre"), new SampleEvent(), new SampleEvent().Without("UserAge")), _bad);

        Assert.Equal(
            [
                (0, new BadRecord(BadRecordReason.MissingField, EventField.Genre)),
                (2, new BadRecord(BadRecordReason.MissingField, EventField.UserAge)),
            ],
            _bad);
        Assert.Contains(
            (DeadLetters.RollupName, new KeyCount(new RollupKey("MissingField"), RecordWindow, 2)), CountsOf(counter));
        Assert.Equal(1, CountsOf(counter).Where(count => count.Rollup == "viewsByLocationMR").Sum(it => it.Count.Count));
    }

    [Fact]
    public void Values_that_were_seen_in_a_former_session_are_found_again()
    {
        Counter(committed: 0).Count(Batch(0, new SampleEvent().WithText("Genre", "Comedy"), new SampleEvent()), _bad);

        var next = Counter(committed: 1);
        next.Count(Batch(1, new SampleEvent()), _bad);

        Assert.Equal(3, CountsOf(next).Count);
        Assert.Contains("(Smart TV, Drama)", CountsOf(next).Select(count => count.Count.Key.ToString()));
    }

    [Fact]
    public void A_batch_without_records_moves_the_position()
    {
        var counter = Counter(committed: 5);
        using var batch = new RecordBatch(0, 5);
        batch.ReachedEnd(8);

        counter.Count(batch, _bad);

        Assert.Equal(8, counter.Tally.Position);
        Assert.Empty(counter.Tally.TakeBucketsToOpen());
    }

    [Fact]
    public void A_rollup_of_a_dimension_that_is_not_decoded_is_refused()
    {
        var decoder = new EventDecoder([Dimension.All[0]]);

        var failure = Assert.Throws<ArgumentException>(
            () => new RollupKeys(RollupCatalog.BuiltIn[0], decoder, new PartitionTally(Partition, 0)));

        Assert.Contains("genre", failure.Message, StringComparison.Ordinal);
    }

    private static RecordBatch Batch(long first, params SampleEvent[] events)
    {
        var batch = new RecordBatch(0, first);
        for (var index = 0; index < events.Length; index++)
            batch.Add(first + index, SampleEvent.RecordUnixMilliseconds, [], events[index].ToBytes());
        return batch;
    }

    [Fact]
    public void Keys_that_were_forgotten_come_back_and_no_event_is_lost()
    {
        var counter = Counter(committed: 0);
        var events = EventCounter.MaximumKeys + 10;
        counter.Count(
            Batch(0, [.. Enumerable.Range(0, events).Select(n => new SampleEvent().WithText("Genre", $"genre {n}"))]), _bad);
        foreach (var bucket in counter.Tally.TakeBucketsToOpen())
            counter.Tally.Opened(bucket, 0);
        var before = counter.Tally.TakeDeltas();

        counter.ForgetKeys();
        counter.Count(Batch(events, new SampleEvent().WithText("Genre", "genre 3")), _bad);
        var after = counter.Tally.TakeDeltas();

        Assert.Empty(counter.Tally.TakeBucketsToOpen());
        Assert.Equal(events, Sum(before));
        Assert.Equal(1, Sum(after));
        Assert.Equal(
            new RollupKey("Smart TV", "genre 3"),
            Assert.Single(after.Single(it => it.Bucket.Rollup == "viewsByDeviceGenre").Delta.Counts).Key);

        static long Sum(IReadOnlyList<(BucketId Bucket, Delta Delta)> deltas) => deltas
            .Where(it => it.Bucket.Rollup == "viewsByDeviceGenre")
            .Sum(it => it.Delta.Counts.Sum(count => count.Count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void However_often_keys_are_forgotten_each_is_counted_as_often_as_it_came(int timesInARow)
    {
        const int keys = EventCounter.MaximumKeys + 1_000;
        const int batch = 5_000;
        var counter = Counter(committed: 0);
        var counted = new Dictionary<RollupKey, long>();
        for (var first = 0; first < 2 * keys * timesInARow; first += batch)
        {
            counter.Count(
                Batch(first, [.. Enumerable.Range(first, batch).Select(n =>
                    new SampleEvent().WithText("Genre", $"genre {n / timesInARow % keys}"))]), _bad);
            foreach (var bucket in counter.Tally.TakeBucketsToOpen())
                counter.Tally.Opened(bucket, 0);
            foreach (var (bucket, delta) in counter.Tally.TakeDeltas())
            {
                foreach (var count in bucket.Rollup == "viewsByDeviceGenre" ? delta.Counts : [])
                    counted[count.Key] = counted.GetValueOrDefault(count.Key) + count.Count;
            }

            counter.ForgetKeys();
        }

        Assert.Empty(_bad);
        var events = (2 * keys * timesInARow + batch - 1) / batch * batch;
        Assert.Equal(
            Enumerable.Range(0, events).GroupBy(n => n / timesInARow % keys)
                .ToDictionary(group => new RollupKey("Smart TV", $"genre {group.Key}"), group => (long)group.Count()),
            counted);
    }

    private readonly Dictionary<PartitionTally, List<(string Rollup, KeyCount Count)>> _counts = [];

    private static EventCounter Counter(long committed, TimeSpan? allowedLateness = null) => new(
        RollupCatalog.Default, Window.DefaultLength, allowedLateness, new PartitionTally(Partition, committed));

    /// <summary>What the tally's deltas say, all buckets being empty.</summary>
    private List<(string Rollup, KeyCount Count)> CountsOf(EventCounter counter)
    {
        if (_counts.TryGetValue(counter.Tally, out var known))
            return known;
        foreach (var bucket in counter.Tally.TakeBucketsToOpen())
            counter.Tally.Opened(bucket, counter.Tally.Committed);
        return _counts[counter.Tally] =
        [
            .. counter.Tally.TakeDeltas()
                .SelectMany(it => it.Delta.Counts.Select(count => (it.Bucket.Rollup, count))),
        ];
    }
}
