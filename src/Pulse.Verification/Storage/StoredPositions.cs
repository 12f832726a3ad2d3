using System.Globalization;

namespace Pulse.Verification.Storage;

/// <summary>
/// Positions as the database has them: one line a stream, its name and then the position of each of its partitions by number, such
/// as <c>1500@3</c> or <c>1500~2@3</c>, or <c>-</c> for none. Leader epochs, and how many offsets below hold no record, are for those
/// who count; offsets alone say what was counted.
/// </summary>
/// <param name="ByStream">By stream, the offset in each partition by number; 0 where there is none.</param>
internal sealed record StoredPositions(IReadOnlyDictionary<string, long[]> ByStream)
{
    /// <summary>Reads what the database has.</summary>
    /// <exception cref="FormatException">It is no such text.</exception>
    public static StoredPositions Parse(string text)
    {
        var streams = new Dictionary<string, long[]>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ');
            if (words.Length < 2 || !streams.TryAdd(words[0], [.. words.Skip(1).Select(OffsetOf)]))
                throw new FormatException($"'{line}' is no line of positions");
        }

        return new StoredPositions(streams);
    }

    /// <summary>The offset in a partition; 0 where there is none.</summary>
    public long Of(string stream, int partition) =>
        ByStream.TryGetValue(stream, out var offsets) && partition < offsets.Length ? offsets[partition] : 0;

    /// <summary>Up to where the log is still the one that was counted.</summary>
    public StoredPositions Below(IReadOnlyCollection<FoundCut> cuts) => new(ByStream.ToDictionary(
        stream => stream.Key,
        stream => stream.Value.Select((offset, partition) => cuts
            .Where(cut => (cut.Stream, cut.Partition) == (stream.Key, partition))
            .Select(cut => cut.From).Append(offset).Min()).ToArray()));

    // Sums of many partitions must stay numbers. No partition has so many records: a million a second are three years of them.
    private const long GreatestOffset = 100_000_000_000_000;

    private static long OffsetOf(string word)
    {
        if (word == "-")
            return 0;
        var at = word.IndexOf('@', StringComparison.Ordinal);
        var hasEpoch = at < 0 || word[(at + 1)..] == "-"
            || int.TryParse(word.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _);
        var offsets = at < 0 ? word : word[..at];
        var behind = offsets.IndexOf('~', StringComparison.Ordinal);
        var hasSkipped = behind < 0 || long.TryParse(offsets.AsSpan(behind + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _);
        return hasEpoch && hasSkipped
            && long.TryParse(behind < 0 ? offsets : offsets.AsSpan(0, behind), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            && offset <= GreatestOffset
                ? offset
                : throw new FormatException($"'{word}' is no position");
    }
}
