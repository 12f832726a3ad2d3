using CsCheck;
using Pulse.Actors.Ingest;
using Pulse.Actors.Tests.Events;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Tests.Ingest;

public sealed class EventCounterTests
{
    private static readonly Window RecordWindow = Window.Containing(SampleEvent.RecordUnixMilliseconds, 300);

    private static readonly CountingRules AnHour = new() { AllowedLateness = TimeSpan.FromHours(1) };

    // Of an event a day before its record.
    private static readonly long EarlyUnixMilliseconds = SampleEvent.RecordUnixMilliseconds - (24 * 3_600_000);

    [Fact]
    public void An_event_is_counted_once_in_every_rollup_in_the_window_of_its_own_timestamp()
    {
        var session = new CountedSession(position: 10);

        Assert.True(session.Count(new SampleEvent().WithText("EventTimestamp", "2026-01-01T12:34:59.999Z")));

        Assert.Empty(session.Bad);
        Assert.Equal(new LogPosition(11, 4), session.Position);
        var window = new Window(new DateTimeOffset(2026, 1, 1, 12, 35, 0, TimeSpan.Zero).ToUnixTimeSeconds());
        Assert.Equal(
            [
                ("viewsByDeviceGenre", new KeyCount(new RollupKey("Smart TV", "Drama"), window, 1)),
                ("viewsByGenderAgeGroup", new KeyCount(new RollupKey("Female", "30-39"), window, 1)),
                ("viewsByLocationMR", new KeyCount(new RollupKey("United Kingdom", "PG-13"), window, 1)),
            ],
            session.TakeCounts());
    }

    [Fact]
    public void A_count_is_the_bucket_s_that_owns_its_key()
    {
        var session = new CountedSession();

        session.Count(Genres(200));

        var rollup = RollupCatalog.BuiltIn[0];
        var deltas = session.TakeDeltas().Where(sent => sent.Bucket.Rollup == rollup.Name && sent.Delta.Counts.Count > 0).ToList();
        Assert.True(deltas.Count > 1, "All keys are in one bucket.");
        Assert.All(deltas, sent => Assert.All(
            sent.Delta.Counts, count => Assert.Equal(BucketId.Owning(rollup, count.Key), sent.Bucket)));
    }

    [Fact]
    public void A_late_event_is_late_in_every_rollup_no_dead_letter_and_in_no_count()
    {
        var window = Window.Containing(EarlyUnixMilliseconds, 300);
        var lateness = TimeSpan.FromMilliseconds(SampleEvent.RecordUnixMilliseconds - (window.EndUnixSeconds * 1000) - 1);
        var session = new CountedSession(rules: new CountingRules { AllowedLateness = lateness });

        session.Count(Late(), new SampleEvent(), Late());

        var balances = session.TakeBalances();
        Assert.All(RollupCatalog.Default.Rollups, rollup => Assert.Equal(new Balance(1, 2, 0, 0, 3), balances[rollup.Name]));
        Assert.Equal(new Balance(0, 0, 0, 3, 3), balances[DeadLetters.RollupName]);
    }

    [Fact]
    public void Events_with_the_same_values_share_a_key_and_others_have_their_own()
    {
        var session = new CountedSession();

        session.Count(
            new SampleEvent(),
            new SampleEvent().WithText("Genre", "Comedy"),
            new SampleEvent(),
            new SampleEvent().WithText("DeviceType", "Drama").WithText("Genre", "Smart TV"));

        var counts = session.TakeCounts();
        Assert.Equal(
            [("(Drama, Smart TV)", 1L), ("(Smart TV, Comedy)", 1), ("(Smart TV, Drama)", 2)],
            counts.Where(it => it.Rollup == "viewsByDeviceGenre").Select(it => (it.Count.Key.ToString(), it.Count.Count)).Order());
        Assert.Equal(4, counts.Where(it => it.Rollup == "viewsByLocationMR").Sum(it => it.Count.Count));
    }

