using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Pulse.Counting;

namespace Pulse.Actors.Buckets;

/// <summary>The buckets of this node as its live feed and its checkpoints see them: who is here, and who has changed. Thread-safe.</summary>
public sealed class LiveBuckets
{
    private readonly ConcurrentQueue<BucketChanges> _changed = new();
    private readonly ConcurrentDictionary<BucketId, (IActorRef Actor, BucketChanges Changes)> _running = new();

    /// <summary>How many cells changed since the last checkpoint in the bucket of which most did.</summary>
    internal int MostChangedCells => _running.Values.Select(bucket => bucket.Changes.ChangedCells).DefaultIfEmpty().Max();

    internal void Add(BucketId bucket, IActorRef actor, BucketChanges changes) => _running[bucket] = (actor, changes);

    // The next incarnation may have come already.
    internal void Remove(BucketId bucket, IActorRef actor)
    {
        if (_running.TryGetValue(bucket, out var running) && running.Actor.Equals(actor))
            _running.TryRemove(KeyValuePair.Create(bucket, running));
    }

    internal void Changed(BucketChanges bucket) => _changed.Enqueue(bucket);

    internal bool TryTake([NotNullWhen(true)] out BucketChanges? bucket) => _changed.TryDequeue(out bucket);

    /// <summary>Tells every bucket.</summary>
    internal void Tell(object message)
    {
        foreach (var (actor, _) in _running.Values)
            actor.Tell(message);
    }
}
