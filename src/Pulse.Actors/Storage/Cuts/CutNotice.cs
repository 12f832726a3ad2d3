using System.Globalization;
using Pulse.Actors.Storage.Streams;
using Pulse.Counting;

namespace Pulse.Actors.Storage.Cuts;

/// <summary>What people are told where a partition stands still because its log was cut.</summary>
public static class CutNotice
{
    private const int MaximumBuckets = 3;

    /// <summary>The line for log and status: the offsets in doubt, the buckets that hold them, and the two ways on.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="from">The first offset in doubt; null where it is not known yet: then the command finds it.</param>
    /// <param name="to">The one after the last: the furthest position that a bucket has.</param>
    /// <param name="buckets">The buckets that stand there.</param>
    public static string Line(StreamPartition partition, long? from, long to, IEnumerable<BucketId> buckets) => string.Create(
        CultureInfo.InvariantCulture,
        $"The log of {Name(partition)} was cut, and nothing more is counted of it: at least offsets {(from is { } first ? $"{first} to {to - 1}" : $"up to {to - 1}")} "
        + $"are in doubt, which {Names(buckets)} counted. Either 'pulse accept-cut --partition {partition.Partition}' leaves them counted and goes on with "
        + $"what the log has now, or 'pulse rebuild --rollup NAME' for each rollup, deadLetters too, counts them again from the log.");

    /// <summary>The line where nothing that is stored is in doubt: what was counted of those offsets was lost with the node that had it.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="from">The first offset at which the log is another.</param>
    public static string Harmless(StreamPartition partition, long from) => string.Create(
        CultureInfo.InvariantCulture,
        $"The log of {Name(partition)} was cut at offset {from}, and nothing more is counted of it. Nothing that is stored is in doubt: "
        + $"'pulse accept-cut --partition {partition.Partition}' goes on with what the log has now.");

    /// <summary>A partition as people call it.</summary>
    public static string Name(StreamPartition partition)
    {
        var stream = CountedStream.Parse(partition.Stream);
        return string.Create(
            CultureInfo.InvariantCulture, $"partition {partition.Partition} of '{(stream.IsConfigured ? stream.Name : stream.Topic)}'");
    }

    /// <summary>The first few buckets by name, and how many more there are.</summary>
    public static string Names(IEnumerable<BucketId> buckets)
    {
        var names = buckets.Select(bucket => bucket.ToString()).ToList();
        return names.Count switch
        {
            0 => "buckets that did not say so yet",
            <= MaximumBuckets => $"{(names.Count == 1 ? "bucket" : "buckets")} {string.Join(", ", names)}",
            _ => string.Create(
                CultureInfo.InvariantCulture,
                $"buckets {string.Join(", ", names.Take(MaximumBuckets))} and {names.Count - MaximumBuckets} more"),
        };
    }
}
