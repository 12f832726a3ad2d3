using System.Text;
using static Pulse.Counting.Tests.Examples;
using static Pulse.Counting.Tests.Ingest.SessionExample;

namespace Pulse.Counting.Tests.Ingest;

/// <summary>What a session sends.</summary>
public sealed class SessionDeltaTests
{
    [Fact]
    public void A_flush_brings_counts_to_the_buckets_concerned()
    {
        var example = SessionExample.At(At(5, 1), At(5, 1));
        example.Read((example.Crime, Early, 5, 1), (example.Crime, Next, 7, 2), (example.Crime, Early, 8, 2));

        var sent = Assert.Single(example.Flush());

        Assert.Equal((CrimeBucket, example.Session.Id), (sent.Bucket, sent.Session));
        Assert.Equal((At(5, 1), At(9, 2)), (sent.Delta.From, sent.Delta.To));
        Assert.Equal((Zero, SessionExample.Version.Digest), (sent.Delta.Partition, sent.Delta.Version));
        Assert.Equal([new KeyCount(Examples.Crime, Early, 2), new KeyCount(Examples.Crime, Next, 1)], sent.Delta.Counts);
        Assert.Equal(new Balance(3, 0, 0, 0, 0), sent.Delta.Balance);
        Assert.Empty(example.Flush());
    }

    [Fact]
    public void The_home_of_the_partition_books_every_record_and_those_that_are_not_counted()
    {
        var example = SessionExample.At(0, 0);
        example.Session.Begin(example.Reading, 0);
        example.Session.Count(example.Drama, Early, 0);
        example.Session.Handled(0, 1);
        example.Session.Count(example.Crime, Early, 1);
        example.Session.Handled(1, 1);
        example.Session.Late(0, 2);
        example.Session.Handled(2, 1);
        example.Session.Dead(0, 3);
        example.Session.Handled(3, 1);
        example.Session.Filtered(0, 4);
        example.Session.Handled(4, 1);
        example.Session.EndBatch(5);

        var deltas = example.Flush();

        Assert.Equal(new Balance(1, 1, 1, 1, 5), deltas.Single(sent => sent.Bucket == DramaBucket).Delta.Balance);
        Assert.Equal(new Balance(1, 0, 0, 0, 0), deltas.Single(sent => sent.Bucket == CrimeBucket).Delta.Balance);
    }

    [Fact]
    public void What_a_bucket_has_already_is_in_none_of_its_terms()
    {
        var example = SessionExample.At(3, 0);
        example.Session.Begin(example.Reading, 0);
        example.Session.Count(example.Drama, Early, 0);
        example.Session.Handled(0, 1);
        example.Session.Late(0, 1);
        example.Session.Handled(1, 1);
        example.Session.Dead(0, 2);
        example.Session.Handled(2, 1);
        example.Session.Filtered(0, 3);
        example.Session.Handled(3, 1);
        example.Session.EndBatch(4);
        example.Session.Tick();

        var delta = Assert.Single(example.Of<SessionEffect.SendDelta>()).Delta;

        Assert.Equal((At(3, 1), At(4, 1)), (delta.From, delta.To));
        Assert.Equal(new Balance(0, 0, 0, 1, 1), delta.Balance);
    }

    [Fact]
    public void Each_tick_tells_every_bucket_where_the_session_stands()
    {
        var example = SessionExample.At(5, 5);
        example.Read((example.Drama, Early, 5, 3), (example.Drama, Early, 6, 3));
        example.Flush();
        example.Tell(DramaBucket, At(7, 3), AnswerKind.Applied);
        example.Session.Tick();
        Assert.Equal(
            [
                new SessionEffect.SendEmptyDelta(
                    DramaBucket, SessionExample.Version.Digest, new EmptyDelta(Zero, example.Session.Id, At(7, 3), At(7, 3))),
                new SessionEffect.SendEmptyDelta(
                    CrimeBucket, SessionExample.Version.Digest, new EmptyDelta(Zero, example.Session.Id, At(5), At(7, 3))),
            ],
            example.Effects());

        example.Session.Tick();

        Assert.Equal([At(7, 3), At(7, 3)], example.Of<SessionEffect.SendEmptyDelta>().Select(sent => sent.Delta.From));
    }

