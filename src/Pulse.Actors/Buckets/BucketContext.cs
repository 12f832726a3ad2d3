using System.Collections.Frozen;
using Akka.Actor;
using Pulse.Actors.Storage;
using Pulse.Counting;
using Pulse.Events;

namespace Pulse.Actors.Buckets;

/// <summary>What all buckets of a node share.</summary>
public sealed class BucketContext
{
    private readonly FrozenDictionary<string, Rollup> _rollups;
    private readonly FrozenDictionary<string, VersionDigest> _versions;

    /// <summary>Makes the context.</summary>
    /// <param name="catalog">The rollups that are counted, beside the ledger of dead letters.</param>
    /// <param name="versions">Which version of each of these is counted.</param>
    /// <param name="writer">The node's <see cref="CheckpointWriter"/>.</param>
    /// <param name="storage">Whether storage can be written to now.</param>
    /// <param name="statistics">What people and telemetry read.</param>
    public BucketContext(
        RollupCatalog catalog,
        IEnumerable<CountedVersion> versions,
        IActorRef writer,
        StorageAvailability storage,
        BucketStatistics statistics)
    {
        _rollups = catalog.Counted.ToFrozenDictionary(rollup => rollup.Name);
        _versions = versions.ToFrozenDictionary(version => version.Rollup, version => version.Digest);
        Writer = writer;
        Storage = storage;
        Statistics = statistics;
    }

    /// <summary>What changed in the node's buckets, for the live feed.</summary>
    public LiveBuckets LiveBuckets { get; init; } = new();

    /// <summary>The node's <see cref="BucketWatch"/>.</summary>
    public IActorRef Watch { get; init; } = ActorRefs.Nobody;

    /// <summary>Asks the database for all buckets of the node.</summary>
    public IActorRef Writer { get; }

    /// <summary>Whether storage can be written to now.</summary>
    public StorageAvailability Storage { get; }

    /// <summary>What people and telemetry read.</summary>
    public BucketStatistics Statistics { get; }

    /// <summary>The version that a bucket belongs to.</summary>
    public VersionDigest VersionOf(BucketId bucket) => _versions[bucket.Rollup];

    /// <summary>The rollup that a bucket belongs to.</summary>
    /// <exception cref="ArgumentException">This node does not count it: nodes run with different declarations.</exception>
    public Rollup RollupOf(BucketId bucket) =>
        _rollups.TryGetValue(bucket.Rollup, out var rollup)
            ? rollup
            : throw new ArgumentException(
                $"Bucket {bucket} is of a rollup that this node does not declare; give every node the same Pulse:Rollups.",
                nameof(bucket));
}
