using Pulse.Counting;

namespace Pulse.Actors.Storage.Checkpoints;

/// <summary>The versions of a store's rollups, once the database is prepared.</summary>
/// <param name="versions">By the rollup's name.</param>
internal sealed class RollupVersions(IReadOnlyDictionary<string, RollupVersion> versions)
{
    private readonly Dictionary<int, RollupVersion> _byNumber = versions.Values.ToDictionary(version => version.Number);

    /// <summary>All of them.</summary>
    public IEnumerable<RollupVersion> All => versions.Values;

    /// <summary>The version whose bucket it is.</summary>
    /// <exception cref="ArgumentException">It is none of the store's buckets.</exception>
    public RollupVersion Of(BucketId bucket) =>
        versions.TryGetValue(bucket.Rollup, out var version) && bucket.Number < version.Buckets
            ? version
            : throw new ArgumentException($"{bucket} is no bucket of this store's rollups.", nameof(bucket));

    /// <summary>The version of a rollup.</summary>
    /// <exception cref="ArgumentException">It is none of the store's rollups.</exception>
    public RollupVersion Of(Rollup rollup) => versions.TryGetValue(rollup.Name, out var version) && version.Rollup == rollup
        ? version
        : throw new ArgumentException($"{rollup} is none of this store's rollups.", nameof(rollup));

    /// <summary>The bucket of a row; null for one of a version that is not this store's.</summary>
    public BucketId? Bucket(int version, int bucket) => _byNumber.TryGetValue(version, out var found)
        ? new BucketId(found.Rollup.Name, bucket)
        : null;
}
