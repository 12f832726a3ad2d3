using Pulse.Verification.Events;
using Pulse.Verification.Log;

namespace Pulse.Verification.Judging;

/// <summary>What of a rollup's numbers the log refutes: all are counted, and the first few are kept, by window and key.</summary>
internal sealed class Differences
{
    /// <summary>So many are kept.</summary>
    public const int MaximumShown = 10;

    private readonly RollupJudge _judge;
    private readonly SortedList<(int Kind, long Ticks, byte[] Key), Difference> _shown = new(Comparer<(int Kind, long Ticks, byte[] Key)>.Create(Compare));
    private readonly Dictionary<byte[], Difference> _byCell = new(CellKey.Comparer);

    /// <summary>Compares everything.</summary>
    /// <param name="judge">The rollup, with everything read and what is gone concluded.</param>
    /// <param name="hasOthers">Whether the table has windows that were not asked for.</param>
    public Differences(RollupJudge judge, bool hasOthers)
    {
        _judge = judge;
        foreach (var (key, cell) in judge.Cells)
            Compare(key, cell);
        foreach (var bucket in judge.Buckets)
            Compare(bucket, hasOthers);
        foreach (var (index, row) in judge.Impossible.Index())
            Add((2, index, []), () => new Difference
            {
                WindowEnd = row.WindowEndTicks < 0 ? null : DateTime.UnixEpoch.AddTicks(row.WindowEndTicks),
                Key = row.Values,
                Problem = row.Problem,
                Stored = row.Count,
                Least = 0,
                Greatest = 0,
            });
        Total += judge.ImpossibleCount - judge.Impossible.Count;
        foreach (var ((kind, _, key), difference) in _shown)
        {
            if (kind == 0)
                _byCell.Add(key, difference);
        }
    }

    /// <summary>How many numbers are refuted.</summary>
    public long Total { get; private set; }

    /// <summary>The first of them.</summary>
    public IReadOnlyList<Difference> Shown => [.. _shown.Values];

    /// <summary>Whether there are cells to find the offsets of.</summary>
    public bool HasCells => _byCell.Count > 0;

    /// <summary>Notes a record, if it counts in one of the cells.</summary>
    public void Note(in LogRecord record, EventReader read, Fault fault)
    {
        if (HasCells && _judge.CellOf(record, read, fault) is { IsEmpty: false } cell
            && _byCell.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(cell, out var difference))
            difference.Add(record.Partition, record.Offset);
    }

    private void Compare(byte[] key, Cell cell)
    {
        if (cell.Stored == cell.Seen)
            return;
        var ticks = CellKey.WindowEndTicks(key);
        var greatest = cell.Seen + _judge.Buckets[CellKey.BucketOf(key, _judge.Buckets.Count)].Unseen
            + _judge.EarlierWindows.GetValueOrDefault(ticks / TimeSpan.TicksPerMillisecond);
        if (cell.Stored < cell.Seen || cell.Stored > greatest)
            Add((0, ticks, key), () => new Difference
            {
                WindowEnd = ticks < 0 ? null : DateTime.UnixEpoch.AddTicks(ticks),
                Key = CellKey.Values(key),
                Stored = cell.Stored,
                Least = cell.Seen,
                Greatest = greatest,
            });
    }

    private void Compare(BucketJudge bucket, bool hasOthers)
    {
        var seen = bucket.Seen.All;
        foreach (var (index, (name, stored)) in bucket.Stored.All.Index())
        {
            var least = seen[index].Value;
            var greatest = least + (index == 0 ? bucket.Unseen : bucket.UnseenBooked) + _judge.Earlier;
            if (stored < least || stored > greatest)
                Add(bucket, index, name, stored, least, greatest);
            // Where the log can't say all, row and rows must at least agree with each other.
            else if (index == 0 && stored != bucket.Rows && (hasOthers || greatest > least))
                Add(bucket, index, "counted, by its rows,", stored, bucket.Rows, bucket.Rows);
        }
    }

    private void Add(BucketJudge bucket, int index, string name, long stored, long least, long greatest) =>
        Add((1, (bucket.Number * 10) + index, []), () => new Difference
        {
            Bucket = bucket.Number, Counter = name, Stored = stored, Least = least, Greatest = greatest,
        });

    private void Add((int Kind, long Ticks, byte[] Key) place, Func<Difference> difference)
    {
        Total++;
        if (_shown.Count == MaximumShown && Compare(place, _shown.GetKeyAtIndex(MaximumShown - 1)) > 0)
            return;
        _shown.Add(place, difference());
        if (_shown.Count > MaximumShown)
            _shown.RemoveAt(MaximumShown);
    }

    private static int Compare((int Kind, long Ticks, byte[] Key) left, (int Kind, long Ticks, byte[] Key) right)
    {
        var order = (left.Kind, left.Ticks).CompareTo((right.Kind, right.Ticks));
        return order != 0 ? order : CellKey.Compare(left.Key, right.Key);
    }
}
