using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Pulse.Counting;

/// <summary>
/// Names a bucket. The name is stable across nodes, restarts and versions: it is the sharding entity id and part of
/// the persistence id.
/// </summary>
/// <param name="Rollup">The rollup's name.</param>
/// <param name="Name">
/// Within the rollup: the key's values, each percent-encoded, joined by <c>|</c>; or <c>#n</c> for the n-th hashed
/// bucket; or <c>~</c> and a SHA-256 where the values would be too long for a persistence id.
/// </param>
public sealed record BucketId(string Rollup, string Name)
{
    private const int LongestName = 160;

    /// <summary>The entity id, <c>rollup/name</c>.</summary>
    public string EntityId { get; } = $"{Rollup}/{Name}";

    /// <summary>The bucket that owns a key.</summary>
    public static BucketId Owning(Rollup rollup, RollupKey key)
    {
        if (rollup.Buckets is not null)
            return Hashed(rollup, NumberOf(rollup, key));

        var name = string.Join('|', key.Values.Select(Uri.EscapeDataString));
        return new BucketId(rollup.Name, name.Length <= LongestName ? name : $"~{Digest(name)}");
    }

    /// <summary>One of a rollup's hashed buckets.</summary>
    public static BucketId Hashed(Rollup rollup, int number) => new(rollup.Name, $"#{number}");

    /// <summary>The number of the hashed bucket that owns a key; only for rollups that have hashed buckets.</summary>
    public static int NumberOf(Rollup rollup, RollupKey key) => (int)(StableHash(key) % (ulong)rollup.Buckets!.Value);

    /// <summary>The bucket's number within its rollup.</summary>
    /// <exception cref="InvalidOperationException">It is not a hashed bucket.</exception>
    public int Number => Name.Length > 1 && Name[0] == '#'
        ? int.Parse(Name.AsSpan(1), CultureInfo.InvariantCulture)
        : throw new InvalidOperationException($"Bucket {EntityId} has no number.");

    /// <summary>Reads an entity id back.</summary>
    /// <exception cref="FormatException">It is no entity id of a bucket.</exception>
    public static BucketId Parse(string entityId)
    {
        var slash = entityId.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && slash < entityId.Length - 1
            ? new BucketId(entityId[..slash], entityId[(slash + 1)..])
            : throw new FormatException($"'{entityId}' is no bucket's entity id; it must read rollup/name.");
    }

    /// <inheritdoc />
    public bool Equals(BucketId? other) => other is not null && EntityId == other.EntityId;

    /// <inheritdoc />
    public override int GetHashCode() => EntityId.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc />
    public override string ToString() => EntityId;

    private static string Digest(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    // FNV-1a over the UTF-16 units with a separator: .NET's own string hash differs from process to process.
    private static ulong StableHash(RollupKey key)
    {
        const ulong prime = 1099511628211;
        var hash = 14695981039346656037;
        foreach (var value in key.Values)
        {
            foreach (var unit in value)
                hash = (hash ^ unit) * prime;
            hash = (hash ^ 0xFFFF) * prime;
        }

        return hash;
    }
}
