using System.Collections.Immutable;
using Pulse.Counting;

namespace Pulse.Actors.Storage;

/// <summary>
/// How far a stream is stored in one state of the database: everything below the position of a partition is in the result
/// tables, of all rollups.
/// </summary>
/// <param name="Positions">By partition, the least position of all buckets; absent where one of them has handled nothing yet.</param>
public sealed record StoredProgress(ImmutableDictionary<int, long> Positions)
{
    /// <summary>Partitions whose log was found cut, and nobody has decided about it: what is stored of them is of another log.</summary>
    public ImmutableHashSet<int> Cuts { get; init; } = [];

    /// <summary>The least position of all buckets in a partition.</summary>
    public long this[int partition] => Positions.GetValueOrDefault(partition, LogPosition.Start.Offset);

    /// <summary>The progress that follows from the positions of all buckets.</summary>
    /// <param name="stream">The stream's identity.</param>
    /// <param name="buckets">Every bucket of every rollup.</param>
    public static StoredProgress Of(string stream, IEnumerable<BucketPositions> buckets)
    {
        List<long>? least = null;
        foreach (var bucket in buckets)
        {
            var offsets = bucket.Of(stream).Select(position => (position ?? LogPosition.Start).Offset);
            least = least is null ? [.. offsets] : [.. least.Zip(offsets, Math.Min)];
        }

        return new StoredProgress((least ?? [])
            .Select((offset, partition) => KeyValuePair.Create(partition, offset))
            .Where(partition => partition.Value > LogPosition.Start.Offset)
            .ToImmutableDictionary());
    }
}
