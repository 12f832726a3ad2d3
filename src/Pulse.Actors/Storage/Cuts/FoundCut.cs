using Pulse.Counting;

namespace Pulse.Actors.Storage.Cuts;

/// <summary>A partition whose log was found to be cut, and about which nobody has decided yet.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="From">The first offset at which the log is another; null where nobody said it.</param>
/// <param name="Buckets">The buckets that have stored more than that, each with its position.</param>
public sealed record FoundCut(StreamPartition Partition, LogPosition? From, IReadOnlyList<BucketPosition> Buckets)
{
    /// <summary>Whether it is about what a bucket counted.</summary>
    public bool Holds(BucketPosition stored) => Buckets.Any(bucket => (bucket.Version, bucket.Bucket) == (stored.Version, stored.Bucket));

    /// <summary>What people are told.</summary>
    public string Notice => Buckets.Count > 0
        ? CutNotice.Line(
            Partition, From?.Offset, Buckets.Max(bucket => bucket.Position.Offset), Buckets.Select(bucket => bucket.Bucket))
        : CutNotice.Harmless(Partition, From?.Offset ?? 0);
}
