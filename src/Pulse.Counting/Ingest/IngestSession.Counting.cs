using System.Diagnostics;

namespace Pulse.Counting;

/// <content>
/// The hot path: nothing is allocated for a record. For each record in offset order, and each version once, the
/// interpreter calls one of <see cref="Count"/>, <see cref="Late"/>, <see cref="Dead"/> and <see cref="Filtered"/>, then
/// <see cref="Handled"/>.
/// </content>
public sealed partial class IngestSession
{
    /// <summary>The counter of one key, for <see cref="Count"/>; it stays the key's own when the session starts over.</summary>
    /// <param name="version">The version, by its place among the session's.</param>
    /// <param name="bucket">The number of the bucket that owns the key.</param>
    /// <param name="key">The key.</param>
    public KeyTally Key(int version, int bucket, RollupKey key) => new(_versions[version][bucket], key);

    /// <summary>Begins a batch.</summary>
    /// <param name="reading">The <see cref="SessionEffect.Seek.Reading"/> after which it was read.</param>
    /// <param name="start">The position before it: that after the batch before it, or where reading began.</param>
    /// <returns>False where it is to be dropped.</returns>
    public bool Begin(int reading, long start)
    {
        if (Phase != SessionPhase.Reading || reading != _reading)
            return false;
        var follows = start == Position.Offset;
        Mistake("MissingRecordsNotNoticed", ref follows, true);
        if (follows)
            return true;
        StartOver($"The records from {Position.Offset} to {start} are missing.");
        return false;
    }

    /// <summary>Counts a record for a key.</summary>
    /// <param name="key">From <see cref="Key"/> of this session.</param>
    /// <param name="window">The record's window.</param>
    /// <param name="offset">The record's offset.</param>
    public void Count(KeyTally key, Window window, long offset)
    {
        Debug.Assert(offset >= Position.Offset, "A record below the position was handled already.");
        if (IsHeld(key.Bucket, offset) || key.TryIncrement(window))
            return;
        key.Bucket.Count(key, window, Position);
    }

    /// <summary>Books a record that came too long after the end of its window.</summary>
    public void Late(int version, long offset)
    {
        if (!IsHeld(_homes[version], offset))
            _homes[version].Building.Late++;
    }

    /// <summary>Books a record that can't be read.</summary>
    public void Dead(int version, long offset)
    {
        if (!IsHeld(_homes[version], offset))
            _homes[version].Building.Dead++;
    }

    /// <summary>Books a record that the version does not count, though it is well.</summary>
    public void Filtered(int version, long offset)
    {
        if (!IsHeld(_homes[version], offset))
            _homes[version].Building.Filtered++;
    }

    /// <summary>Says that a record was handled for all versions.</summary>
    /// <param name="offset">Its offset.</param>
    /// <param name="epoch">Its leader epoch, or <see cref="LogPosition.UnknownEpoch"/>.</param>
    public void Handled(long offset, int epoch)
    {
        Debug.Assert(offset >= Position.Offset, "A record below the position was handled already.");
        foreach (var home in _homes)
        {
            if (!IsHeld(home, offset))
                home.Building.Consumed++;
        }

        _epochs.Read(offset, epoch);
        Position = new LogPosition(offset + 1, epoch);
    }

    /// <summary>Ends a batch.</summary>
    /// <param name="next">
    /// The next offset to read: that after the last record, or beyond it where the log holds no more records up to there.
    /// </param>
    public void EndBatch(long next)
    {
        Require.That(next >= Position.Offset, "A position never goes back within a reading.");
        // What lies between is no record to anybody. An unknown epoch would hide that the log was cut there.
        var position = Position.SkipTo(next);
        Mistake("SkippedOffsetsForgotten", ref position, position with { Skipped = 0 });
        Position = position;
        if (_epochs.HasFallen)
            EndByCut($"Below {Position}, the epochs of records fall.");
        else
            MeetBucketsAhead();
    }

    // The bucket has the record, or the deltas under way to it do.
    private static bool IsHeld(BucketTally bucket, long offset)
    {
        var isHeld = offset < bucket.NextOffset;
        Mistake("HeldRecordsCounted", ref isHeld, false);
        return isHeld;
    }
}
