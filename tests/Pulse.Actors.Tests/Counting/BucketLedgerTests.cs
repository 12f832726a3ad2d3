using Pulse.Counting;
using static Pulse.Actors.Tests.Counting.CountingExamples;

namespace Pulse.Actors.Tests.Counting;

public sealed class BucketLedgerTests
{
    private readonly BucketLedger _ledger = new();

    [Fact]
    public void An_empty_ledger_holds_nothing_and_knows_no_position()
    {
        Assert.Equal(-1, _ledger.Position(Zero));
        Assert.Equal(-1, _ledger.DurablePosition(Zero));
        Assert.Equal(0, _ledger.CountsInMemory);
        Assert.Empty(_ledger.Counts);
        Assert.False(_ledger.HasUnstoredChanges);
        Assert.True(_ledger.IsPublished);
        Assert.Empty(_ledger.Unpublished);
    }

    [Fact]
    public void Open_starts_an_unknown_partition_at_the_committed_offset()
    {
        Assert.Equal(70, _ledger.Open(Zero, 70));
        Assert.Equal(70, _ledger.Position(Zero));
        Assert.Equal(-1, _ledger.Position(One));
        Assert.Equal(70, _ledger.DurablePosition(Zero));
        Assert.False(_ledger.HasUnstoredChanges);
    }

    [Fact]
    public void Open_never_takes_a_position_back()
    {
        _ledger.Open(Zero, 70);
        _ledger.Apply(Delta(70, 80, Drama(Early, 1)));

        Assert.Equal(80, _ledger.Open(Zero, 40));
        Assert.Equal(90, _ledger.Open(Zero, 90));
        Assert.Equal(90, _ledger.DurablePosition(Zero));
    }

    [Fact]
    public void The_next_delta_moves_counts_and_position_together()
    {
        _ledger.Open(Zero, 70);

        Assert.Equal(DeltaOutcome.Applied, _ledger.Apply(Delta(70, 80, Drama(Early, 2), Drama(Next, 1))));
        Assert.Equal(DeltaOutcome.Applied, _ledger.Apply(Delta(80, 90, Drama(Early, 3))));

        Assert.Equal(90, _ledger.Position(Zero));
        Assert.Equal(70, _ledger.DurablePosition(Zero));
        Assert.True(_ledger.HasUnstoredChanges);
        Assert.Equal([Drama(Early, 5), Drama(Next, 1)], _ledger.Counts);
        Assert.Equal(2, _ledger.CountsInMemory);
    }

    [Theory]
    [InlineData(70, 80)]
    [InlineData(75, 80)]
    [InlineData(60, 70)]
    public void A_delta_that_the_bucket_holds_already_is_a_duplicate(long from, long to)
    {
        _ledger.Open(Zero, 70);
        _ledger.Apply(Delta(70, 80, Drama(Early, 2)));

        Assert.Equal(DeltaOutcome.Duplicate, _ledger.Apply(Delta(from, to, Drama(Early, 2))));
        AssertUnchanged();
    }

    [Theory]
    [InlineData(81, 90)] // a gap
    [InlineData(79, 90)] // an overlap
    public void A_delta_that_does_not_start_at_the_position_is_rejected(long from, long to)
    {
        _ledger.Open(Zero, 70);
        _ledger.Apply(Delta(70, 80, Drama(Early, 2)));

        Assert.Equal(DeltaOutcome.Rejected, _ledger.Apply(Delta(from, to, Drama(Early, 2))));
        AssertUnchanged();
    }

    [Fact]
    public void A_delta_of_a_partition_that_was_never_opened_is_rejected()
    {
        Assert.Equal(DeltaOutcome.Rejected, _ledger.Apply(Delta(0, 10, Drama(Early, 1))));
        Assert.Empty(_ledger.Counts);
    }

    [Fact]
    public void Partitions_are_independent_and_their_counts_add_up()
    {
        _ledger.Open(Zero, 0);
        _ledger.Open(One, 500);
        _ledger.Apply(Delta(0, 10, Drama(Early, 1)));
        _ledger.Apply(new Delta(One, 500, 510, [Drama(Early, 4)]));

        Assert.Equal((10, 510), (_ledger.Position(Zero), _ledger.Position(One)));
        Assert.Equal([Drama(Early, 5)], _ledger.Counts);
    }

    [Fact]
    public void A_topic_made_again_is_another_stream()
    {
        _ledger.Open(Zero, 0);
        _ledger.Apply(Delta(0, 1000, Drama(Early, 1)));

        Assert.Equal(0, _ledger.Open(ZeroMadeAgain, 0));
        Assert.Equal(
            DeltaOutcome.Applied, _ledger.Apply(new Delta(ZeroMadeAgain, 0, 10, [Drama(Early, 1)])));
        Assert.Equal([Drama(Early, 2)], _ledger.Counts);
        Assert.Equal(1000, _ledger.Position(Zero));
    }

