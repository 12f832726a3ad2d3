using System.Collections.Concurrent;
using Pulse.Actors.Broker;

namespace Pulse.Actors.Ingest.Sinks;

/// <summary>What this node's sink of dead letters does, for people and telemetry. Written by the sink, read by anyone.</summary>
public sealed class DeadLetterStatistics
{
    private const long Unknown = -1;

    private readonly ConcurrentDictionary<int, long> _positions = [];
    private long _sent;
    private long _waiting = Unknown;
    private volatile string? _problem;

    /// <summary>What the client that sends them says of itself.</summary>
    public ClientMonitor Client { get; } = new();

    /// <summary>Records delivered to the dead-letter topic since this node started; those sent again, again.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>
    /// Bad records of the node's partitions that are not delivered yet; null while that is unknown, as after a start until what was left
    /// then has been looked through.
    /// </summary>
    public long? Waiting => Interlocked.Read(ref _waiting) is var waiting and not Unknown ? waiting : null;

    /// <summary>Why they can't be sent, in one line without secrets; null while they can.</summary>
    public string? Problem => _problem;

    /// <summary>The offset below which every bad record of a partition was delivered; 0 while it is unknown.</summary>
    public long PositionOf(int partition) => _positions.GetValueOrDefault(partition);

    internal void Delivered(int count) => Interlocked.Add(ref _sent, count);

    internal void Wait(long? waiting) => Interlocked.Exchange(ref _waiting, waiting ?? Unknown);

    internal void Stand(int partition, long position) => _positions[partition] = position;

    internal void Release(int partition) => _positions.TryRemove(partition, out _);

    internal void Fail(string? problem) => _problem = problem;
}