    [Fact]
    public void A_tick_does_not_overtake_what_was_just_sent_and_asks_when_that_stays_unanswered()
    {
        var example = SessionExample.At(5, 5);
        example.Read(5, 7);
        example.Flush();
        example.Session.Tick();
        Assert.Equal(CrimeBucket, example.Of<SessionEffect.SendEmptyDelta>().Single().Bucket);

        example.Session.Tick();

        Assert.Equal([DramaBucket, CrimeBucket], example.Of<SessionEffect.SendEmptyDelta>().Select(sent => sent.Bucket));
    }

    [Fact]
    public void A_bucket_that_is_ahead_is_told_nothing()
    {
        var example = SessionExample.At(5, 9);
        example.Session.Tick();

        Assert.Equal(DramaBucket, example.Of<SessionEffect.SendEmptyDelta>().Single().Bucket);
    }

    [Fact]
    public void Where_somebody_else_brought_more_a_session_goes_on_from_there()
    {
        var example = SessionExample.At(5, 5);
        example.Read((example.Crime, Early, 5, 1), (example.Crime, Early, 6, 1));
        example.Tell(CrimeBucket, At(8, 1), AnswerKind.Held);
        Assert.Empty(example.Flush());
        example.Read((example.Crime, Early, 7, 1), (example.Crime, Next, 8, 1));

        var delta = Assert.Single(example.Flush()).Delta;

        Assert.Equal((At(8, 1), At(9, 1)), (delta.From, delta.To));
        Assert.Equal([new KeyCount(Examples.Crime, Next, 1)], delta.Counts);
    }

    [Fact]
    public void A_bucket_that_has_all_that_was_counted_for_it_is_sent_nothing()
    {
        var example = SessionExample.At(5, 5);
        example.Read((example.Crime, Early, 5, 1), (example.Crime, Early, 6, 1));
        example.Tell(CrimeBucket, At(7, 1), AnswerKind.Held);

        Assert.Equal(SessionPhase.Reading, example.Session.Phase);
        Assert.Empty(example.Flush());
        example.Session.Tick();
        example.Session.Tick();
        Assert.Empty(example.Of<SessionEffect.AskLogSpan>());
    }

    [Fact]
    public void What_is_ready_for_a_bucket_is_dropped_with_its_bytes_where_the_bucket_has_it()
    {
        var example = SessionExample.At(0, 0, new SessionLimits(DeltaBytes: 1, BytesUnderWay: 10_000, DeltasPerBucketUnderWay: 100));
        example.Read((example.Crime, Early, 0, 1), (example.Crime, Next, 1, 1), (example.Crime, Early, 2, 1));
        Assert.Equal(2, example.Session.DeltasUnderWay);
        example.Tell(CrimeBucket, At(3, 1), AnswerKind.Held);

        Assert.Equal((0, 0), (example.Session.DeltasUnderWay, example.Session.BytesUnderWay));
    }

    [Fact]
    public void A_bucket_that_stands_inside_of_what_was_counted_for_it_makes_the_session_read_again()
    {
        var example = SessionExample.At(5, 5);
        example.Read((example.Crime, Early, 5, 1), (example.Crime, Early, 6, 1));
        example.Tell(CrimeBucket, At(6, 1), AnswerKind.Held);

        Assert.Equal(SessionPhase.StartingOver, example.Session.Phase);
    }

    [Fact]
    public void A_bucket_for_which_nothing_was_counted_is_followed_wherever_it_stands()
    {
        var example = SessionExample.At(5, 5);
        example.Read((example.Drama, Early, 5, 1), (example.Drama, Early, 6, 1));
        example.Tell(CrimeBucket, At(6, 1), AnswerKind.Held);
        example.Session.Tick();

        Assert.Equal([At(6, 1)], example.Of<SessionEffect.SendEmptyDelta>().Select(sent => sent.Delta.From));
    }