    [Fact]
    public void Only_the_streams_opened_last_are_remembered()
    {
        for (var stream = 0; stream <= BucketLedger.MaximumStreams; stream++)
            _ledger.Open(new StreamPartition($"stream {stream}", 0), 7);

        Assert.Equal(-1, _ledger.Position(new StreamPartition("stream 0", 0)));
        for (var stream = 1; stream <= BucketLedger.MaximumStreams; stream++)
            Assert.Equal(7, _ledger.Position(new StreamPartition($"stream {stream}", 0)));
    }

    [Fact]
    public void A_checkpoint_holds_changed_counts_and_all_positions()
    {
        _ledger.Open(Zero, 0);
        _ledger.Open(One, 5);
        _ledger.Apply(Delta(0, 10, Drama(Early, 1), Drama(Next, 1)));
        Checkpoint(complete: false);
        _ledger.Apply(Delta(10, 20, Drama(Next, 2)));

        var checkpoint = _ledger.TakeCheckpoint(complete: false);

        Assert.Equal([Drama(Next, 3)], checkpoint.Counts);
        Assert.Equal([new PartitionPosition(Zero, 20), new PartitionPosition(One, 5)], checkpoint.Positions);
        Assert.False(checkpoint.IsComplete);
        Assert.False(_ledger.HasUnstoredChanges);
    }

    [Fact]
    public void A_complete_checkpoint_holds_all_counts_but_only_changed_ones_are_published()
    {
        _ledger.Open(Zero, 0);
        _ledger.Apply(Delta(0, 10, Drama(Early, 1), Drama(Next, 1)));
        Checkpoint(complete: false);
        _ledger.Apply(Delta(10, 20, Drama(Next, 2)));

        var checkpoint = _ledger.TakeCheckpoint(complete: true);
        _ledger.Stored();

        Assert.True(checkpoint.IsComplete);
        Assert.Equal([Drama(Early, 1), Drama(Next, 3)], checkpoint.Counts);
        Assert.Equal([Drama(Next, 3)], _ledger.Unpublished);
    }

    [Fact]
    public void Positions_are_durable_and_counts_publishable_only_once_stored()
    {
        _ledger.Open(Zero, 0);
        _ledger.Apply(Delta(0, 10, Drama(Early, 1)));
        _ledger.TakeCheckpoint(complete: false);
        Assert.Equal(0, _ledger.DurablePosition(Zero));
        Assert.True(_ledger.IsPublished);

        _ledger.Stored();
        Assert.Equal(10, _ledger.DurablePosition(Zero));
        Assert.False(_ledger.IsPublished);
        Assert.Equal([Drama(Early, 1)], _ledger.Unpublished);

        _ledger.Published();
        Assert.True(_ledger.IsPublished);
        Assert.Empty(_ledger.Unpublished);
    }

    [Fact]
    public void Deltas_that_arrive_while_a_checkpoint_is_stored_belong_to_the_next()
    {
        _ledger.Open(Zero, 0);
        _ledger.Apply(Delta(0, 10, Drama(Early, 1)));
        var first = _ledger.TakeCheckpoint(complete: false);
        _ledger.Apply(Delta(10, 20, Drama(Early, 1)));
        _ledger.Stored();

        Assert.Equal([Drama(Early, 1)], first.Counts);
        Assert.Equal([Drama(Early, 1)], _ledger.Unpublished);
        Assert.Equal(10, _ledger.DurablePosition(Zero));
        Assert.True(_ledger.HasUnstoredChanges);

        _ledger.Published();
        Assert.Equal([Drama(Early, 2)], _ledger.TakeCheckpoint(complete: false).Counts);
    }

    [Fact]
    public void Late_events_move_the_position_and_are_in_no_count()
    {
        _ledger.Open(Zero, 0);

        Assert.Equal(DeltaOutcome.Applied, _ledger.Apply(Delta(0, 20, Drama(Early, 2)) with { Late = 3 }));
        Assert.Equal(DeltaOutcome.Applied, _ledger.Apply(Delta(20, 30) with { Late = 1 }));

        Assert.Equal(4, _ledger.LateCount);
        Assert.Equal(30, _ledger.Position(Zero));
        Assert.Equal([Drama(Early, 2)], _ledger.Counts);
    }

    [Fact]
    public void A_window_is_counted_however_far_it_lies_behind_others()
    {
        _ledger.Open(Zero, 0);
        _ledger.Apply(Delta(0, 10, Drama(new Window(Early.EndUnixSeconds + (30 * 24 * 3600)), 1)));
        Checkpoint(complete: true);

        _ledger.Apply(Delta(10, 20, Drama(Early, 3)));

        Assert.Equal(0, _ledger.LateCount);
        Assert.Equal([Drama(Early, 3)], Checkpoint(complete: false).Counts);
    }

