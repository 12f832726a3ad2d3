using static Pulse.Counting.Tests.Checkpoints.BucketExample;
using static Pulse.Counting.Tests.Examples;

namespace Pulse.Counting.Tests.Checkpoints;

/// <summary>What pages are shown of a bucket.</summary>
public sealed class ShownCountTests
{
    [Fact]
    public void A_cell_whose_stored_count_is_unknown_is_not_shown_until_it_was_read()
    {
        var example = Shown();
        example.Apply(Delta(0, 1, new KeyCount(Drama, Early, 2)));
        Assert.Empty(example.Bucket.TakeShown());
        example.Bucket.Look();
        var cells = Assert.Single(example.Bucket.TakeEffects().OfType<BucketEffect.ReadCells>()).Cells;
        Assert.Equal([(Drama, Early)], cells);

        example.Bucket.CellsRead(First, [new KeyCount(Drama, Early, 40)]);

        Assert.Equal(42, Assert.Single(example.Bucket.TakeShown()).Count);
        Assert.Empty(example.Bucket.TakeShown());
        example.Bucket.Look();
        Assert.Empty(example.Bucket.TakeEffects().OfType<BucketEffect.ReadCells>());
    }

    [Fact]
    public void Counts_that_were_read_in_another_snapshot_do_not_count()
    {
        var example = Shown();
        example.Apply(Delta(0, 1, new KeyCount(Drama, Early, 2)));
        example.Bucket.CellsRead(Named(9), [new KeyCount(Drama, Early, 40)]);

        Assert.Empty(example.Bucket.TakeShown());
    }

    [Fact]
    public void A_shown_count_holds_what_is_stored_what_is_on_its_way_and_what_came_since()
    {
        var example = Shown();
        example.Apply(Delta(0, 1, new KeyCount(Drama, Early, 2)));
        example.Bucket.CellsRead(First, [new KeyCount(Drama, Early, 40)]);
        example.Freeze(2);
        example.Apply(Delta(1, 2, new KeyCount(Drama, Early, 3)));
        Assert.Equal(45, Assert.Single(example.Bucket.TakeShown()).Count);
        example.Confirm(2);
        example.Apply(Delta(2, 3, new KeyCount(Drama, Early, 1)));
        Assert.Equal(46, Assert.Single(example.Bucket.TakeShown()).Count);

        example.Bucket.Stored(Named(2), []);
        example.Apply(Delta(3, 4, new KeyCount(Drama, Early, 1)));

        Assert.Equal(47, Assert.Single(example.Bucket.TakeShown()).Count);
    }

    [Fact]
    public void The_statement_makes_a_cell_known()
    {
        var example = Shown();
        example.Apply(Delta(0, 1, new KeyCount(Drama, Early, 2)));
        example.Freeze(2);
        example.Confirm(2);
        example.Bucket.Stored(Named(2), [new KeyCount(Drama, Early, 42)]);

        Assert.Equal(42, Assert.Single(example.Bucket.TakeShown()).Count);
    }

    [Fact]
    public void The_generation_is_that_of_the_row_that_was_taken_over()
    {
        var example = Shown();
        Assert.Equal(5, example.Bucket.Generation);

        example.Bucket.TakenOver(7, new BucketRow(Named(9), Generation: 9, "", default));

        Assert.Equal(5, example.Bucket.Generation);
    }

    [Fact]
    public void Only_windows_that_pages_hold_are_shown()
    {
        var example = Open();
        example.Apply(Delta(0, 1, new KeyCount(Drama, Next, 1)));
        example.Bucket.ShowFrom(Next);
        example.Apply(Delta(1, 2, new KeyCount(Drama, Early, 1), new KeyCount(Crime, Next, 1)));
        example.Bucket.CellsRead(First, [new KeyCount(Drama, Early, 0), new KeyCount(Crime, Next, 0), new KeyCount(Drama, Next, 0)]);
        Assert.Equal([Crime], example.Bucket.TakeShown().Select(shown => shown.Key));

        example.Apply(Delta(2, 3, new KeyCount(Drama, Next, 1)));
        example.Bucket.ShowFrom(new Window(900));

        Assert.Empty(example.Bucket.TakeShown());
    }

