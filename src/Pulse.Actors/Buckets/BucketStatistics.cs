namespace Pulse.Actors.Buckets;

/// <summary>What the buckets of this node do, for people and telemetry.</summary>
public sealed class BucketStatistics
{
    private int _running;
    private long _checkpoints;
    private long _lastCheckpointTicks;
    private long _folded;

    /// <summary>Buckets in memory on this node.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Checkpoints stored since the node started.</summary>
    public long Checkpoints => Interlocked.Read(ref _checkpoints);

    /// <summary>
    /// Events that were counted as <c>(other #n)</c> since the node started because their window was full; replayed ones again.
    /// </summary>
    public long Folded => Interlocked.Read(ref _folded);

    /// <summary>When a checkpoint was last stored, UTC; null before the first.</summary>
    public DateTime? LastCheckpoint =>
        Interlocked.Read(ref _lastCheckpointTicks) is > 0 and var ticks ? new DateTime(ticks, DateTimeKind.Utc) : null;

    internal void Started() => Interlocked.Increment(ref _running);

    internal void Stopped() => Interlocked.Decrement(ref _running);

    internal void CountedAsOther(long events) => Interlocked.Add(ref _folded, events);

    internal void CheckpointStored()
    {
        Interlocked.Increment(ref _checkpoints);
        Interlocked.Exchange(ref _lastCheckpointTicks, DateTime.UtcNow.Ticks);
    }
}