    [Fact]
    public void The_late_count_to_show_is_the_durable_one()
    {
        _ledger.Open(Zero, 0);
        _ledger.Apply(Delta(0, 20, Drama(Next, 1)) with { Late = 3 });
        _ledger.TakeCheckpoint(complete: false);
        _ledger.Apply(Delta(20, 30) with { Late = 1 });
        Assert.Equal(0, _ledger.DurableLateCount);

        _ledger.Stored();

        Assert.Equal(3, _ledger.DurableLateCount);
        Assert.Equal(4, _ledger.LateCount);
    }

    [Fact]
    public void Recovery_gives_back_what_was_stored_and_publishes_the_last_checkpoint_again()
    {
        _ledger.Open(Zero, 0);
        _ledger.Apply(Delta(0, 10, Drama(Early, 1), Drama(Next, 1)));
        var first = Checkpoint(complete: false);
        _ledger.Apply(Delta(10, 20, Drama(Next, 2)));
        var second = Checkpoint(complete: false);

        var recovered = Recovered(first, second);

        Assert.Equal(20, recovered.Position(Zero));
        Assert.Equal(20, recovered.DurablePosition(Zero));
        Assert.Equal([Drama(Early, 1), Drama(Next, 3)], recovered.Counts);
        Assert.Equal([Drama(Next, 3)], recovered.Unpublished);
        Assert.False(recovered.IsPublished);
        Assert.False(recovered.HasUnstoredChanges);
    }

    [Fact]
    public void Recovery_gives_back_late_counts()
    {
        _ledger.Open(Zero, 0);
        _ledger.Apply(Delta(0, 20) with { Late = 3 });

        var recovered = Recovered(Checkpoint(complete: true));
        recovered.Apply(Delta(20, 30) with { Late = 1 });

        Assert.Equal(4, recovered.LateCount);
        Assert.Equal(3, recovered.DurableLateCount);
    }

    [Fact]
    public void A_complete_checkpoint_replaces_whatever_the_journal_gave_before_it()
    {
        _ledger.Open(Zero, 0);
        _ledger.Apply(Delta(0, 10, Drama(Early, 1)));
        var complete = Checkpoint(complete: true);

        // A stale incarnation wrote it under a number whose event had been deleted.
        var stray = new BucketCheckpoint(
            [new PartitionPosition(Zero, 90), new PartitionPosition(One, 90)], [Drama(Next, 9)], 9, false);
        var recovered = Recovered(stray, complete);

        Assert.Equal([Drama(Early, 1)], recovered.Counts);
        Assert.Equal((10, -1), (recovered.Position(Zero), recovered.Position(One)));
        Assert.Equal((10, -1), (recovered.DurablePosition(Zero), recovered.DurablePosition(One)));
        Assert.Equal(0, recovered.LateCount);
    }

    [Fact]
    public void The_fullest_window_says_how_many_keys_there_are()
    {
        _ledger.Open(Zero, 0);
        _ledger.Apply(Delta(0, 10, Key("a", Early, 1), Key("b", Early, 2), Key("c", Next, 3), Key("a", Early, 4)));
        var checkpoint = Checkpoint(complete: true);
        Assert.Equal(2, _ledger.MostKeys);

        var recovered = Recovered(checkpoint, checkpoint);
        Assert.Equal(2, recovered.MostKeys);

        recovered.Apply(Delta(10, 20, Key("c", Early, 3), Key("b", Early, 1)));
        Assert.Equal(3, recovered.MostKeys);
    }

    private static KeyCount Key(string value, Window window, long count) => new(new RollupKey(value), window, count);

    [Fact]
    public void Misuse_is_refused_while_assertions_are_on()
    {
#if DEBUG
        _ledger.Open(Zero, 0);
        Assert.ThrowsAny<Exception>(() => _ledger.Apply(Delta(10, 10, Drama(Early, 1))));
        Assert.ThrowsAny<Exception>(() => _ledger.Apply(Delta(0, 10, Drama(Early, 0))));
        Assert.ThrowsAny<Exception>(() => _ledger.Stored());
        _ledger.TakeCheckpoint(complete: false);
        Assert.ThrowsAny<Exception>(() => _ledger.TakeCheckpoint(complete: false));
        _ledger.Stored();
        Assert.ThrowsAny<Exception>(() => _ledger.TakeCheckpoint(complete: false));
#else
        Assert.NotNull(_ledger);
#endif
    }

    private static BucketLedger Recovered(params BucketCheckpoint[] journal)
    {
        var ledger = new BucketLedger();
        foreach (var checkpoint in journal)
            ledger.Recover(checkpoint);
        return ledger;
    }

    private BucketCheckpoint Checkpoint(bool complete)
    {
        var checkpoint = _ledger.TakeCheckpoint(complete);
        _ledger.Stored();
        _ledger.Published();
        return checkpoint;
    }

    private void AssertUnchanged()
    {
        Assert.Equal(80, _ledger.Position(Zero));
        Assert.Equal([Drama(Early, 2)], _ledger.Counts);
    }
}
