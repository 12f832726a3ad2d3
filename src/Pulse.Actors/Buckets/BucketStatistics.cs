using System.Collections.Concurrent;

namespace Pulse.Actors.Buckets;

/// <summary>What the buckets of this node do, for people and telemetry.</summary>
public sealed class BucketStatistics
{
    private readonly ConcurrentDictionary<string, RollupStatistics> _rollups = new(StringComparer.Ordinal);
    private int _running;
    private long _checkpoints;
    private long _storedCells;
    private long _failedStatements;
    private long _lastCheckpointTicks;

    /// <summary>Buckets in memory on this node.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Checkpoints stored since the node started.</summary>
    public long Checkpoints => Interlocked.Read(ref _checkpoints);

    /// <summary>When a checkpoint was last stored, UTC; null before the first.</summary>
    public DateTime? LastCheckpoint =>
        Interlocked.Read(ref _lastCheckpointTicks) is > 0 and var ticks ? new DateTime(ticks, DateTimeKind.Utc) : null;

    /// <summary>What they counted, by rollup; rollups without any bucket here so far are absent.</summary>
    public IReadOnlyCollection<RollupStatistics> Rollups => [.. _rollups.Values];

    internal RollupStatistics Of(string rollup) => _rollups.GetOrAdd(rollup, name => new RollupStatistics(name));

    internal void Started() => Interlocked.Increment(ref _running);

    internal void Stopped() => Interlocked.Decrement(ref _running);

    /// <summary>Cells stored since the node started.</summary>
    public long StoredCells => Interlocked.Read(ref _storedCells);

    /// <summary>Checkpoints since the node started whose outcome was unknown at first.</summary>
    public long FailedStatements => Interlocked.Read(ref _failedStatements);

    internal void Failed() => Interlocked.Increment(ref _failedStatements);

    internal void Stored(int cells)
    {
        Interlocked.Increment(ref _checkpoints);
        Interlocked.Add(ref _storedCells, cells);
        Interlocked.Exchange(ref _lastCheckpointTicks, DateTime.UtcNow.Ticks);
    }
}
