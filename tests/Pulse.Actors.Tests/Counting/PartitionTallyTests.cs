using Pulse.Counting;
using static Pulse.Actors.Tests.Counting.CountingExamples;

namespace Pulse.Actors.Tests.Counting;

public sealed class PartitionTallyTests
{
    private readonly PartitionTally _tally = new(Zero, 100);

    [Fact]
    public void A_session_starts_at_the_committed_offset_with_nothing_to_do()
    {
        Assert.Equal(Zero, _tally.Partition);
        Assert.Equal(100, _tally.Position);
        Assert.Equal(100, _tally.Committed);
        Assert.False(_tally.HasUncommitted);
        Assert.False(_tally.IsCommitting);
        Assert.Null(_tally.CommittableOffset);
        Assert.Equal(0, _tally.BucketCount);
        Assert.Empty(_tally.TakeBucketsToOpen());
        Assert.Empty(_tally.TakeDeltas());
    }

    [Fact]
    public void A_session_does_not_start_before_the_first_offset() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PartitionTally(Zero, -1));

    [Fact]
    public void A_bucket_is_to_be_opened_once_when_it_is_met()
    {
        _tally.Key(Mobile, MobileDrama);
        _tally.Key(Mobile, new RollupKey("Mobile", "Crime"));
        _tally.Key(Tablet, TabletComedy);

        Assert.Equal([Mobile, Tablet], _tally.TakeBucketsToOpen());
        Assert.Empty(_tally.TakeBucketsToOpen());
        Assert.Equal(2, _tally.BucketCount);
    }

    [Fact]
    public void A_bucket_is_asked_again_until_it_has_said_its_position()
    {
        _tally.Key(Mobile, MobileDrama);
        _tally.TakeBucketsToOpen();

        Assert.Equal([Mobile], _tally.BucketsStillOpening());
        _tally.Opened(Mobile, 100);
        Assert.Empty(_tally.BucketsStillOpening());
    }

    [Fact]
    public void Events_wait_until_their_bucket_has_said_its_position()
    {
        var drama = _tally.Key(Mobile, MobileDrama);
        Count(drama, Early, 100);
        Count(drama, Early, 101);

        Assert.Empty(_tally.TakeDeltas());
        Assert.Equal(2, _tally.Waiting);

        _tally.Opened(Mobile, 100);

        Assert.Equal(0, _tally.Waiting);
        AssertOneDelta(100, 102, Drama(Early, 2));
    }

    [Fact]
    public void Events_that_an_ahead_bucket_holds_already_are_skipped_and_the_delta_starts_at_its_position()
    {
        var drama = _tally.Key(Mobile, MobileDrama);
        Count(drama, Early, 100);
        Count(drama, Early, 101);
        _tally.Opened(Mobile, 103);
        Count(drama, Early, 102);

        Assert.Empty(_tally.TakeDeltas());

        Count(drama, Next, 103);

        AssertOneDelta(103, 104, Drama(Next, 1));
    }

    [Fact]
    public void A_second_answer_to_open_changes_nothing()
    {
        var drama = Opened(Mobile, MobileDrama);
        _tally.Opened(Mobile, 5000);
        Count(drama, Early, 100);

        AssertOneDelta(100, 101, Drama(Early, 1));
    }

    [Fact]
    public void An_answer_of_a_bucket_that_was_never_met_changes_nothing()
    {
        _tally.Opened(Tablet, 5000);

        Assert.Equal(0, _tally.BucketCount);
    }

    [Fact]
    public void A_delta_sums_its_events_by_key_and_window()
    {
        var drama = Opened(Mobile, MobileDrama);
        var crimeKey = new RollupKey("Mobile", "Crime");
        var crime = _tally.Key(Mobile, crimeKey);
        Count(drama, Early, 100);
        Count(crime, Next, 101);
        Count(drama, Next, 102);
        Count(drama, Early, 103);
        Count(drama, Next, 104);
        Count(drama, new Window(0), 105);

        AssertOneDelta(
            100, 106, Drama(Early, 2), Drama(Next, 2), Drama(new Window(0), 1), new KeyCount(crimeKey, Next, 1));
    }

    [Fact]
    public void Deltas_of_one_bucket_join_without_gap_and_lead_to_the_position_past_events_of_others()
    {
        var drama = Opened(Mobile, MobileDrama);
        Count(drama, Early, 100);
        AssertOneDelta(100, 101, Drama(Early, 1));

        _tally.Advance(150);
        Assert.Empty(_tally.TakeDeltas());
        Count(drama, Next, 160);
        _tally.Advance(170);

        AssertOneDelta(101, 170, Drama(Next, 1));
    }

    [Fact]
    public void A_key_that_was_sent_counts_on_from_nothing()
    {
        var drama = Opened(Mobile, MobileDrama);
        Count(drama, Early, 100);
        Count(drama, Next, 101);
        _tally.TakeDeltas();
        Count(drama, Next, 102);

        AssertOneDelta(102, 103, Drama(Next, 1));
    }

    [Fact]
    public void Deltas_are_unaccepted_until_the_bucket_says_so()
    {
        var drama = Opened(Mobile, MobileDrama);
        Count(drama, Early, 100);
        _tally.TakeDeltas();
        Assert.Equal(1, _tally.Unaccepted);

        _tally.Accepted(Mobile, 101);
        _tally.Accepted(Mobile, 101);

        Assert.Equal(0, _tally.Unaccepted);
    }

    [Fact]
    public void What_a_bucket_missed_is_sent_again_once_until_answers_have_been_awaited_long_enough()
    {
        var drama = Opened(Mobile, MobileDrama);
        var sent = Enumerable.Range(100, 3).Select(offset =>
        {
            Count(drama, Early, offset);
            return Assert.Single(_tally.TakeDeltas()).Delta;
        }).ToList();

        // The acceptance of the first was lost, like the second.
        Assert.Equal(sent[1..], _tally.Rejected(Mobile, 101));
        Assert.Equal(2, _tally.Unaccepted);
        Assert.Equal([], _tally.Rejected(Mobile, 101));
        _tally.MaySendAgain();
        Assert.Equal(sent[1..], _tally.Rejected(Mobile, 101));
        _tally.Accepted(Mobile, 103);

        Assert.Equal(0, _tally.Unaccepted);
    }

    [Fact]
    public void A_bucket_that_forgot_that_it_was_opened_is_opened_again_and_has_missed_nothing()
    {
        Count(Opened(Mobile, MobileDrama), Early, 100);
        var sent = Assert.Single(_tally.TakeDeltas()).Delta;

        Assert.Equal([sent], _tally.Rejected(Mobile, -1));
    }

    [Fact]
    public void A_delta_that_was_lost_while_a_commit_went_past_its_beginning_begins_at_the_committed_offset_again()
    {
        Count(Opened(Tablet, TabletComedy), Early, 100);
        _tally.TakeDeltas();
        _tally.Accepted(Tablet, 101);
        _tally.BeginCommit();
        Count(Opened(Mobile, MobileDrama), Early, 101);
        var sent = Assert.Single(_tally.TakeDeltas()).Delta;
        _tally.Persisted(Tablet, 101);
        _tally.CommitSucceeded();

        Assert.Equal((100, 102), (sent.From, sent.To));
        Assert.Equal([sent with { From = 101 }], _tally.Rejected(Mobile, 100));
    }

    [Fact]
    public void A_bucket_that_forgot_what_it_had_accepted_ends_the_session()
    {
        var drama = Opened(Mobile, MobileDrama);
        Count(drama, Early, 100);
        _tally.TakeDeltas();
        _tally.Accepted(Mobile, 101);
        Count(drama, Early, 101);
        _tally.TakeDeltas();

        Assert.Null(_tally.Rejected(Mobile, 100));
        Assert.Null(_tally.Rejected(Mobile, -1));
        Assert.Null(_tally.Rejected(Tablet, 100));
    }

    [Fact]
    public void A_commit_asks_every_bucket_past_its_own_last_event_and_waits_for_all()
    {
        Count(Opened(Mobile, MobileDrama), Early, 100);
        Count(Opened(Tablet, TabletComedy), Early, 105);
        _tally.Advance(120);
        _tally.TakeDeltas();

        Assert.Equal([new PersistRequest(Mobile, 101), new PersistRequest(Tablet, 106)], _tally.BeginCommit());
        Assert.True(_tally.IsCommitting);
        Assert.Null(_tally.CommittableOffset);

        _tally.Persisted(Mobile, 101);
        Assert.Null(_tally.CommittableOffset);
        Assert.Equal([new PersistRequest(Tablet, 106)], _tally.UnansweredPersists());

        _tally.Persisted(Tablet, 400);
        Assert.Equal(120, _tally.CommittableOffset);

        _tally.CommitSucceeded();
        Assert.Equal(120, _tally.Committed);
        Assert.False(_tally.IsCommitting);
        Assert.False(_tally.HasUncommitted);
        Assert.Null(_tally.CommittableOffset);
    }

    [Fact]
    public void An_answer_below_what_was_asked_is_no_answer()
    {
        Count(Opened(Mobile, MobileDrama), Early, 100);
        _tally.TakeDeltas();
        _tally.BeginCommit();

        _tally.Persisted(Mobile, 100);

        Assert.Null(_tally.CommittableOffset);
    }

    [Fact]
    public void An_answer_of_a_bucket_that_was_not_asked_changes_nothing()
    {
        Count(Opened(Mobile, MobileDrama), Early, 100);
        _tally.TakeDeltas();
        _tally.BeginCommit();

        _tally.Persisted(Tablet, 500);

        Assert.Null(_tally.CommittableOffset);
    }

    [Fact]
    public void A_commit_asks_a_bucket_whose_events_were_all_skipped()
    {
        // They are in the bucket's memory, but perhaps not stored.
        var drama = _tally.Key(Mobile, MobileDrama);
        _tally.Opened(Mobile, 500);
        Count(drama, Early, 107);

        Assert.Equal([new PersistRequest(Mobile, 108)], _tally.BeginCommit());
    }

    [Fact]
    public void A_commit_does_not_ask_buckets_without_an_event_since_the_last_one()
    {
        Count(Opened(Mobile, MobileDrama), Early, 100);
        _tally.TakeDeltas();
        _tally.BeginCommit();
        _tally.Persisted(Mobile, 101);
        _tally.CommitSucceeded();
        Count(Opened(Tablet, TabletComedy), Early, 101);
        _tally.TakeDeltas();

        Assert.Equal([new PersistRequest(Tablet, 102)], _tally.BeginCommit());
    }

    [Fact]
    public void A_commit_stops_short_of_the_first_event_that_waits_for_its_bucket()
    {
        Count(Opened(Mobile, MobileDrama), Early, 100);
        Count(_tally.Key(Tablet, TabletComedy), Early, 104);
        _tally.Advance(110);
        _tally.TakeDeltas();
        _tally.BeginCommit();
        _tally.Persisted(Mobile, 101);

        Assert.Equal(104, _tally.CommittableOffset);
    }

    [Fact]
    public void Nothing_is_committed_where_the_first_event_still_waits()
    {
        Count(_tally.Key(Tablet, TabletComedy), Early, 100);

        Assert.Empty(_tally.BeginCommit());
        Assert.False(_tally.IsCommitting);
        Assert.Null(_tally.CommittableOffset);
    }

    [Fact]
    public void A_stretch_without_any_event_is_committable_at_once()
    {
        _tally.Advance(140);

        Assert.True(_tally.HasUncommitted);
        Assert.Empty(_tally.BeginCommit());
        Assert.Equal(140, _tally.CommittableOffset);
    }

    [Fact]
    public void A_commit_is_about_what_was_there_when_it_began()
    {
        var drama = Opened(Mobile, MobileDrama);
        Count(drama, Early, 100);
        _tally.TakeDeltas();
        _tally.BeginCommit();
        Count(drama, Early, 101);
        _tally.Persisted(Mobile, 101);
        Assert.Equal(101, _tally.CommittableOffset);
        _tally.CommitSucceeded();

        _tally.TakeDeltas();
        Assert.Equal([new PersistRequest(Mobile, 102)], _tally.BeginCommit());
    }

    [Fact]
    public void A_refused_commit_is_covered_by_the_next_one()
    {
        Count(Opened(Mobile, MobileDrama), Early, 100);
        _tally.TakeDeltas();
        _tally.BeginCommit();
        _tally.Persisted(Mobile, 101);

        _tally.CommitFailed();

        Assert.False(_tally.IsCommitting);
        Assert.Equal(100, _tally.Committed);
        Assert.Equal([new PersistRequest(Mobile, 101)], _tally.BeginCommit());
    }

    [Fact]
    public void A_delta_ends_with_the_record_that_fills_it_and_the_next_one_follows_on()
    {
        Opened(Mobile, MobileDrama);
        const int Keys = 1_000;
        for (var number = 0; number < Keys; number++)
            Count(_tally.Key(Mobile, new RollupKey($"title {number}", new string('é', 100))), Early, 100 + (2 * number));

        var deltas = _tally.TakeDeltas().Select(each => each.Delta).ToList();

        Assert.Equal(Keys, deltas.Sum(delta => delta.Counts.Sum(count => count.Count)));
        Assert.Equal(deltas.Count, _tally.Unaccepted);
        Assert.InRange(deltas.Count, 4, 6);
        Assert.Equal((100, 100 + (2 * Keys) - 1), (deltas[0].From, deltas[^1].To));
        foreach (var (delta, next) in deltas.Zip(deltas.Skip(1)))
        {
            Assert.Equal(delta.To, next.From);
            Assert.InRange(delta.EncodedBytes, Pulse.Counting.Delta.MaximumBytes, Pulse.Counting.Delta.MaximumBytes + 300);
            Assert.Equal(delta.To - 1, 100 + (2 * (deltas.TakeWhile(each => each != next).Sum(each => each.Counts.Count) - 1)));
        }

        _tally.Accepted(Mobile, deltas[1].To);
        Assert.Equal(deltas.Count - 2, _tally.Unaccepted);
        Assert.Equal(deltas.Skip(2), _tally.Rejected(Mobile, deltas[1].To));
    }

    [Fact]
    public void A_full_delta_that_waits_is_sent_though_nothing_came_after_it()
    {
        Opened(Mobile, MobileDrama);
        Count(_tally.Key(Mobile, new RollupKey(new string('x', Pulse.Counting.Delta.MaximumBytes))), Early, 100);

        var (_, delta) = Assert.Single(_tally.TakeDeltas());

        Assert.Equal((100, 101), (delta.From, delta.To));
        Assert.Equal(0, _tally.Skipped);
    }

    [Fact]
    public void Misuse_is_refused_while_assertions_are_on()
    {
        var drama = Opened(Mobile, MobileDrama);
        Count(drama, Early, 100);

        AssertionFails(() => _tally.Count(drama, Early, 100));
        AssertionFails(() => _tally.Advance(100));
        AssertionFails(() => _tally.BeginCommit());
        AssertionFails(() => _tally.CommitSucceeded());
    }

    private KeyTally Opened(BucketId bucket, RollupKey key)
    {
        var tally = _tally.Key(bucket, key);
        _tally.TakeBucketsToOpen();
        _tally.Opened(bucket, _tally.Committed);
        return tally;
    }

    private void Count(KeyTally key, Window window, long offset)
    {
        _tally.Count(key, window, offset);
        _tally.Advance(offset + 1);
    }

    private void AssertOneDelta(long from, long to, params KeyCount[] counts)
    {
        var (bucket, delta) = Assert.Single(_tally.TakeDeltas());
        Assert.Equal(Mobile, bucket);
        Assert.Equal((Zero, from, to), (delta.Partition, delta.From, delta.To));
        Assert.Equal(counts, delta.Counts);
        Assert.Empty(_tally.TakeDeltas());
    }

    private static void AssertionFails(Action misuse)
    {
#if DEBUG
        Assert.ThrowsAny<Exception>(misuse);
#else
        Assert.NotNull(misuse);
#endif
    }
}
