using System.Diagnostics;

namespace Pulse.Counting;

/// <summary>
/// What a partition tally knows of one bucket: the position that the bucket will have once all deltas sent so far
/// are applied, and the increments that were not sent yet.
/// </summary>
internal sealed class BucketTally(BucketId id, StreamPartition partition)
{
    private const long Unknown = long.MaxValue;

    private readonly List<KeyTally> _changed = [];
    private readonly List<Delta> _unaccepted = [];
    private long _sentAgainFrom = -1;
    private List<(long Offset, KeyTally Key, Window? Window)>? _waiting = [];
    private readonly List<Delta> _full = [];
    private long _late;
    private int _bytes;
    private long _position = Unknown;

    public BucketId Id { get; } = id;

    /// <summary>The position that the bucket will have; beyond all offsets before the bucket has said one.</summary>
    public long Position => _position;

    /// <summary>Whether the bucket has said its position.</summary>
    public bool IsOpen => _waiting is null;

    /// <summary>The offset of the newest event of this bucket, sent or skipped; -1 before the first.</summary>
    public long LastEvent { get; private set; } = -1;

    /// <summary>The offset of the first event that waits for the bucket's position.</summary>
    public long FirstWaiting => _waiting is { Count: > 0 } waiting ? waiting[0].Offset : Unknown;

    public int WaitingCount => _waiting?.Count ?? 0;

    public bool HasChanges => HasUnended || _full.Count > 0;

    private bool HasUnended => _changed.Count > 0 || _late > 0;

    /// <summary>Adds an event, or skips one that the bucket holds already.</summary>
    /// <param name="key">The event's key.</param>
    /// <param name="window">Its window; null where it is late.</param>
    /// <param name="offset">Its offset.</param>
    /// <returns>True when the bucket has something to send for the first time since its last delta.</returns>
    public bool Add(KeyTally key, Window? window, long offset)
    {
        Debug.Assert(offset >= LastEvent, "Offsets of a partition never go back.");
        LastEvent = offset;
        if (offset >= _position)
            return Count(key, window, offset);

        // The position is not known yet, or the bucket was ahead when it was opened.
        _waiting?.Add((offset, key, window));
        return false;
    }

    /// <summary>Takes the bucket's answer to Open.</summary>
    /// <param name="position">The answer.</param>
    /// <param name="skipped">How many events that waited for it the bucket holds already.</param>
    /// <returns>True when events that waited for it are now to be sent.</returns>
    public bool Open(long position, out int skipped)
    {
        Debug.Assert(_waiting is not null, "A bucket is opened once.");
        var waiting = _waiting;
        _waiting = null;
        _position = position;
        skipped = 0;
        foreach (var (offset, key, window) in waiting)
        {
            if (offset >= position)
                Count(key, window, offset);
            else
                skipped++;
        }

        return HasChanges;
    }

    /// <summary>Takes all increments out as the deltas that lead up to a position.</summary>
    public IReadOnlyList<Delta> TakeDeltas(long to)
    {
        Debug.Assert(IsOpen && HasChanges && to >= _position, "Only an open bucket with changes has deltas.");
        if (HasUnended)
            EndDelta(to);
        Delta[] deltas = [.. _full];
        _full.Clear();
        _unaccepted.AddRange(deltas);
        return deltas;
    }

    private void EndDelta(long to)
    {
        var counts = new List<KeyCount>(_changed.Count);
        foreach (var key in _changed)
            key.MoveTo(counts);
        _changed.Clear();

        _full.Add(new Delta(partition, _position, to, counts, _late));
        _late = 0;
        _bytes = 0;
        _position = to;
    }

    /// <summary>Drops the deltas that the bucket holds.</summary>
    /// <returns>How many they were.</returns>
    public int Accepted(long position)
    {
        var held = 0;
        while (held < _unaccepted.Count && _unaccepted[held].To <= position)
            held++;
        _unaccepted.RemoveRange(0, held);
        return held;
    }

    /// <summary>
    /// The deltas that lead on from where the bucket is once it was opened again; empty where they were sent again
    /// already, and those sent before are still being rejected one by one; null where no delta leads on from there.
    /// </summary>
    /// <param name="position">The bucket's position.</param>
    /// <param name="committed">The committed offset, to which opening takes the bucket.</param>
    public IReadOnlyList<Delta>? From(long position, long committed)
    {
        if (_unaccepted.Count == 0)
            return null;

        // What is committed is in the bucket, so what it has not accepted holds none of it and may as well begin there.
        var first = _unaccepted[0];
        if (position <= committed && first.From < committed)
            _unaccepted[0] = first = first with { From = committed };
        var from = Math.Max(position, committed);
        if (first.From != from)
            return null;
        if (_sentAgainFrom == from)
            return [];
        _sentAgainFrom = from;
        return [.. _unaccepted];
    }

    /// <summary>What was sent again may be lost as well: the next rejection counts.</summary>
    public void MaySendAgain() => _sentAgainFrom = -1;

    private bool Count(KeyTally key, Window? window, long offset)
    {
        var first = !HasChanges;
        if (window is null)
        {
            _late++;
            return first;
        }

        if (key.IsEmpty)
            _changed.Add(key);
        if (key.Add(window.Value) && (_bytes += key.Key.EncodedBytes + KeyCount.NumberBytes) >= Delta.MaximumBytes)
            EndDelta(offset + 1);
        return first;
    }
}
