using System.Runtime.InteropServices;
using System.Text;
using Pulse.Verification.Declarations;
using Pulse.Verification.Events;
using Pulse.Verification.Log;
using Pulse.Verification.Storage;

namespace Pulse.Verification.Judging;

/// <summary>
/// One version of a rollup: what its table and its buckets hold, and what the log makes of them. A record counts for a key's bucket
/// if it lies below that bucket's position, whatever the others are at.
/// </summary>
internal sealed class RollupJudge
{
    private const int MaximumValueBytes = 256;

    // What was further ahead was no event for the first edition either.
    private const long EarlierSkewMilliseconds = 86_400_000;

    private static readonly byte[][] FaultNames = [.. Enum.GetNames<Fault>().Select(Encoding.UTF8.GetBytes)];

    private readonly StoredVersion _version;
    private readonly Declaration _declaration;
    private readonly string _stream;
    private readonly WindowRange _range;
    private readonly BucketJudge[] _buckets;
    private readonly long[] _base;
    private readonly byte[] _key;
    private readonly Dictionary<byte[], Cell> _cells = new(CellKey.Comparer);
    private readonly Dictionary<byte[], Cell>.AlternateLookup<ReadOnlySpan<byte>> _cellOf;
    private readonly Dictionary<long, long> _earlierWindows = [];
    private readonly List<StoredRow> _impossible = [];
    private readonly GoneOffsets _gone;
    private readonly GoneOffsets _holes;

    /// <param name="version">What the database has.</param>
    /// <param name="stream">The stream that the log is.</param>
    /// <param name="range">The windows of which cells are kept.</param>
    public RollupJudge(StoredVersion version, string stream, WindowRange range)
    {
        (_version, _declaration, _stream, _range) = (version, version.Declaration, stream, range);
        _buckets = [.. version.Buckets.Select(bucket => new BucketJudge(bucket, stream))];
        _base = version.Base.ByStream.GetValueOrDefault(stream, []);
        _key = new byte[(_declaration.Dimensions.Length * (MaximumValueBytes + 1)) + sizeof(long)];
        _cellOf = _cells.GetAlternateLookup<ReadOnlySpan<byte>>();
        (_gone, _holes) = (new GoneOffsets(_buckets, IsBooked), new GoneOffsets(_buckets, IsBooked));
        Cuts = NoteCuts();
        NoteOtherStreams();
    }

    /// <summary>The offsets that buckets counted from a log that was cut.</summary>
    public IReadOnlyList<GoneRange> Cuts { get; }

    /// <summary>What is an event for it.</summary>
    public EventRules Rules => _declaration.Rules;

    /// <summary>The version.</summary>
    public StoredVersion Version => _version;

    /// <summary>Its buckets by number.</summary>
    public IReadOnlyList<BucketJudge> Buckets => _buckets;

    /// <summary>Its cells: those that the table has and those that the log has.</summary>
    public IEnumerable<KeyValuePair<byte[], Cell>> Cells => _cells;

    /// <summary>How many cells there are.</summary>
    public int CellCount => _cells.Count;

    /// <summary>By window's end, how many records the first edition may have counted in it by its own rules.</summary>
    public IReadOnlyDictionary<long, long> EarlierWindows => _earlierWindows;

    /// <summary>How many offsets the first edition handled in this stream.</summary>
    public long Earlier => _base.Sum();

    /// <summary>The greatest position of its buckets in each partition of the stream.</summary>
    public long End(int partition) => _buckets.Max(bucket => partition < bucket.Offsets.Count ? bucket.Offsets[partition] : 0);

    /// <summary>The first rows that Pulse never writes.</summary>
    public IReadOnlyList<StoredRow> Impossible => _impossible;

    /// <summary>How many there are.</summary>
    public long ImpossibleCount { get; private set; }

    /// <summary>Takes a row of the table.</summary>
    public void AddRow(StoredRow row)
    {
        if (row.Problem is not null)
        {
            if (++ImpossibleCount <= Differences.MaximumShown)
                _impossible.Add(row);
            return;
        }

        var key = CellKey.Of(row);
        _buckets[CellKey.BucketOf(key, _buckets.Length)].Rows += row.Count;
        // A time below milliseconds is no window's end; it stays apart from the windows.
        if (_range.Contains((long)Math.Floor((decimal)row.WindowEndTicks / TimeSpan.TicksPerMillisecond)))
            CollectionsMarshal.GetValueRefOrAddDefault(_cells, key, out _).Stored += row.Count;
    }

    /// <summary>Counts a record, if it lies below the positions of the buckets that book it.</summary>
    /// <param name="record">The record.</param>
    /// <param name="read">What it says.</param>
    /// <param name="fault">Why it is no event by <see cref="Rules"/>.</param>
    public void Count(in LogRecord record, EventReader read, Fault fault)
    {
        if (IsEarlier(record))
        {
            NoteEarlier(record, read);
            return;
        }

        var home = _buckets[record.Partition % _buckets.Length];
        var outcome = Judge(record, read, fault, out var windowEnd);
        var isHome = home.Holds(record.Partition, record.Offset);
        var owner = outcome == Outcome.Counted ? OwnerOf(record, read, fault, windowEnd, out var length) : NoOwner(out length);
        if ((isHome && home.IsInGap(record.Partition, record.Offset)) || owner?.IsInGap(record.Partition, record.Offset) == true)
        {
            NoteDisputed(record, home, owner);
            return;
        }

        if (isHome)
            Book(ref home.Seen, outcome);
        if (owner is null)
            return;
        owner.Seen.Counted++;
        if (_range.Contains(windowEnd))
            CollectionsMarshal.GetValueRefOrAddDefault(_cellOf, _key.AsSpan(0, length), out _).Seen++;
    }

