using System.Globalization;

namespace Pulse.Counting;

/// <summary>
/// Names a bucket: one of those over which a rollup's keys are hashed. The name is stable across nodes, restarts and
/// versions: it is the sharding entity id.
/// </summary>
/// <param name="Rollup">The rollup's name.</param>
/// <param name="Number">The bucket's number, from 0.</param>
public sealed record BucketId(string Rollup, int Number)
{
    /// <summary>The entity id, such as <c>viewsByDeviceGenre/7</c>.</summary>
    public string EntityId { get; } = string.Create(CultureInfo.InvariantCulture, $"{Rollup}/{Number}");

    /// <summary>The bucket that owns a key.</summary>
    public static BucketId Owning(Rollup rollup, RollupKey key) => new(rollup.Name, NumberOf(rollup, key));

    /// <summary>The number of the bucket that owns a key: the key's hash modulo the number of buckets.</summary>
    public static int NumberOf(Rollup rollup, RollupKey key) => (int)(KeyHash.Of(key) % (ulong)rollup.Buckets);

    /// <summary>Reads an entity id back.</summary>
    /// <exception cref="FormatException">It is no entity id of a bucket.</exception>
    public static BucketId Parse(string entityId)
    {
        var slash = entityId.LastIndexOf('/');
        return slash > 0 && int.TryParse(entityId.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new BucketId(entityId[..slash], number)
            : throw new FormatException($"'{entityId}' is no bucket's entity id; it must read rollup/number.");
    }

    /// <inheritdoc />
    public bool Equals(BucketId? other) => other is not null && Number == other.Number && Rollup == other.Rollup;

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Rollup, Number);

    /// <inheritdoc />
    public override string ToString() => EntityId;
}