    [Fact]
    public void Keys_of_very_many_values_are_told_apart()
    {
        var session = new CountedSession();
        SampleEvent[] events =
        [
            .. Enumerable.Range(0, 300).Select(index =>
                new SampleEvent().WithText("DeviceType", $"device {index}").WithText("Genre", $"genre {index % 90}")),
        ];

        session.Count(events);
        session.Count(events);

        Assert.Equal(
            Enumerable.Range(0, 300).Select(index => ($"(device {index}, genre {index % 90})", 2L)).Order(),
            session.TakeCounts()
                .Where(it => it.Rollup == "viewsByDeviceGenre").Select(it => (it.Count.Key.ToString(), it.Count.Count)).Order());
    }

    [Fact]
    public void A_bad_record_is_dead_in_every_rollup_and_counted_by_its_reason_in_the_window_of_the_kafka_record()
    {
        var session = new CountedSession();

        session.Count(new SampleEvent().Without("Genre"), new SampleEvent(), new SampleEvent().Without("UserAge"));

        Assert.Equal(
            [
                (0, new BadRecord(BadRecordReason.MissingField, EventField.Genre)),
                (2, new BadRecord(BadRecordReason.MissingField, EventField.UserAge)),
            ],
            session.Bad);
        var deltas = session.TakeDeltas();
        var deadLetters = Assert.Single(deltas, sent => sent.Bucket.Rollup == DeadLetters.RollupName).Delta;
        Assert.Equal([new KeyCount(new RollupKey("MissingField"), RecordWindow, 2)], deadLetters.Counts);
        Assert.Equal(new Balance(2, 0, 0, 1, 3), deadLetters.Balance);
        Assert.All(RollupCatalog.Default.Rollups, rollup => Assert.Equal(
            new Balance(1, 0, 2, 0, 3),
            deltas.Where(sent => sent.Bucket.Rollup == rollup.Name)
                .Aggregate(default(Balance), (sum, sent) => sum + sent.Delta.Balance)));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(-2)]
    [InlineData(long.MinValue)]
    [InlineData(253_402_300_799_000)]
    [InlineData(221_876_928_000_000)]
    [InlineData(1_767_270_900_000_000)]
    [InlineData(long.MaxValue)]
    [InlineData(0)]
    [InlineData(299_999)]
    public void A_bad_record_without_a_time_that_can_be_one_is_counted_in_the_first_window(long recordUnixMilliseconds)
    {
        var session = new CountedSession();

        session.Count(recordUnixMilliseconds, "x"u8.ToArray());

        Assert.Equal([(DeadLetters.RollupName, new KeyCount(new RollupKey("NotJson"), new Window(300), 1))], session.TakeCounts());
    }

    [Fact]
    public void Whatever_a_record_holds_and_whenever_it_was_written_it_is_counted_where_tables_can_hold_it() =>
        Gen.Select(
            Gen.OneOf(RandomRecords.Usual, RandomRecords.Objects, Gen.Byte.Array[0, 60]),
            Gen.OneOf(Gen.Long, Gen.Long[-3, 400_000_000_000_000], Gen.Const(SampleEvent.RecordUnixMilliseconds)))
            .Sample((value, recordUnixMilliseconds) =>
            {
                var session = new CountedSession(rules: AnHour);

                session.Count(recordUnixMilliseconds, value);

                var deltas = session.TakeDeltas();
                Assert.All(deltas.SelectMany(sent => sent.Delta.Counts), count =>
                    Assert.InRange(count.Window.EndUtc, new DateTime(1970, 1, 1, 0, 5, 0), new DateTime(9001, 1, 1)));
                Assert.All(
                    deltas.GroupBy(sent => sent.Bucket.Rollup, sent => sent.Delta.Balance),
                    balances => Assert.Equal(1, balances.Sum(each => each.Counted + each.Late + each.Dead + each.Filtered)));
            });

    [Fact]
    public void Of_every_version_counted_late_dead_and_filtered_records_are_all_that_were_consumed()
    {
        var session = new CountedSession(rules: AnHour);
        SampleEvent[] kinds = [new(), Late(), new SampleEvent().Without("Genre"), new SampleEvent().With("UserAge", "true")];

        session.Count([.. Enumerable.Range(0, 100).Select(index => kinds[index * index % 7 % kinds.Length])]);

        var balances = session.TakeBalances();
        Assert.Equal(RollupCatalog.Default.Rollups.Length + 1, balances.Count);
        Assert.All(balances.Values, balance =>
        {
            Assert.Equal(100, balance.Consumed);
            Assert.Equal(100, balance.Counted + balance.Late + balance.Dead + balance.Filtered);
            Assert.NotEqual(0, balance.Counted);
        });
    }

