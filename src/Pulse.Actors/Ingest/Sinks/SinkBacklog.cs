namespace Pulse.Actors.Ingest.Sinks;

/// <summary>
/// What a sink knows of one partition: how far it has everything, and where beyond that bad records are or may be. Counting
/// tells it which offsets it has handled and which of them are bad; what nobody told it, it has to look through itself.
/// </summary>
/// <remarks>
/// Invariant: every bad record between <see cref="Position"/> and what was told lies in a range. Ranges are disjoint, ascending
/// and few: near ones become one, and beyond the limit the last one grows. So a sink that can't send for hours needs no more
/// memory, and what is lost with its memory costs a second look at the log.
/// </remarks>
internal sealed class SinkBacklog
{
    /// <summary>No more ranges are kept.</summary>
    public const int MaximumRanges = 256;

    /// <summary>Ranges that are nearer than this many offsets become one: to read on is cheaper than to seek.</summary>
    public const int NearOffsets = 2_000;

    private readonly int _maximumRanges;
    private readonly int _nearOffsets;
    private readonly List<SinkRange> _ranges = [];
    private long _told;

    /// <param name="stored">The sink's stored position: everything below was sent.</param>
    /// <param name="maximumRanges">See <see cref="MaximumRanges"/>; at least 1.</param>
    /// <param name="nearOffsets">See <see cref="NearOffsets"/>.</param>
    public SinkBacklog(long stored, int maximumRanges = MaximumRanges, int nearOffsets = NearOffsets)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stored);
        ArgumentOutOfRangeException.ThrowIfLessThan(maximumRanges, 1);
        (_told, _maximumRanges, _nearOffsets) = (stored, maximumRanges, nearOffsets);
    }

    /// <summary>Every bad record below was sent.</summary>
    public long Position => _ranges.Count > 0 ? _ranges[0].From : _told;

    /// <summary>What to look through next; null where all that was told of was sent.</summary>
    public SinkRange? Next => _ranges.Count > 0 ? _ranges[0] : null;

    /// <summary>How many ranges there are.</summary>
    public int Ranges => _ranges.Count;

    /// <summary>How many bad records wait; null where that is known only when it was looked.</summary>
    public long? Waiting => _ranges.Exists(range => range.Bad is null) ? null : _ranges.Sum(range => range.Bad);

    /// <summary>Hears which records were handled. What it was told before, also by another session, changes nothing.</summary>
    /// <param name="from">The first offset.</param>
    /// <param name="to">The offset after the last.</param>
    /// <param name="bad">The offsets of the bad ones among them, ascending.</param>
    public void Handled(long from, long to, IReadOnlyList<long> bad)
    {
        // Nobody told of what lies between.
        if (from > _told)
            Add(new SinkRange(_told, from, null));
        var known = Math.Max(_told, from);
        foreach (var offset in bad)
        {
            if (offset >= known)
                Add(new SinkRange(offset, offset + 1, 1));
        }

        _told = Math.Max(known, to);
    }

    /// <summary>Hears that it was looked through up to an offset, and that the bad records there were sent.</summary>
    /// <param name="position">The offset, within <see cref="Next"/>.</param>
    /// <param name="sent">How many bad records were sent since the last time.</param>
    public void Sent(long position, int sent)
    {
        if (Next is not { } first || position <= first.From)
            return;
        if (position >= first.To)
            _ranges.RemoveAt(0);
        else
            _ranges[0] = new SinkRange(position, first.To, first.Bad is { } bad ? Math.Max(0, bad - sent) : null);
    }

    private void Add(SinkRange range)
    {
        if (_ranges.Count > 0 && (range.From - _ranges[^1].To < _nearOffsets || _ranges.Count == _maximumRanges))
            _ranges[^1] = new SinkRange(_ranges[^1].From, range.To, _ranges[^1].Bad + range.Bad);
        else
            _ranges.Add(range);
    }
}
