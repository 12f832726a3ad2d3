using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>The buckets of this node as its live feed sees them: who is here, and who has changed. Thread-safe.</summary>
public sealed class LiveBuckets
{
    private readonly ConcurrentQueue<BucketChanges> _changed = new();
    private readonly ConcurrentDictionary<BucketId, IActorRef> _running = new();

    internal void Add(BucketId bucket, IActorRef actor) => _running[bucket] = actor;

    // The next incarnation may have come already.
    internal void Remove(BucketId bucket, IActorRef actor) =>
        _running.TryRemove(KeyValuePair.Create(bucket, actor));

    internal void Changed(BucketChanges bucket) => _changed.Enqueue(bucket);

    internal bool TryTake([NotNullWhen(true)] out BucketChanges? bucket) => _changed.TryDequeue(out bucket);

    /// <summary>Has every bucket queue what is perhaps not in the result tables yet.</summary>
    internal void TellUnpublished()
    {
        foreach (var bucket in _running.Values)
            bucket.Tell(Buckets.TellUnpublished.Instance);
    }
}