    [Theory]
    [InlineData(300_000, true)]
    [InlineData(300_001, false)]
    public void An_event_further_ahead_of_its_record_than_clocks_may_differ_is_a_dead_letter(int aheadMilliseconds, bool counts)
    {
        var session = new CountedSession();

        session.Count(At(SampleEvent.RecordUnixMilliseconds + aheadMilliseconds));

        Assert.Equal(counts ? [] : [(0, new BadRecord(BadRecordReason.TimestampInFuture, EventField.EventTimestamp))], session.Bad);
        var balances = session.TakeBalances();
        Assert.All(RollupCatalog.Default.Rollups, rollup => Assert.Equal(
            counts ? new Balance(1, 0, 0, 0, 1) : new Balance(0, 0, 1, 0, 1), balances[rollup.Name]));
    }

    [Fact]
    public void A_rollup_added_later_changes_no_number_of_another() =>
        Gen.OneOf(RandomRecords.Usual, RandomRecords.Objects, RandomRecords.Damaged).Array[1, 20].Sample(values =>
        {
            var (before, after) = (new CountedSession(), new CountedSession(catalog: WithOneMore));

            before.Count(SampleEvent.RecordUnixMilliseconds, values);
            after.Count(SampleEvent.RecordUnixMilliseconds, values);

            Assert.Equal(before.Bad, after.Bad);
            var (old, all) = (before.TakeDeltas(), after.TakeDeltas());
            Assert.Equal(
                Of(old), Of([.. all.Where(sent => sent.Bucket.Rollup != "viewsByAll")]));
            Assert.Equal(
                all.Where(sent => sent.Bucket.Rollup == "viewsByDeviceGenre").Sum(sent => sent.Delta.Balance.Counted),
                all.Where(sent => sent.Bucket.Rollup == "viewsByAll").Sum(sent => sent.Delta.Balance.Counted));

            static IEnumerable<string> Of(List<(BucketId Bucket, Delta Delta)> sent) => sent
                .Select(each => $"{each.Bucket} {each.Delta.Balance} {string.Join(", ", each.Delta.Counts.Order(ByText))}").Order();
        });

    [Theory]
    [InlineData(null, "(none)")]
    [InlineData("null", "(none)")]
    [InlineData("1994", "1990s")]
    [InlineData("\"1994\"", "(invalid)")]
    [InlineData("12345", "(invalid)")]
    [InlineData("{}", "(invalid)")]
    public void A_field_that_only_a_user_s_rollup_names_is_optional(string? json, string expected)
    {
        var session = new CountedSession(catalog: WithOneMore);
        var value = json is null ? new SampleEvent().Without("ReleaseYear") : new SampleEvent().With("ReleaseYear", json);

        session.Count(value, value);

        Assert.Empty(session.Bad);
        var count = Assert.Single(session.TakeCounts(), each => each.Rollup == "viewsByAll").Count;
        Assert.Equal((expected, 2), (count.Key.Values[^1], count.Count));
    }

    [Fact]
    public void A_batch_without_records_moves_the_position()
    {
        var session = new CountedSession(position: 5);
        using var batch = session.Batch();
        batch.ReachedEnd(8);

        Assert.True(session.Counter.Count(batch, session.Bad));

        Assert.Equal(8, session.Position.Offset);
        Assert.Empty(session.TakeDeltas());
    }

    [Fact]
    public void A_batch_that_the_session_does_not_take_is_not_counted_and_its_bad_records_are_nobody_s()
    {
        var session = new CountedSession(position: 5);
        using var batch = session.Batch(laterReading: -1);
        batch.Add(5, 4, SampleEvent.RecordUnixMilliseconds, [], new SampleEvent().ToBytes());
        batch.Add(6, 4, SampleEvent.RecordUnixMilliseconds, [], new SampleEvent().Without("Genre").ToBytes());

        Assert.False(session.Counter.Count(batch, session.Bad));

        Assert.Equal(5, session.Position.Offset);
        Assert.Empty(session.TakeDeltas());
        Assert.Empty(session.Bad);
    }

