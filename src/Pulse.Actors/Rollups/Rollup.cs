using System.Collections.Immutable;

namespace Pulse.Actors.Rollups;

/// <summary>A named list of dimensions that is counted per window.</summary>
/// <param name="Name">A SQL identifier such as <c>viewsByDeviceGenre</c>.</param>
/// <param name="Dimensions">The dimensions of its keys, in the order of its table's columns; at least one.</param>
/// <param name="Buckets">
/// Null: every key has a bucket of its own. Otherwise the number of buckets over which the keys are hashed, for
/// rollups with very many keys.
/// </param>
public sealed record Rollup(string Name, ImmutableArray<Dimension> Dimensions, int? Buckets = null)
{
    /// <summary>The result table's name, unquoted: <c>viewsByDeviceGenreAggregation</c>.</summary>
    public string TableName => Name + "Aggregation";

    /// <inheritdoc />
    public bool Equals(Rollup? other) =>
        other is not null && Name == other.Name && Buckets == other.Buckets
        && Dimensions.AsSpan().SequenceEqual(other.Dimensions.AsSpan());

    /// <inheritdoc />
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);

    /// <summary>The declaration in one line: <c>viewsByDeviceGenre(device_type, genre)</c>.</summary>
    public override string ToString() =>
        $"{Name}({string.Join(", ", Dimensions)}){(Buckets is { } buckets ? $" in {buckets} buckets" : "")}";
}
