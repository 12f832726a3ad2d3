using static Pulse.Counting.Tests.Examples;

namespace Pulse.Counting.Tests.Checkpoints;

/// <summary>The cache of stored counts that pages need.</summary>
public sealed class CellCountsTests
{
    private static readonly Window Third = new(900);

    [Fact]
    public void A_changed_cell_waits_until_its_stored_count_was_read()
    {
        var cells = From(Early);
        cells.Changed([new KeyCount(Drama, Early, 1), new KeyCount(Crime, Early, 1)]);
        cells.Read([new KeyCount(Drama, Early, 40)]);
        Assert.True(cells.HasUnknown);
        Assert.Equal([(Crime, Early)], cells.Unknown(10));

        cells.Read([new KeyCount(Crime, Early, 50)]);

        Assert.False(cells.HasUnknown);
        Assert.Equal([(Drama, 40), (Crime, 50)], Shown(cells));
    }

    [Fact]
    public void Of_a_window_that_was_read_completely_cells_without_a_row_are_zero()
    {
        var cells = From(Next);
        cells.Changed([new KeyCount(Drama, Next, 1), new KeyCount(Drama, Third, 1)]);
        cells.Read([], complete: [Early, Next]);

        Assert.Equal([(Drama, Next, 0)], TakeShown(cells).Select(shown => (shown.Key, shown.Window, shown.Count)));
        Assert.Equal([(Drama, Third)], cells.Unknown(10));
        cells.KeepFrom(Early);
        cells.Changed([new KeyCount(Drama, Early, 1)]);
        Assert.Contains((Drama, Early), cells.Unknown(10));
    }

    [Fact]
    public void What_a_statement_stores_of_a_window_that_was_read_completely_is_known()
    {
        var cells = From(Early);
        cells.Read([new KeyCount(Drama, Early, 40)], complete: [Early]);
        cells.Stored([new KeyCount(Drama, Early, 2), new KeyCount(Crime, Early, 3)], []);
        cells.Changed([new KeyCount(Drama, Early, 1), new KeyCount(Crime, Early, 1)]);

        Assert.Equal([(Crime, 3), (Drama, 42)], Shown(cells));
    }

    [Fact]
    public void The_total_of_a_window_is_a_cell_of_its_own_where_totals_are_shown()
    {
        var cells = From(Early, showsTotals: true);
        var (unstored, frozen) = (new UnstoredChanges(), new UnstoredChanges());
        frozen.Add(BucketExample.Delta(0, 1, new KeyCount(Drama, Early, 2), new KeyCount(Drama, Next, 5)));
        unstored.Add(BucketExample.Delta(1, 2, new KeyCount(Crime, Early, 3)));
        cells.Changed([new KeyCount(Drama, Early, 2)]);
        cells.Read([new KeyCount(CellCounts.Total, Early, 100), new KeyCount(Drama, Early, 10)]);

        Assert.Equal([(Drama, 12), (CellCounts.Total, 105)], Shown(cells, unstored, frozen));
        cells.Stored(frozen.Counts(), []);
        cells.Changed([new KeyCount(Drama, Early, 1)]);
        Assert.Equal([(Drama, 12), (CellCounts.Total, 105)], Shown(cells, unstored));
    }

    [Fact]
    public void The_window_with_most_keys_is_known_and_a_total_is_no_key()
    {
        var cells = From(Early, showsTotals: true);
        cells.Read([new KeyCount(Drama, Early, 1), new KeyCount(Drama, Next, 1), new KeyCount(Crime, Next, 1)]);
        cells.Read([new KeyCount(Drama, Next, 2), new KeyCount(CellCounts.Total, Next, 9)]);

        Assert.Equal(2, cells.MostKeys);
    }

    [Fact]
    public void Windows_that_pages_hold_no_longer_are_forgotten_and_others_kept()
    {
        var cells = From(Early);
        KeyCount[] counts = [new KeyCount(Drama, Early, 1), new KeyCount(Drama, Next, 2), new KeyCount(Drama, Third, 3)];
        cells.Read(counts, complete: [Early, Next]);
        cells.Changed(counts);
        cells.KeepFrom(Next);
        Assert.Equal([(Drama, 2), (Drama, 3)], Shown(cells));

        cells.KeepFrom(Early);
        cells.Changed([.. counts, new KeyCount(Crime, Next, 1)]);
        cells.Read([new KeyCount(Crime, Early, 1)]);

        Assert.Equal([(Drama, Early)], cells.Unknown(10));
        Assert.Equal(1, cells.MostKeys);
        cells.Read([new KeyCount(Crime, Next, 1)]);
        Assert.Equal(2, cells.MostKeys);
    }

    [Fact]
    public void Counts_of_windows_that_pages_do_not_hold_are_not_kept()
    {
        var cells = From(Next);
        cells.Read([new KeyCount(Drama, Early, 1)]);
        cells.KeepFrom(Early);
        cells.Changed([new KeyCount(Drama, Early, 1)]);

        Assert.True(cells.HasUnknown);
        Assert.Equal(0, cells.MostKeys);
    }

    [Fact]
    public void To_hold_the_same_windows_again_forgets_nothing()
    {
        var cells = From(Early);
        cells.Changed([new KeyCount(Drama, Early, 1)]);
        cells.KeepFrom(Early);

        Assert.Equal([(Drama, Early)], cells.Unknown(10));
    }

    [Fact]
    public void A_bucket_that_begins_anew_forgets_everything()
    {
        var cells = From(Early);
        cells.Changed([new KeyCount(Crime, Early, 1)]);
        cells.Read([new KeyCount(Drama, Early, 1)], complete: [Early]);
        cells.StartOver();
        Assert.Empty(Shown(cells));
        cells.Changed([new KeyCount(Drama, Early, 1)]);
        Assert.Equal([(Drama, Early)], cells.Unknown(10));

        cells.Read([new KeyCount(Drama, Early, 7)]);

        Assert.Equal(1, cells.MostKeys);
    }

    [Fact]
    public void As_many_counts_as_the_cache_may_hold_are_all_kept()
    {
        var cells = From(Early);
        cells.Read([.. Enumerable.Range(0, CellCounts.MaximumCells).Select(number => new KeyCount(new RollupKey($"{number}"), Early, 1))]);
        cells.Changed([new KeyCount(new RollupKey("5"), Early, 1)]);

        Assert.False(cells.HasUnknown);
    }

    private static CellCounts From(Window oldest, bool showsTotals = false)
    {
        var cells = new CellCounts { ShowsTotals = showsTotals };
        cells.KeepFrom(oldest);
        return cells;
    }

    private static IReadOnlyList<ShownCount> TakeShown(CellCounts cells) => cells.TakeChanged(new UnstoredChanges(), frozen: null);

    private static IEnumerable<(RollupKey Key, long Count)> Shown(
        CellCounts cells, UnstoredChanges? unstored = null, UnstoredChanges? frozen = null) =>
        cells.TakeChanged(unstored ?? new UnstoredChanges(), frozen).Select(shown => (shown.Key, shown.Count)).OrderBy(shown => shown.Count);
}