    /// <summary>The cell in which a record is counted; empty where it is in none. Valid until the next call.</summary>
    public ReadOnlySpan<byte> CellOf(in LogRecord record, EventReader read, Fault fault) =>
        !IsEarlier(record) && Judge(record, read, fault, out var windowEnd) == Outcome.Counted
        && OwnerOf(record, read, fault, windowEnd, out var length) is not null
            ? _key.AsSpan(0, length)
            : [];

    /// <summary>Notes offsets without a record.</summary>
    public void NoteAbsent(int partition, OffsetRange range, Absence why) =>
        (why == Absence.Hole ? _holes : _gone).Add(_stream, partition, range);

    /// <summary>Everything that can't be seen, once all is read.</summary>
    /// <param name="holesCount">Whether records may have stood between others and be gone.</param>
    public IReadOnlyList<GoneRange> ConcludeGone(bool holesCount) =>
        [.. _gone.Conclude(), .. holesCount ? _holes.Conclude() : []];

    /// <summary>Whether there are offsets between records that have none.</summary>
    public bool HasHoles => _holes.Any;

    private bool IsEarlier(in LogRecord record) => record.Partition < _base.Length && record.Offset < _base[record.Partition];

    private Outcome Judge(in LogRecord record, EventReader read, Fault fault, out long windowEnd)
    {
        windowEnd = 0;
        if (_declaration.IsOfDeadLetters)
        {
            windowEnd = Times.WindowEnd(Times.Holds(record.Time) ? record.Time : 0, _declaration.WindowMilliseconds);
            return fault == Fault.None ? Outcome.Filtered : Outcome.Counted;
        }

        if (fault != Fault.None)
            return Outcome.Dead;
        windowEnd = Times.WindowEnd(read.Time, _declaration.WindowMilliseconds);
        return Times.Holds(record.Time) && record.Time - windowEnd > _declaration.LatenessMilliseconds ? Outcome.Late : Outcome.Counted;
    }

    // Null where the bucket has not come to the record yet.
    private BucketJudge? OwnerOf(in LogRecord record, EventReader read, Fault fault, long windowEnd, out int length)
    {
        length = _declaration.IsOfDeadLetters
            ? CellKey.Write(_key, FaultNames[(int)fault], windowEnd)
            : CellKey.Write(_key, read, _declaration.Dimensions, windowEnd);
        var owner = _buckets[CellKey.BucketOf(_key.AsSpan(0, length), _buckets.Length)];
        return owner.Holds(record.Partition, record.Offset) ? owner : null;
    }

    private static BucketJudge? NoOwner(out int length)
    {
        length = 0;
        return null;
    }

    private static void Book(ref StoredCounters counters, Outcome outcome)
    {
        counters.Consumed++;
        if (outcome == Outcome.Dead)
            counters.Dead++;
        else if (outcome == Outcome.Late)
            counters.Late++;
        else if (outcome == Outcome.Filtered)
            counters.Filtered++;
    }

    // The log has what a bucket says was gone: who of the two is right, nobody can tell.
    private void NoteDisputed(in LogRecord record, BucketJudge home, BucketJudge? owner)
    {
        if (owner is null || owner == home)
            _gone.Add(_stream, record.Partition, record.Offset, home);
        else
            _gone.Add(_stream, record.Partition, record.Offset, home, owner);
    }

    private void NoteEarlier(in LogRecord record, EventReader read)
    {
        var window = _declaration.WindowMilliseconds;
        var ofRecord = Times.WindowEnd(Times.Holds(record.Time) ? record.Time : 0, window);
        NoteEarlier(ofRecord);
        var isFarAhead = Times.Holds(record.Time) && read.Time - record.Time > EarlierSkewMilliseconds;
        if (Times.Holds(read.Time) && !isFarAhead && Times.WindowEnd(read.Time, window) is var ofEvent && ofEvent != ofRecord)
            NoteEarlier(ofEvent);
    }

    private void NoteEarlier(long windowEnd)
    {
        if (_range.Contains(windowEnd))
            CollectionsMarshal.GetValueRefOrAddDefault(_earlierWindows, windowEnd, out _)++;
    }

    // The first edition kept no note of the partition: all that it booked is in the first bucket.
    private bool IsBooked(BucketJudge bucket, int partition) =>
        partition % _buckets.Length == bucket.Number || (bucket.Number == 0 && _version.Base.ByStream.Count > 0);

    // What it counted is still in its numbers, and what the log has now is in them besides: each record in one cell at most, and in one counter.
    private List<GoneRange> NoteCuts()
    {
        var named = new SortedDictionary<(string Stream, int Partition), OffsetSet>();
        foreach (var bucket in _buckets)
        {
            foreach (var cut in bucket.Cuts)
            {
                bucket.AddUnseen(cut.Offsets.Count, IsBooked(bucket, cut.Partition));
                if (!named.TryGetValue((cut.Stream, cut.Partition), out var offsets))
                    named.Add((cut.Stream, cut.Partition), offsets = new OffsetSet());
                offsets.Add(cut.Offsets);
            }
        }

        return [.. named.Select(each => new GoneRange(each.Key.Stream, each.Key.Partition, each.Value.Ranges, each.Value.Count))];
    }

    private void NoteOtherStreams()
    {
        foreach (var stream in _version.Buckets.SelectMany(bucket => bucket.Positions.ByStream.Keys).Distinct().Where(name => name != _stream))
        {
            var partitions = _version.Buckets.Max(bucket => bucket.Positions.ByStream.GetValueOrDefault(stream, []).Length);
            for (var partition = 0; partition < partitions; partition++)
                _gone.Add(stream, partition, new OffsetRange(0, long.MaxValue));
        }
    }

    private enum Outcome
    {
        Counted,
        Late,
        Dead,
        Filtered,
    }
}
