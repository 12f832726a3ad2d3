using System.Collections.Immutable;
using System.Globalization;

namespace Pulse.Counting;

/// <summary>A named list of dimensions that is counted per window.</summary>
/// <param name="Name">A SQL identifier such as <c>viewsByDeviceGenre</c>.</param>
/// <param name="Dimensions">The names of its keys' dimensions, in the order of its table's columns; at least one.</param>
/// <param name="Buckets">The number of buckets over which the keys are hashed; at least one.</param>
public sealed record Rollup(string Name, ImmutableArray<string> Dimensions, int Buckets = Rollup.DefaultBuckets)
{
    /// <summary>So many buckets are plenty for any number of keys, and few enough to ask all of them.</summary>
    public const int DefaultBuckets = 16;

    /// <summary>See <see cref="MaximumKeys"/>.</summary>
    public const int DefaultMaximumKeys = 1_000_000;

    /// <summary>
    /// How many keys a window is expected to have at most. A bucket that has more than its share counts on and says so.
    /// </summary>
    public int MaximumKeys { get; init; } = DefaultMaximumKeys;

    /// <summary>
    /// The share of <see cref="MaximumKeys"/> that each bucket has, and a quarter more: hashing does not spread evenly.
    /// </summary>
    public int MaximumKeysPerBucket => (int)Math.Ceiling(1.25 * MaximumKeys / Buckets);

    /// <summary>The result table's name, unquoted: <c>viewsByDeviceGenreAggregation</c>.</summary>
    public string TableName => Name + "Aggregation";

    /// <inheritdoc />
    public bool Equals(Rollup? other) =>
        other is not null && Name == other.Name && Buckets == other.Buckets && MaximumKeys == other.MaximumKeys
        && Dimensions.AsSpan().SequenceEqual(other.Dimensions.AsSpan());

    /// <inheritdoc />
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    /// <summary>In one line: <c>viewsByDeviceGenre(device_type, genre) in 16 buckets of at most 1000000 keys</c>.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Name}({string.Join(", ", Dimensions)}) in {Buckets} buckets of at most {MaximumKeys} keys");
}
