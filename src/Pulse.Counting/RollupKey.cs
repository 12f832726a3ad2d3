using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Pulse.Counting;

/// <summary>
/// One combination of a rollup's dimension values, in the order in which the rollup names its dimensions, such as
/// <c>(Mobile, Drama)</c>. Immutable; equal when all values are equal, compared ordinally.
/// </summary>
[SuppressMessage("Naming", "CA1710", Justification = "A key is a value; that its parts can be listed is incidental.")]
public sealed class RollupKey : IEquatable<RollupKey>
{
    private readonly string[] _values;
    private readonly int _hash;

    /// <summary>Makes a key of the given values.</summary>
    /// <param name="values">One value for each dimension of the rollup; copied.</param>
    /// <exception cref="ArgumentException">There is no value.</exception>
    public RollupKey(params ReadOnlySpan<string> values)
    {
        if (values.IsEmpty)
            throw new ArgumentException("A key needs at least one dimension value.", nameof(values));

        _values = values.ToArray();
        var hash = new HashCode();
        foreach (var value in _values)
        {
            hash.Add(value, StringComparer.Ordinal);
            EncodedBytes += Encoding.UTF8.GetByteCount(value) + DeltaSize.BytesPerValue;
        }

        _hash = hash.ToHashCode();
    }

    /// <summary>How many bytes its values take in a message, at most.</summary>
    public int EncodedBytes { get; }

    /// <summary>The dimension values, in the order of the rollup's dimensions.</summary>
    public IReadOnlyList<string> Values => _values;

    /// <inheritdoc />
    public bool Equals(RollupKey? other) =>
        ReferenceEquals(this, other)
        || (other is not null && _hash == other._hash && _values.AsSpan().SequenceEqual(other._values));

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as RollupKey);

    /// <inheritdoc />
    public override int GetHashCode() => _hash;

    /// <summary>The values as a reader would write them: <c>(Mobile, Drama)</c>.</summary>
    public override string ToString() => $"({string.Join(", ", _values)})";
}