    [Fact]
    public void A_delta_ends_before_the_record_that_would_make_it_too_large()
    {
        var example = SessionExample.At(0, 0);
        var value = new string('x', 250);
        for (var offset = 0; offset < 1_000; offset++)
            example.Read((example.Session.Key(0, 1, new RollupKey($"{value}{offset}", value)), Early, offset, 1));

        var deltas = example.Flush().Where(sent => sent.Bucket == CrimeBucket).Select(sent => sent.Delta).ToList();

        Assert.True(deltas.Count > 1);
        Assert.Equal(deltas.Skip(1).Select(delta => delta.From), deltas.SkipLast(1).Select(delta => delta.To));
        Assert.Equal((0, At(1_000, 1)), (deltas[0].From.Offset, deltas[^1].To));
        Assert.All(deltas, delta => Assert.Equal(delta.To.Offset - delta.From.Offset, delta.Counts.Count));
        Assert.All(deltas, delta => Assert.InRange(ColumnBytes(delta), 1, Delta.MaximumBytes));
    }

    // A delta takes 160 bytes, the key 23 and each of its windows 24.
    [Theory]
    [InlineData(160 + 23 + 24 + 24, 1)]
    [InlineData(160 + 23 + 24 + 24 - 1, 2)]
    public void A_delta_ends_by_the_byte_and_another_record_of_a_window_takes_no_room(int bytes, int deltas)
    {
        var example = SessionExample.At(0, 0, new SessionLimits(bytes, BytesUnderWay: 10_000, DeltasPerBucketUnderWay: 100));
        example.Read(
            (example.Crime, Early, 0, 1), (example.Crime, Early, 1, 1), (example.Crime, Next, 2, 1), (example.Crime, Next, 3, 1));

        Assert.Equal(deltas, example.Flush().Count(sent => sent.Bucket == CrimeBucket));
    }

    [Fact]
    public void Another_key_and_a_third_window_take_room_as_well()
    {
        var example = SessionExample.At(0, 0, new SessionLimits(DeltaBytes: 1_000, BytesUnderWay: 10_000, DeltasPerBucketUnderWay: 100));
        example.Read(
            (example.Crime, Early, 0, 1), (example.Crime, Next, 1, 1), (example.Crime, new Window(900), 2, 1), (example.Crime, Next, 3, 1),
            (example.Session.Key(0, 1, new RollupKey("Quiz")), Early, 4, 1));
        var sent = example.Flush();

        Assert.Equal(160 + 23 + 24 + 24 + 24 + 12 + 24, example.Session.BytesUnderWay - DeltaSize.BytesPerDelta * (sent.Count - 1));
    }

    [Fact]
    public void A_key_is_counted_in_every_window_that_its_records_fall_into()
    {
        var example = SessionExample.At(0, 0);
        Window[] windows = [Early, Next, new(900), Next, new(900), new(900), Early, new(1200)];
        example.Read([.. windows.Select((window, offset) => (example.Crime, window, (long)offset, 1))]);

        var counts = example.Flush().Single(sent => sent.Bucket == CrimeBucket).Delta.Counts;

        Assert.Equal(
            [(Early, 2), (Next, 2), (new Window(900), 3), (new Window(1200), 1)], counts.Select(count => (count.Window, count.Count)));
    }

    [Fact]
    public void One_record_fits_in_any_case_and_closes_no_delta_twice()
    {
        var example = SessionExample.At(0, 0, new SessionLimits(DeltaBytes: 1, BytesUnderWay: 10_000, DeltasPerBucketUnderWay: 100));
        example.Read((example.Crime, Early, 0, 1), (example.Crime, Next, 1, 1), (example.Crime, Next, 2, 1), (example.Crime, Early, 3, 1));

        var deltas = example.Flush().Where(sent => sent.Bucket == CrimeBucket).Select(sent => (sent.Delta.From, sent.Delta.To));

        Assert.Equal([(At(0), At(1, 1)), (At(1, 1), At(3, 1)), (At(3, 1), At(4, 1))], deltas);
    }

