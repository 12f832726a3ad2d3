using Pulse.Verification.Log;

namespace Pulse.Verification.Judging;

/// <summary>Offsets that buckets of a rollup may have counted and that nobody can read: how many for each bucket, and which.</summary>
/// <param name="buckets">The rollup's buckets.</param>
/// <param name="isBooked">Whether a bucket books a partition.</param>
internal sealed class GoneOffsets(IReadOnlyList<BucketJudge> buckets, Func<BucketJudge, int, bool> isBooked)
{
    private const int MaximumRanges = 100;

    private readonly Dictionary<(int Bucket, bool Books), long> _byBucket = [];
    private readonly SortedDictionary<(string Stream, int Partition), (OffsetSet Offsets, long Total)> _named = [];

    /// <summary>Whether there are any.</summary>
    public bool Any => _named.Count > 0;

    /// <summary>Notes offsets of a partition; each once.</summary>
    public void Add(string stream, int partition, OffsetRange range)
    {
        var ofAny = new OffsetSet();
        foreach (var bucket in buckets)
        {
            foreach (var counted in bucket.CountedOf(stream, partition, range))
            {
                Count(bucket, partition, counted.Count);
                ofAny.Add(counted);
            }
        }

        foreach (var counted in ofAny.Ranges)
            Name(stream, partition, counted);
    }

    /// <summary>Notes an offset that some buckets only say they did not count.</summary>
    public void Add(string stream, int partition, long offset, params ReadOnlySpan<BucketJudge> of)
    {
        foreach (var bucket in of)
            Count(bucket, partition, 1);
        Name(stream, partition, new OffsetRange(offset, offset + 1));
    }

    /// <summary>Adds what each bucket can't see to it, and names all of it.</summary>
    public IEnumerable<GoneRange> Conclude()
    {
        foreach (var ((bucket, books), count) in _byBucket)
            buckets[bucket].AddUnseen(count, books);
        return _named.Select(each => new GoneRange(each.Key.Stream, each.Key.Partition, each.Value.Offsets.Ranges, each.Value.Total));
    }

    private void Count(BucketJudge bucket, int partition, long count)
    {
        var place = (bucket.Number, isBooked(bucket, partition));
        _byBucket[place] = _byBucket.GetValueOrDefault(place) + count;
    }

    // What was removed record by record can be millions of ranges; their number is enough then.
    private void Name(string stream, int partition, OffsetRange range)
    {
        if (!_named.TryGetValue((stream, partition), out var named))
            named = (new OffsetSet(), 0);
        if (named.Offsets.Ranges.Count < MaximumRanges)
            named.Offsets.Add(range);
        _named[(stream, partition)] = named with { Total = named.Total + range.Count };
    }
}
