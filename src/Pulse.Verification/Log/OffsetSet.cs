namespace Pulse.Verification.Log;

/// <summary>A set of offsets of one partition, as ranges in their order that don't touch.</summary>
internal sealed class OffsetSet
{
    private readonly List<OffsetRange> _ranges = [];

    /// <summary>Its ranges, in their order.</summary>
    public IReadOnlyList<OffsetRange> Ranges => _ranges;

    /// <summary>How many offsets are in it.</summary>
    public long Count => _ranges.Sum(range => range.Count);

    /// <summary>Whether an offset is in it.</summary>
    public bool Contains(long offset)
    {
        foreach (var range in _ranges)
        {
            if (offset < range.From)
                return false;
            if (offset < range.To)
                return true;
        }

        return false;
    }

    /// <summary>Adds a range.</summary>
    public void Add(OffsetRange range)
    {
        if (range.Count == 0)
            return;
        var first = _ranges.FindIndex(each => each.To >= range.From);
        if (first < 0)
        {
            _ranges.Add(range);
            return;
        }

        var last = first;
        for (; last < _ranges.Count && _ranges[last].From <= range.To; last++)
            range = new OffsetRange(Math.Min(range.From, _ranges[last].From), Math.Max(range.To, _ranges[last].To));
        _ranges.RemoveRange(first, last - first);
        _ranges.Insert(first, range);
    }

    /// <summary>What of a range is not in this set.</summary>
    public IEnumerable<OffsetRange> Except(OffsetRange range)
    {
        var from = range.From;
        foreach (var held in _ranges.Where(held => held.To > range.From && held.From < range.To))
        {
            if (held.From > from)
                yield return new OffsetRange(from, held.From);
            from = held.To;
        }

        if (from < range.To)
            yield return range with { From = from };
    }
}