    [Fact]
    public void A_rollup_of_a_dimension_that_is_not_decoded_is_refused()
    {
        var decoder = new EventDecoder([Dimension.All[0]], CountingRules.Default.MaximumSkew);
        var session = new IngestSession(
            new StreamPartition("stream", 0), Versions.Of(RollupCatalog.Default), incarnation: 1, SessionLimits.Default);

        var failure = Assert.Throws<ArgumentException>(() => new RollupKeys(RollupCatalog.BuiltIn[0], 0, decoder, session));

        Assert.Contains("genre", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_of_bad_records_are_forgotten_as_well()
    {
        var session = new CountedSession();

        for (var batch = 0; batch < 30; batch++)
        {
            session.Count([.. Enumerable.Range(2_000 * batch, 2_000)
                .Select(number => new SampleEvent().WithText("Genre", $"genre {number}").WithText("EventTimestamp", "never"))]);
            session.Counter.ForgetKeys();
        }

        Assert.Equal(60_000, session.Bad.Count);
        Assert.InRange(session.Counter.MostValues, 0, EventCounter.MaximumKeys);
    }

    [Fact]
    public void Keys_that_were_forgotten_come_back_and_no_event_is_lost()
    {
        var session = new CountedSession();
        var events = EventCounter.MaximumKeys + 10;
        session.Count(Genres(events));

        session.Counter.ForgetKeys();
        session.Count(new SampleEvent().WithText("Genre", "genre 3"));

        var counts = session.TakeCounts().Where(it => it.Rollup == "viewsByDeviceGenre").Select(it => it.Count).ToList();
        Assert.Equal(events + 1, counts.Sum(count => count.Count));
        Assert.Equal(2, counts.Where(count => count.Key.Equals(new RollupKey("Smart TV", "genre 3"))).Sum(count => count.Count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void However_often_keys_are_forgotten_each_is_counted_as_often_as_it_came(int timesInARow)
    {
        const int keys = EventCounter.MaximumKeys + 1_000;
        const int batch = 5_000;
        var session = new CountedSession();
        var counted = new Dictionary<RollupKey, long>();
        for (var first = 0; first < 2 * keys * timesInARow; first += batch)
        {
            session.Count([.. Enumerable.Range(first, batch).Select(n =>
                new SampleEvent().WithText("Genre", $"genre {n / timesInARow % keys}"))]);
            foreach (var (_, count) in session.TakeCounts().Where(it => it.Rollup == "viewsByDeviceGenre"))
                counted[count.Key] = counted.GetValueOrDefault(count.Key) + count.Count;
            session.Counter.ForgetKeys();
        }

        Assert.Empty(session.Bad);
        var events = (2 * keys * timesInARow + batch - 1) / batch * batch;
        Assert.Equal(
            Enumerable.Range(0, events).GroupBy(n => n / timesInARow % keys)
                .ToDictionary(group => new RollupKey("Smart TV", $"genre {group.Key}"), group => (long)group.Count()),
            counted);
    }

    private static readonly IComparer<KeyCount> ByText =
        Comparer<KeyCount>.Create((left, right) => string.CompareOrdinal(left.ToString(), right.ToString()));

    private static RollupCatalog WithOneMore
    {
        get
        {
            Assert.Empty(RollupCatalog.TryCreate(
                [
                    new RollupDeclaration
                    {
                        Name = "viewsByAll", Dimensions = ["genre", "content_type", "language", "content_name", "release_decade"],
                    },
                ],
                out var catalog));
            return catalog;
        }
    }

    private static SampleEvent Late() => At(EarlyUnixMilliseconds);

    private static SampleEvent At(long unixMilliseconds) => new SampleEvent().WithText(
        "EventTimestamp", $"{DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds):yyyy-MM-dd'T'HH:mm:ss.fff'Z'}");

    private static SampleEvent[] Genres(int count) =>
        [.. Enumerable.Range(0, count).Select(number => new SampleEvent().WithText("Genre", $"genre {number}"))];
}