    [Fact]
    public void What_was_counted_before_its_window_was_shown_is_in_the_count()
    {
        var example = Open();
        example.Apply(Delta(0, 1, new KeyCount(Drama, Early, 5)));
        example.Bucket.ShowFrom(Early);
        example.Apply(Delta(1, 2, new KeyCount(Drama, Early, 1)));
        example.Bucket.CellsRead(First, [new KeyCount(Drama, Early, 10)]);

        Assert.Equal(16, Assert.Single(example.Bucket.TakeShown()).Count);
    }

    [Fact]
    public void A_bucket_that_took_over_anew_knows_no_cell()
    {
        var example = Shown();
        example.Bucket.CellsRead(First, [new KeyCount(Drama, Early, 10)]);
        example.Apply(Delta(0, 1, new KeyCount(Drama, Early, 1)));
        example.Freeze(2);
        example.Bucket.StreamIs(Named(2), ZeroMadeAgain.Stream);
        example.Bucket.TakenOver(2, Row(checkpoint: Named(3)));
        example.Apply(Delta(0, 1, new KeyCount(Drama, Early, 1)) with { Partition = ZeroMadeAgain });

        Assert.Empty(example.Bucket.TakeShown());
    }

    [Fact]
    public void A_cache_that_grew_too_large_forgets_the_oldest_window()
    {
        var cells = new CellCounts();
        cells.KeepFrom(Early);
        cells.Read([.. Enumerable.Range(0, CellCounts.MaximumCells).Select(number => new KeyCount(new RollupKey($"{number}"), Early, 1))]);
        cells.Read([new KeyCount(Drama, Next, 3)]);
        var changes = new UnstoredChanges();
        cells.Changed([new KeyCount(new RollupKey("5"), Early, 1), new KeyCount(Drama, Next, 1)]);

        Assert.Equal([Drama], cells.TakeChanged(changes, frozen: null).Select(shown => shown.Key));
        Assert.Equal([(new RollupKey("5"), Early)], cells.Unknown(10));
    }

    [Fact]
    public void A_bucket_that_takes_over_anew_asks_for_no_cell()
    {
        var example = Shown();
        example.Apply(Delta(0, 1, new KeyCount(Drama, Early, 1)));
        example.Freeze(2);
        example.Bucket.StreamIs(Named(2), ZeroMadeAgain.Stream);
        example.Bucket.TakeEffects();

        example.Bucket.Look();

        Assert.Empty(example.Bucket.TakeEffects());
    }

    [Fact]
    public void What_is_not_stored_is_shown_again_to_those_who_lost_it()
    {
        var example = Shown();
        example.Bucket.ShowUnstoredAgain();
        example.Bucket.CellsRead(First, [new KeyCount(Drama, Early, 10), new KeyCount(Crime, Early, 20)]);
        example.Apply(Delta(0, 1, new KeyCount(Drama, Early, 1)));
        example.Freeze(2);
        example.Apply(Delta(1, 2, new KeyCount(Crime, Early, 2)));
        example.Bucket.TakeShown();

        example.Bucket.ShowUnstoredAgain();

        Assert.Equal(
            [(Drama, 11), (Crime, 22)], example.Bucket.TakeShown().OrderBy(shown => shown.Count).Select(shown => (shown.Key, shown.Count)));
    }

    [Fact]
    public void A_bucket_shows_totals_where_it_is_made_to()
    {
        var bucket = new BucketCheckpointing(Id, Digest, CheckpointLimits.Default, new UnstoredMemory(long.MaxValue), showsTotals: true);
        bucket.ShowFrom(Early);
        bucket.Start();
        bucket.TakenOver(1, Row());
        bucket.Apply(Delta(0, 1, new KeyCount(Drama, Early, 2)), Session);
        bucket.CellsRead(First, [new KeyCount(BucketCheckpointing.Total, Early, 40)]);

        Assert.Equal([(BucketCheckpointing.Total, 42)], bucket.TakeShown().Select(shown => (shown.Key, shown.Count)));
    }

    private static BucketExample Shown()
    {
        var example = Open();
        example.Bucket.ShowFrom(Early);
        return example;
    }
}
