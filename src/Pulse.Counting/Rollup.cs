using System.Collections.Immutable;

namespace Pulse.Counting;

/// <summary>A named list of dimensions that is counted per window.</summary>
/// <param name="Name">A SQL identifier such as <c>viewsByDeviceGenre</c>.</param>
/// <param name="Dimensions">The names of its keys' dimensions, in the order of its table's columns; at least one.</param>
/// <param name="Buckets">
/// Null: every key has a bucket of its own. Otherwise the number of buckets over which the keys are hashed, for
/// rollups with very many keys.
/// </param>
public sealed record Rollup(string Name, ImmutableArray<string> Dimensions, int? Buckets = null)
{
    /// <summary>See <see cref="MaximumKeys"/>.</summary>
    public const int DefaultMaximumKeys = 1_000_000;

    /// <summary>
    /// How many keys a window can have, spread over hashed buckets; the keys beyond are counted together, see
    /// <see cref="KeyLimit"/>. Means nothing where every key has a bucket of its own.
    /// </summary>
    public int MaximumKeys { get; init; } = DefaultMaximumKeys;

    /// <summary>
    /// The share of <see cref="MaximumKeys"/> that each bucket has, and a quarter more: hashing does not spread evenly.
    /// </summary>
    public int MaximumKeysPerBucket => (int)Math.Ceiling(1.25 * MaximumKeys / (Buckets ?? 1));

    /// <summary>The result table's name, unquoted: <c>viewsByDeviceGenreAggregation</c>.</summary>
    public string TableName => Name + "Aggregation";

    /// <inheritdoc />
    public bool Equals(Rollup? other) =>
        other is not null && Name == other.Name && Buckets == other.Buckets && MaximumKeys == other.MaximumKeys
        && Dimensions.AsSpan().SequenceEqual(other.Dimensions.AsSpan());

    /// <inheritdoc />
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    /// <summary>The declaration in one line: <c>viewsByDeviceGenre(device_type, genre)</c>.</summary>
    public override string ToString() =>
        $"{Name}({string.Join(", ", Dimensions)}){(Buckets is { } buckets ? $" in {buckets} buckets" : "")}";
}
