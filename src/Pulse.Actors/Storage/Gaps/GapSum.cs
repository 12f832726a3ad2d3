namespace Pulse.Actors.Storage.Gaps;

/// <summary>How many offsets of a partition are in gaps, each counted once however many buckets have stored it.</summary>
/// <param name="Stream">The stream.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Kind">Why.</param>
/// <param name="Records">How many offsets.</param>
public sealed record GapSum(string Stream, int Partition, GapKind Kind, long Records)
{
    /// <summary>Adds ranges up.</summary>
    /// <param name="ranges">Ordered by stream, partition, kind and first offset; they may overlap.</param>
    public static IReadOnlyList<GapSum> Of(IEnumerable<(string Stream, int Partition, GapKind Kind, long From, long To)> ranges)
    {
        var sums = new List<GapSum>();
        var end = 0L;
        foreach (var (stream, partition, kind, from, to) in ranges)
        {
            if (sums is not [.., var last] || (last.Stream, last.Partition, last.Kind) != (stream, partition, kind))
            {
                sums.Add(last = new GapSum(stream, partition, kind, 0));
                end = from;
            }

            sums[^1] = last with { Records = last.Records + Math.Max(0, to - Math.Max(from, end)) };
            end = Math.Max(end, to);
        }

        return sums;
    }
}
