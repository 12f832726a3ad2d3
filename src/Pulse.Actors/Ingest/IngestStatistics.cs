using System.Collections.Concurrent;
using Pulse.Actors.Broker;
using Pulse.Actors.Ingest.Formats;

namespace Pulse.Actors.Ingest;

/// <summary>What the ingest side of this node does, for people and telemetry. Written by many, read by anyone.</summary>
public sealed class IngestStatistics
{
    private readonly ConcurrentDictionary<int, PartitionStatus> _partitions = [];
    private string? _refusal;
    private string? _stuck;
    private string? _groupRefuses;
    private long _consumed;
    private long _deadLettered;
    private long _restarts;
    private long _flushes;
    private long _deltas;
    private long _commits;
    private long _lastCommitTicks;

    /// <summary>What the client that reads says of itself.</summary>
    public ClientMonitor Reader { get; } = new();

    /// <summary>Whether the format of what this node reads is right.</summary>
    public RecordFormats Formats { get; } = new();

    /// <summary>Records read by sessions of this node since it started; replayed ones again.</summary>
    public long Consumed => Interlocked.Read(ref _consumed);

    /// <summary>Records read that are no viewing events, since this node started; replayed ones again.</summary>
    public long DeadLettered => Interlocked.Read(ref _deadLettered);

    /// <summary>How often a partition had to be read again from where its buckets stand, since this node started.</summary>
    public long SessionRestarts => Interlocked.Read(ref _restarts);

    /// <summary>How often counted events were sent on to their buckets.</summary>
    public long Flushes => Interlocked.Read(ref _flushes);

    /// <summary>Deltas sent to buckets; a flush sends one to each touched bucket.</summary>
    public long Deltas => Interlocked.Read(ref _deltas);

    /// <summary>Offsets told to the consumer group.</summary>
    public long Commits => Interlocked.Read(ref _commits);

    /// <summary>When this node last told the consumer group an offset, UTC; null before the first time.</summary>
    public DateTime? LastCommit =>
        Interlocked.Read(ref _lastCommitTicks) is > 0 and var ticks ? new DateTime(ticks, DateTimeKind.Utc) : null;

    /// <summary>The partitions that this node reads now, ascending.</summary>
    public IReadOnlyList<PartitionStatus> Partitions => [.. _partitions.Values.OrderBy(status => status.Partition)];

    /// <summary>Why the node reads nothing until a person acts, in one line; null while it may read.</summary>
    public string? Refusal
    {
        get => Volatile.Read(ref _refusal);
        internal set => Volatile.Write(ref _refusal, value);
    }

    /// <summary>Why nothing is read by this node's Kafka client for now, in one line; null while the client works.</summary>
    public string? Stuck
    {
        get => Volatile.Read(ref _stuck);
        internal set => Volatile.Write(ref _stuck, value);
    }

    // Why the broker does not take offsets for the consumer group; null while it does, or is away.
    internal string? GroupRefuses
    {
        get => Volatile.Read(ref _groupRefuses);
        set => Volatile.Write(ref _groupRefuses, value);
    }

    internal void Read(int records, int deadLetters)
    {
        Interlocked.Add(ref _consumed, records);
        Interlocked.Add(ref _deadLettered, deadLetters);
    }

    internal void Flushed(int deltas)
    {
        Interlocked.Increment(ref _flushes);
        Interlocked.Add(ref _deltas, deltas);
    }

    internal void SessionRestarted() => Interlocked.Increment(ref _restarts);

    internal void Committed()
    {
        GroupRefuses = null;
        Interlocked.Increment(ref _commits);
        Interlocked.Exchange(ref _lastCommitTicks, DateTime.UtcNow.Ticks);
    }

    internal void Assigned(int partition) => _partitions[partition] = new PartitionStatus(partition)
    {
        Standing = Status(partition)?.Standing,
        IsCut = Status(partition)?.IsCut == true,
    };

    // It knows nothing of any log.
    internal void HasNewClient()
    {
        foreach (var status in _partitions.Values)
            status.IsCut = false;
    }

    // Whoever reads it next says whether it still stands still.
    internal void Released(int partition)
    {
        Formats.Forget(partition);
        if (Status(partition) is { Standing: null } status)
            _partitions.TryRemove(KeyValuePair.Create(partition, status));
    }

    // How far a session had come before says nothing of where the next one will begin.
    internal void StandsStill(int partition, string why) => _partitions[partition] = new PartitionStatus(partition) { Standing = why };

    internal void HandedOver(int partition) => _partitions.TryRemove(partition, out _);

    internal PartitionStatus? Status(int partition) => _partitions.GetValueOrDefault(partition);
}
