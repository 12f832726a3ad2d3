using System.Globalization;

namespace Pulse.EndToEnd.Tests.Support;

/// <summary>Below which offset of each partition every bucket has stored everything, read from the rows of the buckets.</summary>
/// <param name="offsets">The positions of each bucket.</param>
internal sealed class DurablePositions(IReadOnlyList<IReadOnlyDictionary<string, long[]>> offsets)
{
    /// <summary>The least position of any bucket in a partition; 0 where one has none.</summary>
    public long Of(string stream, int partition) => offsets.Count == 0 ? 0 : offsets.Min(bucket =>
        bucket.TryGetValue(stream, out var positions) && partition < positions.Length ? positions[partition] : 0);

    /// <summary>Whether everything before some offsets is stored.</summary>
    public bool Reach(string stream, IReadOnlyDictionary<int, long> ends) => ends.All(end => Of(stream, end.Key) >= end.Value);

    /// <summary>A bucket's positions as its row has them: a line a stream, its name and then <c>offset@epoch</c> of each partition.</summary>
    public static IReadOnlyDictionary<string, long[]> Parse(string positions) => positions
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line.Split(' '))
        .ToDictionary(words => words[0], words => words.Skip(1)
            .Select(word => word == "-" ? 0 : long.Parse(word.Split('@', '~')[0], CultureInfo.InvariantCulture)).ToArray());
}
