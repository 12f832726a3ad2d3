namespace Pulse.Counting;

/// <summary>Orders the values that incarnations of a bucket tell pages. Nothing but pages relies on it.</summary>
/// <param name="Generation">The bucket's generation, from its row.</param>
/// <param name="Sequence">Counts what this incarnation has told, from 1.</param>
public readonly record struct ShownVersion(long Generation, long Sequence) : IComparable<ShownVersion>
{
    /// <inheritdoc />
    public int CompareTo(ShownVersion other) =>
        Generation != other.Generation ? Generation.CompareTo(other.Generation) : Sequence.CompareTo(other.Sequence);

    /// <summary>Whether one is older than another.</summary>
    public static bool operator <(ShownVersion left, ShownVersion right) => left.CompareTo(right) < 0;

    /// <summary>Whether one is newer than another.</summary>
    public static bool operator >(ShownVersion left, ShownVersion right) => left.CompareTo(right) > 0;

    /// <summary>Whether one is older than another, or the same.</summary>
    public static bool operator <=(ShownVersion left, ShownVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Whether one is newer than another, or the same.</summary>
    public static bool operator >=(ShownVersion left, ShownVersion right) => left.CompareTo(right) >= 0;
}