    [Fact]
    public void The_home_counts_a_record_as_consumed_in_the_delta_that_leads_past_it()
    {
        var example = SessionExample.At(0, 0, new SessionLimits(DeltaBytes: 1, BytesUnderWay: 10_000, DeltasPerBucketUnderWay: 100));
        example.Read((example.Drama, Early, 0, 1), (example.Crime, Early, 1, 1), (example.Drama, Next, 2, 1));

        var deltas = example.Flush().Where(sent => sent.Bucket == DramaBucket).Select(sent => (sent.Delta.To, sent.Delta.Balance));

        Assert.Equal([(At(2, 1), new Balance(1, 0, 0, 0, 2)), (At(3, 1), new Balance(1, 0, 0, 0, 1))], deltas);
    }

    [Fact]
    public void With_too_much_under_way_a_session_wants_no_records_until_buckets_answer()
    {
        var example = SessionExample.At(0, 0, new SessionLimits(DeltaBytes: 1_000, BytesUnderWay: 10_000, DeltasPerBucketUnderWay: 1));
        example.Read(0, 1);
        example.Flush();
        Assert.True(example.Session.WantsRecords);
        example.Read(1, 2);
        example.Flush();
        Assert.False(example.Session.WantsRecords);
        Assert.Equal(2, example.Session.DeltasUnderWay);

        example.Tell(DramaBucket, 1, AnswerKind.Applied);

        Assert.True(example.Session.WantsRecords);
        Assert.InRange(example.Session.BytesUnderWay, 1, 1_000);
    }

    // The delta takes 160 bytes, its key and count 23 and 24.
    [Theory]
    [InlineData(160 + 23 + 24, false)]
    [InlineData(160 + 23 + 24 + 1, true)]
    public void Bytes_under_way_are_bounded_as_well(int bytes, bool wantsMore)
    {
        var example = SessionExample.At(0, 0, new SessionLimits(DeltaBytes: 1_000, BytesUnderWay: bytes, DeltasPerBucketUnderWay: 100));
        example.Read(0, 1);
        example.Flush();

        Assert.Equal(wantsMore, example.Session.WantsRecords);
        example.Tell(DramaBucket, 1, AnswerKind.Applied);
        Assert.Equal((0, true), (example.Session.BytesUnderWay, example.Session.WantsRecords));
    }

    [Fact]
    public void What_is_under_way_to_all_buckets_counts_together()
    {
        var example = SessionExample.At(0, 0);
        example.Read((example.Drama, Early, 0, 1), (example.Crime, Early, 1, 1));
        example.Flush();

        Assert.Equal((2, 2 * (160 + 23 + 24)), (example.Session.DeltasUnderWay, example.Session.BytesUnderWay));
    }

    [Fact]
    public void Counting_on_after_a_flush_allocates_nothing_for_a_record()
    {
        var example = SessionExample.At(0, 0);
        CountMany(example.Session, example.Drama, 0, 1_000);
        example.Flush();
        CountMany(example.Session, example.Drama, 1_000, 2_000);
        var before = GC.GetAllocatedBytesForCurrentThread();

        CountMany(example.Session, example.Drama, 2_000, 100_000);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void CountMany(IngestSession session, KeyTally key, long from, long to)
    {
        for (var offset = from; offset < to; offset++)
        {
            session.Count(key, Early, offset);
            session.Handled(offset, 1);
        }
    }

    // As the columns of a message hold it, with names told once; a varint of 64 bits has at most ten bytes.
    private static int ColumnBytes(Delta delta) =>
        delta.Counts.Select(count => count.Key).Distinct().Sum(key => 4 + key.Values.Sum(value => 4 + Encoding.UTF8.GetByteCount(value)))
        + delta.Counts.Sum(count => 5 + VarintBytes(count.Window.EndUnixSeconds) + VarintBytes(count.Count));

    private static int VarintBytes(long value) => 1 + (64 - long.LeadingZeroCount(value | 1) is var bits ? (int)((bits - 1) / 7) : 0);
}
