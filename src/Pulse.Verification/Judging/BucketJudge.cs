using Pulse.Verification.Log;
using Pulse.Verification.Storage;

namespace Pulse.Verification.Judging;

/// <summary>One bucket: which records it has counted by its own positions, and what its counters must be.</summary>
internal sealed class BucketJudge
{
    private readonly StoredBucket _stored;
    private readonly string _stream;
    private readonly long[] _offsets;
    private readonly Dictionary<(string Stream, int Partition), OffsetSet> _gaps = [];

    /// <param name="stored">Its row.</param>
    /// <param name="stream">The stream that the log is.</param>
    public BucketJudge(StoredBucket stored, string stream)
    {
        _stored = stored;
        _stream = stream;
        _offsets = stored.Positions.ByStream.GetValueOrDefault(stream, []);
        foreach (var gap in stored.Gaps.Where(gap => !gap.IsCut))
        {
            if (!_gaps.TryGetValue((gap.Stream, gap.Partition), out var offsets))
                _gaps.Add((gap.Stream, gap.Partition), offsets = new OffsetSet());
            offsets.Add(gap.Offsets);
        }
    }

    /// <summary>What the log makes of its counters. A field, so that they can be counted up in place.</summary>
    public StoredCounters Seen;

    /// <summary>The bucket's number.</summary>
    public int Number => _stored.Number;

    /// <summary>Where it stands in each partition, by number.</summary>
    public IReadOnlyList<long> Offsets => _offsets;

    /// <summary>How many offsets below its positions can't be seen, and may have been counted.</summary>
    public long Unseen { get; private set; }

    /// <summary>How many of them are of partitions that are booked in it: it counts them as consumed, and what is not counted as late, dead or filtered.</summary>
    public long UnseenBooked { get; private set; }

    /// <summary>What it counted from a log that was cut, each time that an operator accepted it.</summary>
    public IEnumerable<StoredGap> Cuts => _stored.Gaps.Where(gap => gap.IsCut);

    /// <summary>The sum of its rows in the table.</summary>
    public long Rows { get; set; }

    /// <summary>What its counters are.</summary>
    public StoredCounters Stored => _stored.Counters;

    /// <summary>Whether it has counted a record, or what it would have counted of it.</summary>
    public bool Holds(int partition, long offset) => partition < _offsets.Length && offset < _offsets[partition];

    /// <summary>Whether it says that the log had no such record any more when it came to it.</summary>
    public bool IsInGap(int partition, long offset) =>
        _gaps.Count > 0 && _gaps.TryGetValue((_stream, partition), out var offsets) && offsets.Contains(offset);

    /// <summary>Notes offsets of a partition that can't be seen.</summary>
    /// <param name="count">How many.</param>
    /// <param name="isBooked">Whether the partition is booked in it.</param>
    public void AddUnseen(long count, bool isBooked)
    {
        Unseen += count;
        UnseenBooked += isBooked ? count : 0;
    }

    /// <summary>What of a range it has counted, if there was anything.</summary>
    public IEnumerable<OffsetRange> CountedOf(string stream, int partition, OffsetRange range)
    {
        var below = new OffsetRange(range.From, Math.Min(range.To, _stored.Positions.Of(stream, partition)));
        if (below.Count == 0)
            return [];
        return _gaps.TryGetValue((stream, partition), out var gaps) ? gaps.Except(below) : [below];
    }
}
