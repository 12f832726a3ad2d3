using Pulse.Actors.Storage.Cuts;
using Pulse.Counting;

namespace Pulse.Host.Cli;

/// <summary>What is in doubt of a partition.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Stored">All buckets, as they were read.</param>
/// <param name="Cuts">The buckets that counted what its log no longer has; empty where nothing is in doubt.</param>
/// <param name="IsCertain">Whether what lies below is the same, unless a broker was put back to a copy of its disk.</param>
/// <param name="IsKept">Whether it stands still for a cut that was found before.</param>
internal sealed record PartitionCuts(
    StreamPartition Partition, IReadOnlyList<BucketPosition> Stored, IReadOnlyList<BucketCut> Cuts, bool IsCertain, bool IsKept)
{
    /// <summary>The first offset in doubt.</summary>
    public long From => Cuts.Min(cut => cut.To.Offset);

    /// <summary>The one after the last.</summary>
    public long To => Cuts.Max(cut => cut.Stored.Position.Offset);

    /// <summary>How many records are in doubt at most.</summary>
    public long Records => To - From;
}
